import { Controller, Param, Req, Res, UseFilters } from '@nestjs/common';
import { Authenticated, CurrentSession, Public } from '../access/access.decorators.js';
import { bearerToken, statesToken } from '../access/bearer.js';
import type { Principal } from '../access/principal.js';
import { AuthError } from '../auth.errors.js';
import { CookieCredentials } from '../delivery/cookie-credentials.js';
import type { SiteRequest } from '../delivery/request-site.js';
import { TokenDelivery, type TokenPairBody } from '../delivery/token-delivery.js';
import { AuthErrorFilter } from '../http/auth-error.filter.js';
import { Device } from '../http/device.decorator.js';
import { Endpoint } from '../http/endpoint.decorator.js';
import { Input } from '../http/input.decorator.js';
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
    private readonly cookies: CookieCredentials,
    private readonly delivery: TokenDelivery,
  ) {}

  @Public()
  @Endpoint('refresh')
  async refresh(
    @Input(RefreshDto) { refresh_token }: RefreshDto,
    @Device() device: Device,
    @Req() request: SiteRequest,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<TokenPairBody> {
    try {
      const token = refresh_token ?? this.cookies.requireRefreshToken(request);
      return this.delivery.deliver(await this.sessions.refresh(token, device), response);
    } catch (error) {
      // Cookies of an ended session would turn every request for a guest's page into a 401.
      const isEnded = error instanceof AuthError && error.code === 'SESSION_INVALID_TOKEN';
      if (isEnded && !refresh_token) this.delivery.withdraw(response);
      throw error;
    }
  }

  @Public()
  @Endpoint('logout')
  async logout(
    @Input(LogoutDto) { refresh_token }: LogoutDto,
    @Device() device: Device,
    @Req() request: SiteRequest,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<void> {
    const { authorization } = request.headers;
    const isStated = typeof refresh_token === 'string' || statesToken(authorization);
    const stated = { refreshToken: refresh_token, accessToken: bearerToken(authorization) };
    const inCookies = this.cookies.tokensToEnd(request, isStated);
    const hasEnded = [await this.endSessionOf(stated, device), await this.endSessionOf(inCookies ?? {}, device)];
    // Also where the tokens are no good any more: a script cannot delete the cookies.
    if (inCookies) this.delivery.withdraw(response);
    if (!hasEnded.includes(true)) throw new AuthError('SESSION_INVALID_TOKEN');
  }

  /** False for tokens that are no good. With the database away it throws, and the cookies stay for another try. */
  private async endSessionOf(
    tokens: { refreshToken?: string; accessToken?: string },
    device: Device,
  ): Promise<boolean> {
    try {
      await this.sessions.logout(tokens, device);
      return true;
    } catch (error) {
      if (error instanceof AuthError && error.code === 'SESSION_INVALID_TOKEN') return false;
      throw error;
    }
  }

  @Authenticated()
  @Endpoint('logoutAll')
  async logoutAll(
    @CurrentSession() session: Principal,
    @Device() device: Device,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<void> {
    await this.sessions.logoutAll(session.userId, device);
    this.delivery.withdraw(response);
  }

  @Authenticated()
  @Endpoint('listSessions')
  async list(@CurrentSession() { userId, sessionId }: Principal): Promise<SessionBody[]> {
    return (await this.devices.list(userId)).map((session) => toSessionBody(session, sessionId));
  }

  @Authenticated()
  @Endpoint('endSession')
  async end(
    @CurrentSession() { userId, sessionId }: Principal,
    @Param('id') id: string,
    @Device() device: Device,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<void> {
    await this.devices.end(userId, id, device);
    if (id === sessionId) this.delivery.withdraw(response);
  }
}
