import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { KeyRing } from './key-ring.js';

/**
 * CSRF tokens: `HMAC-SHA-256(K_csrf, session id)`, 43 base64url characters. Bound to the session, so that a token which
 * an attacker got for a session of their own, or planted as a cookie, opens nothing in another (OWASP Cross-Site
 * Request Forgery Prevention Cheat Sheet, signed double-submit cookie).
 */
@Injectable()
export class CsrfTokens {
  constructor(private readonly ring: KeyRing) {}

  /** The token of a session; the same for as long as the secret is. */
  of(sessionId: string): string {
    return tokenOf(sessionId, this.ring.csrf[0]);
  }

  /** True for the token of that session, made with the current secret or a previous one; compared in constant time. */
  verify(sessionId: string, token: string): boolean {
    const given = Buffer.from(token);
    return this.ring.csrf.some((key) => {
      const expected = Buffer.from(tokenOf(sessionId, key));
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
  }
}

function tokenOf(sessionId: string, key: KeyObject): string {
  return createHmac('sha256', key).update(sessionId).digest('base64url');
}
