import { Inject, Injectable } from '@nestjs/common';
import { stringifySetCookie } from 'cookie';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { readCookie } from '../../platform/common/read-cookie.js';
import { Routes } from '../../platform/http/routes.js';
import { CsrfTokens } from '../tokens/csrf-tokens.js';
import type { TokenPair } from '../tokens/session-tokens.js';
import type { SiteRequest } from '../../platform/http/request-site.js';

/** The cookies of a session. */
export type TokenCookie = 'access' | 'refresh' | 'csrf';

/**
 * The cookies of a session (RFC 6265bis): HttpOnly for the tokens, so that an injected script cannot carry them away;
 * Secure; SameSite; no Domain, so that no sibling subdomain receives them.
 *
 * - `__Host-gatehouse-access`, path `/`, for as long as the access token lives. Browsers take the name from this very
 *   host alone, so no subdomain can plant one.
 * - `__Secure-gatehouse-refresh`, for as long as the session lives, limited to the path of refresh and logout, which
 *   `__Host-` does not permit.
 * - `__Host-gatehouse-csrf`, path `/`, which the page's own script may read: the CSRF token of the session.
 *
 * Without `cookie.secure` (plain http) the names have no prefix.
 */
@Injectable()
export class TokenCookies {
  private pathOfRefresh?: string;

  constructor(
    private readonly routes: Routes,
    private readonly csrfTokens: CsrfTokens,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** The value of a cookie that the request carries, else undefined; without cookie delivery none is looked at. */
  read({ headers }: SiteRequest, cookie: TokenCookie): string | undefined {
    if (this.config.tokenDelivery === 'bearer') return undefined;
    return readCookie(headers['cookie'], this.nameOf(cookie));
  }

  /** The values of `Set-Cookie` that hand a pair over. */
  of({ accessToken, refreshToken, sessionId, expiresIn, refreshExpiresIn }: TokenPair): string[] {
    return [
      this.setCookie('access', accessToken, expiresIn),
      this.setCookie('refresh', refreshToken, refreshExpiresIn),
      this.setCookie('csrf', this.csrfTokens.of(sessionId), refreshExpiresIn),
    ];
  }

  /** The values of `Set-Cookie` that make the browser forget the session. */
  cleared(): string[] {
    return (['access', 'refresh', 'csrf'] as const).map((cookie) => this.setCookie(cookie, '', 0));
  }

  private setCookie(cookie: TokenCookie, value: string, maxAge: number): string {
    const { sameSite, secure } = this.config.cookie;
    const path = cookie === 'refresh' ? this.refreshPath : '/';
    return stringifySetCookie({
      name: this.nameOf(cookie),
      value,
      maxAge,
      path,
      httpOnly: cookie !== 'csrf',
      secure,
      sameSite,
    });
  }

  /** The name of a cookie, with the prefix browsers enforce. */
  nameOf(cookie: TokenCookie): string {
    const name = `gatehouse-${cookie}`;
    if (!this.config.cookie.secure) return name;
    return cookie === 'refresh' ? `__Secure-${name}` : `__Host-${name}`;
  }

  /** The directory refresh and logout have in common. Built late: routes are mounted after start. */
  private get refreshPath(): string {
    return (this.pathOfRefresh ??= commonDirectory(
      (['refresh', 'logout'] as const).flatMap((key) => {
        const route = this.routes.find(key);
        return route ? [this.routes.pathOf(route)] : [];
      }),
    ));
  }
}

/** As far as all of the paths go together; a parameter has another value in every request. */
function commonDirectory(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => path.split('/').slice(0, -1));
  const end = first.findIndex(
    (segment, index) => segment.startsWith(':') || others.some((other) => other[index] !== segment),
  );
  return first.slice(0, end === -1 ? undefined : end).join('/') || '/';
}
