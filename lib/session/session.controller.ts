import { Controller, Headers, Param, UseFilters } from '@nestjs/common';
import { Authenticated, CurrentSession, Public } from '../access/access.decorators.js';
import { bearerToken } from '../access/bearer.js';
import type { Principal } from '../access/principal.js';
import { AuthErrorFilter } from '../http/auth-error.filter.js';
import { Endpoint } from '../http/endpoint.decorator.js';
import { Input } from '../http/input.decorator.js';
import { type TokenPairBody, toTokenPairBody } from '../http/token-pair.body.js';
import { type SessionBody, toSessionBody } from './session.body.js';
import { LogoutDto, RefreshDto } from './session.dto.js';
import { SessionListService } from './session-list.service.js';
import { SessionService } from './session.service.js';

@UseFilters(AuthErrorFilter)
@Controller()
export class SessionController {
  constructor(
    private readonly sessions: SessionService,
    private readonly devices: SessionListService,
  ) {}

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

  @Authenticated()
  @Endpoint('listSessions')
  async list(@CurrentSession() { userId, sessionId }: Principal): Promise<SessionBody[]> {
    return (await this.devices.list(userId)).map((session) => toSessionBody(session, sessionId));
  }

  @Authenticated()
  @Endpoint('endSession')
  async end(@CurrentSession() { userId }: Principal, @Param('id') id: string): Promise<void> {
    await this.devices.end(userId, id);
  }
}
