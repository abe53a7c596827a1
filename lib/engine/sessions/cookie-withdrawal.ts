import { Injectable } from '@nestjs/common';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import type { SiteRequest } from '../../platform/http/request-site.js';
import { CookieCredentials } from '../access/cookie-credentials.js';
import type { SessionClaims } from '../tokens/session-tokens.js';
import { TokenDelivery } from './token-delivery.js';

/** What a request has ended: one session, or every session of a user. */
export type EndedSessions = { readonly sessionId: string } | { readonly userId: UserId };

/**
 * Takes the cookies of an ended session back, and no others. Beside a bearer token or a reset link a request may carry
 * those of another session, even of another account: cleared, they would leave a browser that looks signed out while its
 * session lives, and ended with them, a call for one account would sign another one out.
 */
@Injectable()
export class CookieWithdrawal {
  /** @internal Nest makes it. */
  constructor(
    private readonly credentials: CookieCredentials,
    private readonly delivery: TokenDelivery,
  ) {}

  /**
   * Clears the cookies of a request where they name a session that it has just ended.
   * @param response the response object of the adapter in use
   */
  afterEndOf(ended: EndedSessions, request: SiteRequest, response: unknown): void {
    const { access, refresh } = this.credentials.sessionsNamed(request);
    const named = [access, refresh].filter((claims) => claims !== undefined);
    // Without a genuine token nobody can tell: the one of a session that lives may not be sent to every path.
    if (named.length > 0 && named.every((claims) => hasEnded(claims, ended))) this.delivery.withdraw(response);
  }

  /**
   * Clears the cookies of a request whose refresh token is no good, but not where the access token beside it names another
   * session, which may live: a sibling subdomain can spoil the one cookie, and not the other.
   */
  afterBadRefresh(request: SiteRequest, response: unknown): void {
    const { access, refresh } = this.credentials.sessionsNamed(request);
    if (!access || access.sid === refresh?.sid) this.delivery.withdraw(response);
  }
}

function hasEnded({ sid, sub }: SessionClaims, ended: EndedSessions): boolean {
  return 'sessionId' in ended ? sid === ended.sessionId : sub === String(ended.userId);
}
