import { Controller, Headers, UseFilters } from '@nestjs/common';
import { Authenticated, CurrentSession, Public } from '../access/access.decorators.js';
import { bearerToken } from '../access/bearer.js';
import type { Principal } from '../access/principal.js';
import { AuthErrorFilter } from '../http/auth-error.filter.js';
import { Endpoint } from '../http/endpoint.decorator.js';
import { Input } from '../http/input.decorator.js';
import { type TokenPairBody, toTokenPairBody } from '../http/token-pair.body.js';
import { LogoutDto, RefreshDto } from './session.dto.js';
import { SessionService } from './session.service.js';

@UseFilters(AuthErrorFilter)
@Controller()
export class SessionController {
  constructor(private readonly sessions: SessionService) {}

  @Public()
  @Endpoint('refresh')
  async refresh(@Input(RefreshDto) { refresh_token }: RefreshDto): Promise<TokenPairBody> {
    return toTokenPairBody(await this.sessions.refresh(refresh_token));
  }

  @Public()
  @Endpoint('logout')
  async logout(
    @Input(LogoutDto) { refresh_token }: LogoutDto,
    @Headers('authorization') authorization?: string,
  ): Promise<void> {
    await this.sessions.logout({ refreshToken: refresh_token, accessToken: bearerToken(authorization) });
  }

  @Authenticated()
  @Endpoint('logoutAll')
  async logoutAll(@CurrentSession() session: Principal): Promise<void> {
    await this.sessions.logoutAll(session.userId);
  }
}
