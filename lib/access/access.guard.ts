import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthError } from '../auth.errors.js';
import { errorHeaders } from '../http/auth-error.filter.js';
import { CookieCredentials } from '../delivery/cookie-credentials.js';
import type { Account } from '../entities/base-user.entity.js';
import { UsersStore } from '../store/users.store.js';
import { type AccessClaims, SessionTokens } from '../tokens/session-tokens.js';
import { ACCESS_RULE, type AccessRule } from './access-rule.js';
import { bearerToken } from './bearer.js';
import { getPrincipal, type Principal, setPrincipal } from './principal.js';
import { type CarrierRequest, requestOf, setHeaders } from './request-context.js';
import { SessionCheck, type SessionState } from './session-check.js';

/**
 * Lets a request through if its access token is genuine and its session and user are still live: one signature and
 * one narrow statement. Use it per route through the decorators, or for the whole application as APP_GUARD, where
 * every route without `@Public()` or `@OptionalAuth()` asks for a signed-in user.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly sessionTokens: SessionTokens,
    private readonly sessionCheck: SessionCheck,
    private readonly cookies: CookieCredentials,
    private readonly users: UsersStore,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const rule = this.reflector.getAllAndOverride<AccessRule | undefined>(ACCESS_RULE, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (rule === 'public') return true;
    try {
      const principal = await this.identify(requestOf(context));
      if (!principal && rule !== 'optional') throw new AuthError('ACCESS_UNAUTHENTICATED');
      if (rule === 'verified' && !principal?.isEmailVerified) throw new AuthError('ACCESS_EMAIL_UNVERIFIED');
      return true;
    } catch (error) {
      if (error instanceof AuthError) setHeaders(context, errorHeaders(error));
      throw error;
    }
  }

  /** Undefined for a request without credentials; a request with bad ones is never taken for a guest. */
  private async identify(request: CarrierRequest): Promise<Principal | undefined> {
    const known = getPrincipal(request);
    if (known) return known;
    const { authorization } = request.headers;
    const cookie = authorization === undefined ? this.cookies.accessToken(request) : undefined;
    if (authorization === undefined && cookie === undefined) return undefined;
    const token = cookie ?? bearerToken(authorization);
    const claims = token === undefined ? undefined : this.sessionTokens.verifyAccess(token);
    const session = claims && (await this.sessionCheck.liveSession(claims.sid));
    // The user of the row, not of the token, is who the request acts for; they differ in no genuine token.
    if (!claims || !session || String(session.userId) !== claims.sub) throw new AuthError('ACCESS_INVALID_TOKEN');
    const principal = this.principal(claims, session);
    setPrincipal(request, principal);
    return principal;
  }

  private principal(claims: AccessClaims, { userId, isEmailVerified }: SessionState): Principal {
    let loading: Promise<Account> | undefined;
    const user = () => (loading ??= this.loadUser(userId));
    return Object.freeze({ userId, sessionId: claims.sid, isEmailVerified, claims, user });
  }

  private async loadUser(userId: SessionState['userId']): Promise<Account> {
    const user = await this.users.findById(userId);
    // Deleted between the guard's look and this one.
    if (!user) throw new AuthError('ACCESS_INVALID_TOKEN');
    return user;
  }
}
