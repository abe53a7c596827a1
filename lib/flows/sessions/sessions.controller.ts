import { Controller, Param, Res, UseFilters } from '@nestjs/common';
import { Authenticated, CurrentSession } from '../../engine/access/access.decorators.js';
import type { Principal } from '../../engine/access/principal.js';
import { TokenDelivery } from '../../engine/sessions/token-delivery.js';
import { AuthErrorFilter } from '../../platform/http/auth-error.filter.js';
import { Device } from '../../platform/http/device.decorator.js';
import { Endpoint } from '../../platform/http/endpoint.decorator.js';
import { type SessionBody, toSessionBody } from './sessions.body.js';
import { SESSIONS_ENDPOINTS } from './sessions.endpoints.js';
import { SessionListService } from './sessions.service.js';

@UseFilters(AuthErrorFilter)
@Controller()
export class SessionsController {
  constructor(
    private readonly sessions: SessionListService,
    private readonly delivery: TokenDelivery,
  ) {}

  @Authenticated()
  @Endpoint(SESSIONS_ENDPOINTS.listSessions)
  async list(@CurrentSession() { userId, sessionId }: Principal): Promise<SessionBody[]> {
    return (await this.sessions.list(userId)).map((session) => toSessionBody(session, sessionId));
  }

  @Authenticated()
  @Endpoint(SESSIONS_ENDPOINTS.endSession)
  async end(
    @CurrentSession() { userId, sessionId }: Principal,
    @Param('id') id: string,
    @Device() device: Device,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<void> {
    await this.sessions.end(userId, id, device);
    if (id === sessionId) this.delivery.withdraw(response);
  }
}
