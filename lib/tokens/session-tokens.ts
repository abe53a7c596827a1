import type { KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { Clock } from '../clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../config/auth-config.js';
import type { UserId } from '../entities/base-user.entity.js';
import { deriveKeys } from './keys.js';

/** What a verified token contains, before its claims are looked at. */
interface VerifiedJwt {
  header: Record<string, unknown>;
  payload: Record<string, unknown>;
}

/** What a client gets for a proof of identity. */
export interface IssuedTokens {
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

/** Seconds by which the clocks of two instances may differ. */
const MAX_CLOCK_SKEW_SECONDS = 30;

/**
 * Access and refresh JWTs. Type, algorithm, issuer and audience are pinned (RFC 8725, 3.1, 3.8, 3.9, 3.11), and each
 * kind has its own key: alg=none, a foreign HMAC, a key named in the header or a token of another kind never verifies.
 */
@Injectable()
export class SessionTokens {
  private readonly access: JwtService;
  private readonly refresh: JwtService;

  constructor(
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {
    const keys = deriveKeys(config.jwt.secret);
    this.access = this.kind('at+jwt', keys.access);
    this.refresh = this.kind('rt+jwt', keys.refresh);
  }

  /**
   * The pair of a session. It depends on nothing but the snapshot and the claims an application adds, so that every tab
   * that refreshes with the same token inside the grace window receives the very same successor.
   */
  pair(session: SessionSnapshot, claims: Record<string, unknown> = {}): TokenPair {
    const iat = seconds(session.rotatedAt);
    const expires = seconds(session.expiresAt);
    const accessExpires = Math.min(iat + this.config.jwt.accessTtlSeconds, expires);
    const shared = { sub: String(session.userId), sid: session.id, iat };
    const auth_time = seconds(session.startedAt);
    const now = Math.floor(this.clock.now() / 1000);
    return {
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
    return { accessToken: this.access.sign(claims), tokenType: 'Bearer', expiresIn };
  }

  /** The claims of a genuine, unexpired access token of a session, else undefined. */
  verifyAccess(token: string): SessionClaims | undefined {
    const claims = this.verify(this.access, 'at+jwt', token);
    return claims && isSession(claims) ? claims : undefined;
  }

  /**
   * The claims of a genuine, unexpired access token that belongs to no session, else undefined. One that names a session
   * is refused where nobody can ask whether that session is still live.
   */
  verifySessionless(token: string): AccessClaims | undefined {
    const claims = this.verify(this.access, 'at+jwt', token);
    return claims && isAccess(claims) && claims.sid === undefined ? claims : undefined;
  }

  /** The claims of a genuine, unexpired refresh token, else undefined. */
  verifyRefresh(token: string): RefreshClaims | undefined {
    const claims = this.verify(this.refresh, 'rt+jwt', token);
    return claims && isSession(claims) && isRefresh(claims) ? claims : undefined;
  }

  private kind(typ: string, secret: KeyObject): JwtService {
    const { algorithm, issuer, audience } = this.config.jwt;
    return new JwtService({
      secret,
      signOptions: { algorithm, issuer, audience, header: { alg: algorithm, typ } },
      verifyOptions: { algorithms: [algorithm], issuer, audience },
    });
  }

  private verify(kind: JwtService, typ: string, token: string): Record<string, unknown> | undefined {
    const clockTimestamp = Math.floor(this.clock.now() / 1000);
    try {
      const { header, payload } = kind.verify<VerifiedJwt>(token, { clockTimestamp, complete: true });
      // Only the header we write ourselves: `crit`, `jwk`, `jku`, `x5u` and the like must never steer verification.
      if (header['typ'] !== typ || Object.keys(header).length !== 2) return undefined;
      return Number(payload['iat']) <= clockTimestamp + MAX_CLOCK_SKEW_SECONDS ? payload : undefined;
    } catch {
      return undefined;
    }
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
