import { Controller, Res, UseFilters } from '@nestjs/common';
import { Public } from '../../engine/access/access.decorators.js';
import { TokenDelivery } from '../../engine/sessions/token-delivery.js';
import { AuthErrorFilter } from '../../platform/http/auth-error.filter.js';
import { Device } from '../../platform/http/device.decorator.js';
import { Endpoint } from '../../platform/http/endpoint.decorator.js';
import { OwnInput } from '../../platform/http/input.decorator.js';
import type { IssuedTokens } from '../../engine/tokens/session-tokens.js';
import { SignIn } from '../../engine/sign-in/sign-in.js';
import type { SignupBody } from './signup.body.js';
import { SIGNUP_ENDPOINTS } from './signup.endpoints.js';
import { type SignupInput, SignupService } from './signup.service.js';

@Public()
@UseFilters(AuthErrorFilter)
@Controller()
export class SignupController {
  constructor(
    private readonly signups: SignupService,
    private readonly signIn: SignIn<IssuedTokens>,
    private readonly delivery: TokenDelivery,
  ) {}

  @Endpoint(SIGNUP_ENDPOINTS.signup)
  async signup(
    @OwnInput('signup') input: SignupInput,
    @Device() device: Device,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<SignupBody> {
    const { userId, activationRequired, activationUrl, proof } = await this.signups.signup({ ...input }, device);
    const tokens = proof && (await this.signIn.open(proof, device));
    return {
      user_id: userId,
      activation_required: activationRequired,
      activation_url: activationUrl,
      access_token: null,
      refresh_token: null,
      ...(tokens && this.delivery.deliver(tokens, response)),
      message: activationRequired ? 'Follow the activation link to finish.' : 'The account is active.',
    };
  }
}
