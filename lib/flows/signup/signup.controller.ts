import { Controller, Res, UseFilters } from '@nestjs/common';
import { Public } from '../../engine/access/access.decorators.js';
import { TokenDelivery, type TokenPairBody } from '../../engine/sessions/token-delivery.js';
import { AuthErrorFilter } from '../../platform/http/auth-error.filter.js';
import { Device } from '../../platform/http/device.decorator.js';
import { Endpoint } from '../../platform/http/endpoint.decorator.js';
import { OwnInput } from '../../platform/http/input.decorator.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import type { IssuedTokens } from '../../engine/tokens/session-tokens.js';
import { SignIn } from '../../engine/sign-in/sign-in.js';
import { type SignupInput, SignupService } from './signup.service.js';

/** Answer of `POST signup`: every mode has every field. */
export interface SignupBody extends Pick<Partial<TokenPairBody>, 'token_type' | 'expires_in'> {
  user_id: UserId | null;
  activation_required: boolean;
  activation_url: string | null;
  access_token: string | null;
  refresh_token: string | null;
  message: string;
}

@Public()
@UseFilters(AuthErrorFilter)
@Controller()
export class SignupController {
  constructor(
    private readonly signups: SignupService,
    private readonly signIn: SignIn<IssuedTokens>,
    private readonly delivery: TokenDelivery,
  ) {}

  @Endpoint('signup')
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
