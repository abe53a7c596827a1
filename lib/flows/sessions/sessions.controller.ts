import { Controller, Param, Req, Res, UseFilters } from '@nestjs/common';
import { Authenticated, CurrentSession } from '../../engine/access/access.decorators.js';
import type { Principal } from '../../engine/access/principal.js';
import { CookieWithdrawal } from '../../engine/sessions/cookie-withdrawal.js';
import { AuthErrorFilter } from '../../platform/http/auth-error.filter.js';
import { Device } from '../../platform/http/device.decorator.js';
import { Endpoint } from '../../platform/http/endpoint.decorator.js';
import type { SiteRequest } from '../../platform/http/request-site.js';
import { type SessionBody, toSessionBody } from './sessions.body.js';
import { SESSIONS_ENDPOINTS } from './sessions.endpoints.js';
import { SessionListService } from './sessions.service.js';

@UseFilters(AuthErrorFilter)
@Controller()
export class SessionsController {
  constructor(
    private readonly sessions: SessionListService,
    private readonly withdrawal: CookieWithdrawal,
  ) {}

  @Authenticated()
  @Endpoint(SESSIONS_ENDPOINTS.listSessions)
  async list(@CurrentSession() { userId, sessionId }: Principal): Promise<SessionBody[]> {
    return (await this.sessions.list(userId)).map((session) => toSessionBody(session, sessionId));
  }

  @Authenticated()
  @Endpoint(SESSIONS_ENDPOINTS.endSession)
  async end(
    @CurrentSession() { userId }: Principal,
    @Param('id') sessionId: string,
    @Device() device: Device,
    @Req() request: SiteRequest,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<void> {
    await this.sessions.end(userId, sessionId, device);
    this.withdrawal.afterEndOf({ sessionId }, request, response);
  }
}
