import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../platform/common/clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { JwtKind } from './jwt-kind.js';
import { KeyRing } from './key-ring.js';

/** What a client gets for a proof of identity. */
export interface IssuedTokens {
  userId: UserId;
  accessToken: string;
  /** Absent at level basic. */
  refreshToken?: string;
  tokenType: 'Bearer';
  /** Seconds until the access token expires. */
  expiresIn: number;
}

/** What a client gets for a session. */
export interface TokenPair extends IssuedTokens {
  refreshToken: string;
  /** Seconds until the refresh token expires. */
  refreshExpiresIn: number;
  sessionId: string;
}

/** Claims of an access token (`typ` at+jwt, RFC 9068), and those that its issuer added. */
export interface AccessClaims {
  /** User id. */
  sub: string;
  /** Session id; absent below level complete. */
  sid?: string;
  /** Seconds since the epoch. A token issued elsewhere may lack it. */
  iat?: number;
  exp: number;
  /** Whatever else the issuer states. */
  [claim: string]: unknown;
}

/** Claims of an access token that belongs to a session. */
export interface SessionClaims extends AccessClaims {
  sid: string;
  iat: number;
}

/** Claims of a refresh token (`typ` rt+jwt). */
export interface RefreshClaims extends SessionClaims {
  /** The generation of the session this token may rotate. */
  gen: number;
  /** When the session began, in seconds since the epoch. */
  auth_time: number;
}

/** The state of a session from which its pair is made: the same state always gives the same pair. */
export interface SessionSnapshot {
  id: string;
  userId: string | number;
  generation: number;
  startedAt: Date;
  /** When this generation began. */
  rotatedAt: Date;
  expiresAt: Date;
}

/** What a session id can only be; PostgreSQL answers any other text with an error. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Access and refresh JWTs. Type, issuer and audience are pinned, and each key has one algorithm and one kind of token
 * (RFC 8725, 3.1, 3.8, 3.9, 3.11): alg=none, a foreign HMAC, a public key taken for a secret, a key in the header or a
 * token of another kind never verifies.
 */
@Injectable()
export class SessionTokens {
  private readonly access: JwtKind;
  private readonly refresh: JwtKind;

  constructor(
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
    ring: KeyRing,
  ) {
    this.access = new JwtKind('at+jwt', ring.access, config);
    this.refresh = new JwtKind('rt+jwt', ring.refresh, config);
  }

  /**
   * The pair of a session. Its claims depend on nothing but the snapshot and what an application adds, so that every tab
   * that refreshes with the same token inside the grace window receives the very same successor; only ES256 signs the
   * same claims anew each time.
   */
  pair(session: SessionSnapshot, claims: Record<string, unknown> = {}): TokenPair {
    const iat = seconds(session.rotatedAt);
    const expires = seconds(session.expiresAt);
    const accessExpires = Math.min(iat + this.config.jwt.accessTtlSeconds, expires);
    const shared = { sub: String(session.userId), sid: session.id, iat };
    const auth_time = seconds(session.startedAt);
    const now = Math.floor(this.clock.now() / 1000);
    return {
      userId: session.userId,
      accessToken: this.access.sign({ ...claims, ...shared, exp: accessExpires }),
      refreshToken: this.refresh.sign({ ...shared, gen: session.generation, auth_time, exp: expires }),
      tokenType: 'Bearer',
      expiresIn: Math.max(0, accessExpires - now),
      refreshExpiresIn: Math.max(0, expires - now),
      sessionId: session.id,
    };
  }

  /**
   * An access token that belongs to no session (level basic).
   */
  sessionless(userId: UserId, additional: Record<string, unknown> = {}): IssuedTokens {
    const iat = Math.floor(this.clock.now() / 1000);
    const expiresIn = this.config.jwt.accessTtlSeconds;
    const claims = { ...additional, sub: String(userId), iat, exp: iat + expiresIn };
    return { userId, accessToken: this.access.sign(claims), tokenType: 'Bearer', expiresIn };
  }

  /** The claims of a genuine, unexpired access token of a session, else undefined. */
  verifyAccess(token: string): SessionClaims | undefined {
    const claims = this.access.verify(token, this.clock.now());
    return claims && isSession(claims) ? claims : undefined;
  }

  /**
   * The claims of a genuine, unexpired access token that belongs to no session, else undefined. One that names a session
   * is refused where nobody can ask whether that session is still live.
   */
  verifySessionless(token: string): AccessClaims | undefined {
    const claims = this.access.verify(token, this.clock.now());
    return claims && isAccess(claims) && claims.sid === undefined ? claims : undefined;
  }

  /** The claims of a genuine, unexpired refresh token, else undefined. */
  verifyRefresh(token: string): RefreshClaims | undefined {
    const claims = this.refresh.verify(token, this.clock.now());
    return claims && isSession(claims) && isRefresh(claims) ? claims : undefined;
  }
}

function isAccess(claims: Record<string, unknown>): claims is AccessClaims {
  return typeof claims['sub'] === 'string' && typeof claims['exp'] === 'number';
}

function isSession(claims: Record<string, unknown>): claims is SessionClaims {
  return isAccess(claims) && typeof claims.sid === 'string' && UUID.test(claims.sid);
}

function isRefresh(claims: SessionClaims): claims is RefreshClaims {
  return Number.isSafeInteger(claims['gen']) && Number.isSafeInteger(claims['auth_time']);
}

function seconds(instant: Date): number {
  return Math.floor(instant.getTime() / 1000);
}
