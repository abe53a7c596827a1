import { Controller, Param, Res, UseFilters, UseInterceptors } from '@nestjs/common';
import { Public } from '../../engine/access/access.decorators.js';
import { TokenDelivery } from '../../engine/sessions/token-delivery.js';
import { TokenTries } from '../../engine/limits/token-tries.js';
import { AuthErrorFilter } from '../../platform/http/auth-error.filter.js';
import { Device } from '../../platform/http/device.decorator.js';
import { Endpoint } from '../../platform/http/endpoint.decorator.js';
import { Input } from '../../platform/http/input.decorator.js';
import type { ActivationBody, ResendActivationBody } from './activation.body.js';
import { ActivationDto, ResendActivationDto } from './activation.dto.js';
import { SignIn } from '../../engine/sign-in/sign-in.js';
import { ACTIVATION_ENDPOINTS } from './activation.endpoints.js';
import { ActivationService } from './activation.service.js';

@Public()
@UseFilters(AuthErrorFilter)
@UseInterceptors(TokenTries)
@Controller()
export class ActivationController {
  constructor(
    private readonly activations: ActivationService,
    private readonly signIn: SignIn,
    private readonly delivery: TokenDelivery,
  ) {}

  @Endpoint(ACTIVATION_ENDPOINTS.activate)
  async activate(
    @Input(ActivationDto) { token }: ActivationDto,
    @Device() device: Device,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<ActivationBody> {
    const proof = await this.activations.activate(token, device);
    const tokens = await this.signIn.open(proof, device);
    return { user_id: proof.account.id, ...this.delivery.deliver(tokens, response) };
  }

  @Endpoint(ACTIVATION_ENDPOINTS.resendActivation)
  async resend(
    @Input(ResendActivationDto) { email }: ResendActivationDto,
    @Device() device: Device,
  ): Promise<ResendActivationBody> {
    const activationUrl = await this.activations.resend(email, device);
    return {
      message: 'If the account waits for its activation, a new link is on its way.',
      activation_url: activationUrl,
    };
  }
}

/** `POST activate/:token`, where the link leads to a front end. */
@Public()
@UseFilters(AuthErrorFilter)
@UseInterceptors(TokenTries)
@Controller()
export class ActivationByPathController {
  constructor(
    private readonly activations: ActivationService,
    private readonly signIn: SignIn,
    private readonly delivery: TokenDelivery,
  ) {}

  @Endpoint(ACTIVATION_ENDPOINTS.activateByPath)
  async activate(
    @Param('token') token: string,
    @Device() device: Device,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<ActivationBody> {
    const proof = await this.activations.activate(token, device);
    const tokens = await this.signIn.open(proof, device);
    return { user_id: proof.account.id, ...this.delivery.deliver(tokens, response) };
  }
}
