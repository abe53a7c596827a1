import { Inject, Injectable } from '@nestjs/common';
import { AuthError } from '../../platform/common/auth.errors.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { CsrfTokens } from '../tokens/csrf-tokens.js';
import { type SessionClaims, SessionTokens } from '../tokens/session-tokens.js';
import { CsrfProtection } from './csrf-protection.js';
import { statesToken } from '../../platform/http/bearer.js';
import type { SiteRequest } from '../../platform/http/request-site.js';
import { TokenCookies } from './token-cookies.js';

/** The sessions that the cookies of a request name, each by a genuine token; the same one, unless somebody mixed them up. */
export interface NamedSessions {
  readonly access?: SessionClaims;
  readonly refresh?: SessionClaims;
}

/** The tokens a request carries in cookies. There is no way to them but past the CSRF protection. */
@Injectable()
export class CookieCredentials {
  constructor(
    private readonly cookies: TokenCookies,
    private readonly csrf: CsrfProtection,
    private readonly csrfTokens: CsrfTokens,
    private readonly sessionTokens: SessionTokens,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * True where the cookies say whom a request acts for: they are there, and it states no bearer token. What a client says
   * expressly is never overruled by what a browser adds.
   */
  speakFor(request: SiteRequest): boolean {
    return !statesToken(request.headers['authorization']) && this.cookies.read(request, 'access') !== undefined;
  }

  /**
   * The access token of the cookie, not verified yet; undefined where there is none. Ask only where the cookies
   * {@link speakFor} the request.
   * @throws AuthError INPUT_CROSS_SITE, ACCESS_INVALID_CSRF_TOKEN
   */
  accessToken(request: SiteRequest): string | undefined {
    const token = this.cookies.read(request, 'access');
    if (token !== undefined) this.csrf.assertIntended(request, () => this.sessionTokens.verifyAccess(token)?.sid);
    return token;
  }

  /**
   * The refresh token of the cookie; undefined where there is none to believe. A sibling subdomain can plant a cookie of that name
   * with a token of the attacker's session, but not the `__Host-` cookie of the same session, which must come with it.
   * @throws AuthError INPUT_CROSS_SITE, ACCESS_INVALID_CSRF_TOKEN
   */
  refreshToken(request: SiteRequest): string | undefined {
    const token = this.cookies.read(request, 'refresh');
    if (token === undefined) return undefined;
    const claims = this.sessionTokens.verifyRefresh(token);
    this.csrf.assertIntended(request, () => claims?.sid);
    return claims && this.hasCompanion(request, claims) ? token : undefined;
  }

  /**
   * Both, for a request that ends their session. Beside a token that is stated for itself they are an addition: cookies
   * of which the request does not show that a page of ours sent them are then left alone.
   * @returns undefined for cookies that are left alone
   * @throws AuthError INPUT_CROSS_SITE, ACCESS_INVALID_CSRF_TOKEN where nothing else is stated
   */
  tokensToEnd(
    request: SiteRequest,
    isTokenStated: boolean,
  ): { refreshToken?: string; accessToken?: string } | undefined {
    try {
      return { refreshToken: this.refreshToken(request), accessToken: this.accessToken(request) };
    } catch (error) {
      if (isTokenStated && error instanceof AuthError) return undefined;
      throw error;
    }
  }

  /**
   * Whose session the cookies are of, and no more: without CSRF protection nothing may be done in its name.
   */
  sessionsNamed(request: SiteRequest): NamedSessions {
    const access = this.sessionTokens.verifyAccess(this.cookies.read(request, 'access') ?? '');
    const refresh = this.sessionTokens.verifyRefresh(this.cookies.read(request, 'refresh') ?? '');
    return { access, refresh: refresh && this.hasCompanion(request, refresh) ? refresh : undefined };
  }

  /**
   * The same as {@link refreshToken}, for a request that has none in its body either.
   * @throws AuthError SESSION_INVALID_TOKEN, or INPUT_INVALID where nothing but the body can hold one; and as above
   */
  requireRefreshToken(request: SiteRequest): string {
    const token = this.refreshToken(request);
    if (token !== undefined) return token;
    if (this.config.tokenDelivery !== 'bearer') throw new AuthError('SESSION_INVALID_TOKEN');
    const errors = [{ field: 'refresh_token', messages: ['refresh_token must be a string'] }];
    throw new AuthError('INPUT_INVALID', { errors });
  }

  private hasCompanion(request: SiteRequest, { sid }: SessionClaims): boolean {
    return this.csrfTokens.verify(sid, this.cookies.read(request, 'csrf') ?? '');
  }
}
