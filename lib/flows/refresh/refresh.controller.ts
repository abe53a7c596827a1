import { Controller, Req, Res, UseFilters, UseInterceptors } from '@nestjs/common';
import { Authenticated, CurrentSession, Public } from '../../engine/access/access.decorators.js';
import { bearerToken, statesToken } from '../../platform/http/bearer.js';
import type { Principal } from '../../engine/access/principal.js';
import { TokenTries } from '../../engine/limits/token-tries.js';
import { AuthError } from '../../platform/common/auth.errors.js';
import { CookieCredentials } from '../../engine/access/cookie-credentials.js';
import type { SiteRequest } from '../../platform/http/request-site.js';
import { CookieWithdrawal } from '../../engine/sessions/cookie-withdrawal.js';
import { TokenDelivery } from '../../engine/sessions/token-delivery.js';
import type { TokenPairBody } from '../../engine/sessions/token-pair.body.js';
import { AuthErrorFilter } from '../../platform/http/auth-error.filter.js';
import { Device } from '../../platform/http/device.decorator.js';
import { Endpoint } from '../../platform/http/endpoint.decorator.js';
import { Input } from '../../platform/http/input.decorator.js';
import { LogoutDto, RefreshDto } from './refresh.dto.js';
import { LogoutService } from './logout.service.js';
import { RefreshService } from './refresh.service.js';
import { REFRESH_ENDPOINTS } from './refresh.endpoints.js';

@UseFilters(AuthErrorFilter)
@UseInterceptors(TokenTries)
@Controller()
export class RefreshController {
  constructor(
    private readonly refreshes: RefreshService,
    private readonly logouts: LogoutService,
    private readonly cookies: CookieCredentials,
    private readonly delivery: TokenDelivery,
    private readonly withdrawal: CookieWithdrawal,
  ) {}

  @Public()
  @Endpoint(REFRESH_ENDPOINTS.refresh)
  async refresh(
    @Input(RefreshDto) { refresh_token }: RefreshDto,
    @Device() device: Device,
    @Req() request: SiteRequest,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<TokenPairBody> {
    try {
      const token = refresh_token ?? this.cookies.requireRefreshToken(request);
      return this.delivery.deliver(await this.refreshes.refresh(token, device), response);
    } catch (error) {
      // Cookies of an ended session would turn every request for a guest's page into a 401.
      if (this.refreshes.hasEnded(error) && !refresh_token) this.withdrawal.afterBadRefresh(request, response);
      throw error;
    }
  }

  @Public()
  @Endpoint(REFRESH_ENDPOINTS.logout)
  async logout(
    @Input(LogoutDto) { refresh_token }: LogoutDto,
    @Device() device: Device,
    @Req() request: SiteRequest,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<void> {
    const { authorization } = request.headers;
    const isStated = typeof refresh_token === 'string' || statesToken(authorization);
    // A refresh token that is no good is never made up for by an access token: what was stated is what is judged.
    const stated = refresh_token ? { refreshToken: refresh_token } : { accessToken: bearerToken(authorization) };
    const inCookies = this.cookies.tokensToEnd(request, isStated);
    const hasEnded = [await this.endSessionOf(stated, device), await this.endSessionOf(inCookies, device)];
    // Also where the tokens are no good any more: a script cannot delete the cookies.
    if (inCookies) this.delivery.withdraw(response);
    if (!hasEnded.includes(true)) throw new AuthError('SESSION_INVALID_TOKEN');
  }

  /** False for tokens that are no good. With the database away it throws, and the cookies stay for another try. */
  private async endSessionOf(
    tokens: { refreshToken?: string; accessToken?: string } | undefined,
    device: Device,
  ): Promise<boolean> {
    if (!tokens?.refreshToken && !tokens?.accessToken) return false;
    try {
      await this.logouts.logout(tokens, device);
      return true;
    } catch (error) {
      if (error instanceof AuthError && error.code === 'SESSION_INVALID_TOKEN') return false;
      throw error;
    }
  }

  @Authenticated()
  @Endpoint(REFRESH_ENDPOINTS.logoutAll)
  async logoutAll(
    @CurrentSession() { userId }: Principal,
    @Device() device: Device,
    @Req() request: SiteRequest,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<void> {
    await this.logouts.logoutAll(userId, device);
    this.withdrawal.afterEndOf({ userId }, request, response);
  }
}
