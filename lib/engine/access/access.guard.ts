import { type CanActivate, type ExecutionContext, Injectable, Optional } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthError } from '../../platform/common/auth.errors.js';
import { errorHeaders } from '../../platform/http/auth-error.filter.js';
import { CookieCredentials } from './cookie-credentials.js';
import { ACCESS_RULE, type AccessRule } from './access-rule.js';
import { AccessTokenVerifier } from './access-token-verifier.js';
import { bearerToken, isBearer } from '../../platform/http/bearer.js';
import { asksForUser } from './current-user.js';
import { getPrincipal, type Principal, setPrincipal } from './principal.js';
import { handlingOf, requestOf, setHeaders } from './request-context.js';

/**
 * Lets a request through if its access token is genuine and, at level complete, its session and user are still live: one
 * signature and one statement. Use it per route through the decorators, or for the whole application as
 * APP_GUARD, where every route without `@Public()` or `@OptionalAuth()` asks for a signed-in user.
 *
 * Of what has no request behind it, such as the messages of a microservice, it lets through what is `@Public()` and
 * nothing else.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  /** @internal Nest makes it. */
  constructor(
    private readonly reflector: Reflector,
    private readonly verifier: AccessTokenVerifier,
    /** Below level complete no token is delivered in a cookie, and none is looked for there. */
    @Optional() private readonly cookies?: CookieCredentials,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const rule = this.reflector.getAllAndOverride<AccessRule | undefined>(ACCESS_RULE, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (rule === 'public') return true;
    try {
      const principal = await this.identify(context);
      if (!principal && rule !== 'optional') throw new AuthError('ACCESS_UNAUTHENTICATED');
      if (rule === 'verified' && !principal?.isEmailVerified) throw new AuthError('ACCESS_EMAIL_UNVERIFIED');
      return true;
    } catch (error) {
      if (error instanceof AuthError) setHeaders(context, errorHeaders(error));
      throw error;
    }
  }

  /** Undefined for a request without credentials; a request with bad ones is never taken for a guest. */
  private async identify(context: ExecutionContext): Promise<Principal<unknown> | undefined> {
    const request = requestOf(context);
    // What a socket carries is checked message by message, or logout would not end what is already open.
    const handling = handlingOf(context);
    const known = handling && getPrincipal<unknown>(handling);
    if (known) return known;
    const { authorization } = request.headers;
    const cookie = this.cookies?.speakFor(request) ? this.cookies.accessToken(request) : undefined;
    if (cookie === undefined && !isBearer(authorization)) return undefined;
    const token = cookie ?? bearerToken(authorization);
    const principal =
      token === undefined ? undefined : await this.verifier.verify(token, asksForUser(context.getHandler()));
    if (!principal) throw new AuthError('ACCESS_INVALID_TOKEN');
    setPrincipal(request, principal);
    if (handling) setPrincipal(handling, principal);
    return principal;
  }
}
