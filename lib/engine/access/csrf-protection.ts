import { Inject, Injectable } from '@nestjs/common';
import { AuthError } from '../../platform/common/auth.errors.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { CsrfTokens } from '../tokens/csrf-tokens.js';
import { isSafe, refuseForeign, siteOf, type SiteRequest } from '../../platform/http/request-site.js';

/** The header a client repeats its CSRF token in. */
const CSRF_HEADER = 'x-csrf-token';

/** Keeps other sites from acting with the cookies of a visitor (cross-site request forgery, ASVS 3.5.1). */
@Injectable()
export class CsrfProtection {
  constructor(
    private readonly csrfTokens: CsrfTokens,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * Asks a request that a cookie authenticates, and that may change something, for proof that a page of ours sent it:
   * what the browser says, or where it says nothing the CSRF token of the session, which no other site can read.
   *
   * @param sessionId the session of a genuine token in the cookie, else undefined
   * @throws AuthError INPUT_CROSS_SITE, ACCESS_INVALID_CSRF_TOKEN
   */
  assertIntended(request: SiteRequest, sessionId: () => string | undefined): void {
    if (isSafe(request)) return;
    refuseForeign(request, this.config);
    if (siteOf(request, this.config) === 'own') return;
    const [token, id] = [request.headers[CSRF_HEADER], sessionId()];
    if (typeof token === 'string' && id !== undefined && this.csrfTokens.verify(id, token)) return;
    throw new AuthError('ACCESS_INVALID_CSRF_TOKEN');
  }
}
