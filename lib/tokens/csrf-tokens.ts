import { createHmac, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../config/auth-config.js';
import { deriveKeys } from './keys.js';

/**
 * CSRF tokens: `HMAC-SHA-256(K_csrf, session id)`, 43 base64url characters. Bound to the session, so that a token which
 * an attacker got for a session of their own, or planted as a cookie, opens nothing in another (OWASP Cross-Site
 * Request Forgery Prevention Cheat Sheet, signed double-submit cookie).
 */
@Injectable()
export class CsrfTokens {
  private readonly key;

  constructor(@Inject(AUTH_CONFIG) config: AuthConfig) {
    this.key = deriveKeys(config.jwt.secret).csrf;
  }

  /** The token of a session; the same for as long as the session lives. */
  of(sessionId: string): string {
    return createHmac('sha256', this.key).update(sessionId).digest('base64url');
  }

  /** True for the token of that session, compared in constant time. */
  verify(sessionId: string, token: string): boolean {
    const [expected, given] = [Buffer.from(this.of(sessionId)), Buffer.from(token)];
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}
