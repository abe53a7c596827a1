import { Inject, Injectable } from '@nestjs/common';
import { errors, type JWTPayload, jwtVerify, type JWTVerifyOptions, type JWTVerifyResult } from 'jose';
import { AuthError } from '../../platform/common/auth.errors.js';
import { Clock } from '../../platform/common/clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { hasOneSpelling } from '../tokens/one-spelling.js';
import type { AccessClaims } from '../tokens/session-tokens.js';
import { AccessTokenVerifier } from './access-token-verifier.js';
import { type ForeignKeys, foreignKeys } from './foreign-keys.js';
import { acceptedTypes, isAccess, isAccessHeader } from './foreign-token-rules.js';
import { type Principal, principalOf } from './principal.js';

/**
 * Level none: access tokens that another service issued. Type, algorithm, issuer, audience and expiry are always
 * checked (RFC 8725, 3.1, 3.8, 3.9, 3.11). Whether the session behind a token was ended meanwhile, only its issuer knows.
 */
@Injectable()
export class ForeignTokenVerifier extends AccessTokenVerifier {
  private readonly keys: ForeignKeys;
  private readonly types: ReadonlySet<string>;

  constructor(
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {
    super();
    this.keys = foreignKeys(config.jwt, clock);
    this.types = acceptedTypes(config.jwt.acceptedTypes);
  }

  async verify(token: string): Promise<Principal<AccessClaims> | undefined> {
    const claims = await this.claimsOf(token);
    if (!claims || !isAccess(claims)) return undefined;
    // OpenID Connect Core 1.0, section 5.1; without the claim nobody has said so.
    const isEmailVerified = claims['email_verified'] === true;
    return principalOf({ userId: claims.sub, isEmailVerified, claims }, () => Promise.resolve(claims));
  }

  private async claimsOf(token: string): Promise<JWTPayload | undefined> {
    const { issuer, audience } = this.config.jwt;
    const currentDate = new Date(this.clock.now());
    const requiredClaims = ['exp', 'sub'];
    const options = { algorithms: this.keys.algorithms, issuer, audience, requiredClaims, currentDate };
    try {
      if (!hasOneSpelling(token) || !isAccessHeader(token, this.types)) return undefined;
      return (await this.verified(token, options)).payload;
    } catch (error) {
      // About the keys, which nobody could get. Whatever else was thrown, by any library, has verified nothing.
      if (error instanceof AuthError) throw error;
      return undefined;
    }
  }

  /** Where keys have no names, several may fit, and each is tried. */
  private async verified(token: string, options: JWTVerifyOptions): Promise<JWTVerifyResult> {
    try {
      return await jwtVerify(token, this.keys.keyFor, options);
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      for await (const key of error) {
        const result = await jwtVerify(token, key, options).catch(unlessForged);
        if (result) return result;
      }
      throw error;
    }
  }
}

/** A signature of another key; whatever else is wrong is wrong with every key. */
function unlessForged(error: unknown): undefined {
  if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
}
