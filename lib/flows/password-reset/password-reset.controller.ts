import { Controller, HttpStatus, Req, Res, UseFilters, UseInterceptors } from '@nestjs/common';
import { Public } from '../../engine/access/access.decorators.js';
import { CookieWithdrawal } from '../../engine/sessions/cookie-withdrawal.js';
import { TokenDelivery } from '../../engine/sessions/token-delivery.js';
import type { TokenPairBody } from '../../engine/sessions/token-pair.body.js';
import { TokenTries } from '../../engine/limits/token-tries.js';
import { AuthErrorFilter } from '../../platform/http/auth-error.filter.js';
import { Device } from '../../platform/http/device.decorator.js';
import { Endpoint } from '../../platform/http/endpoint.decorator.js';
import { Input } from '../../platform/http/input.decorator.js';
import type { SiteRequest } from '../../platform/http/request-site.js';
import type { PasswordResetRequestBody } from './password-reset.body.js';
import { PasswordResetConfirmDto, PasswordResetRequestDto } from './password-reset.dto.js';
import { SignIn } from '../../engine/sign-in/sign-in.js';
import { PASSWORD_RESET_ENDPOINTS } from './password-reset.endpoints.js';
import { PasswordResetService } from './password-reset.service.js';

@Public()
@UseFilters(AuthErrorFilter)
@UseInterceptors(TokenTries)
@Controller()
export class PasswordResetController {
  constructor(
    private readonly resets: PasswordResetService,
    private readonly signIn: SignIn,
    private readonly delivery: TokenDelivery,
    private readonly withdrawal: CookieWithdrawal,
  ) {}

  @Endpoint(PASSWORD_RESET_ENDPOINTS.requestPasswordReset)
  async request(
    @Input(PasswordResetRequestDto) { email }: PasswordResetRequestDto,
    @Device() device: Device,
  ): Promise<PasswordResetRequestBody> {
    const resetUrl = await this.resets.request(email, device);
    return {
      message: 'If the address has an account, a link to set a new password is on its way.',
      reset_url: resetUrl,
    };
  }

  @Endpoint(PASSWORD_RESET_ENDPOINTS.confirmPasswordReset)
  async confirm(
    @Input(PasswordResetConfirmDto) { token, new_password }: PasswordResetConfirmDto,
    @Device() device: Device,
    @Req() request: SiteRequest,
    @Res({ passthrough: true }) response: { status(code: number): unknown },
  ): Promise<TokenPairBody | undefined> {
    const { userId, proof } = await this.resets.confirm(token, new_password, device);
    if (proof) return this.delivery.deliver(await this.signIn.open(proof, device), response);
    this.withdrawal.afterEndOf({ userId }, request, response);
    response.status(HttpStatus.NO_CONTENT);
    return undefined;
  }
}
