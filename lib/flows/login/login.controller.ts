import { Controller, Res, UseFilters } from '@nestjs/common';
import { Public } from '../../engine/access/access.decorators.js';
import { DeviceCookie } from '../../engine/limits/device-cookie.js';
import { TokenDelivery } from '../../engine/sessions/token-delivery.js';
import type { TokenPairBody } from '../../engine/sessions/token-pair.body.js';
import { AuthErrorFilter } from '../../platform/http/auth-error.filter.js';
import { Device } from '../../platform/http/device.decorator.js';
import { Endpoint } from '../../platform/http/endpoint.decorator.js';
import { Input } from '../../platform/http/input.decorator.js';
import type { IssuedTokens } from '../../engine/tokens/session-tokens.js';
import { LoginDto } from './login.dto.js';
import { LOGIN_ENDPOINTS } from './login.endpoints.js';
import { LoginService } from './login.service.js';

@Public()
@UseFilters(AuthErrorFilter)
@Controller()
export class LoginController {
  constructor(
    private readonly logins: LoginService<IssuedTokens>,
    private readonly delivery: TokenDelivery,
    private readonly cookies: DeviceCookie,
  ) {}

  @Endpoint(LOGIN_ENDPOINTS.login)
  async login(
    @Input(LoginDto) credentials: LoginDto,
    @Device() device: Device,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<TokenPairBody> {
    const tokens = await this.logins.login(credentials, device);
    this.cookies.leave(tokens.userId, device, response);
    return this.delivery.deliver(tokens, response);
  }
}
