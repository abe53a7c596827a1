import { createPublicKey, createSecretKey } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { createLocalJWKSet, createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { AuthError } from '../../platform/common/auth.errors.js';
import type { Clock } from '../../platform/common/clock.js';
import { asymmetricKey, publish } from '../tokens/asymmetric-keys.js';
import type { JwtOptions } from '../../platform/config/settings/token-settings.js';

/** The keys that verify tokens issued elsewhere, and the algorithms those keys serve. */
export interface ForeignKeys {
  readonly algorithms: string[];
  readonly keyFor: JWTVerifyGetKey;
}

/** What a public key may sign with. No HMAC among them: a public key is no secret (RFC 8725, section 2.1). */
const ASYMMETRIC = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** How long the key server may take to answer, in milliseconds. */
const TIMEOUT_MS = 3_000;

/** For how long an unknown key id, and a key server that failed, is not asked about again; in milliseconds. */
const COOLDOWN_MS = 30_000;
const FAILURE_PAUSE_MS = 2_000;

/** The keys that the configuration names: those behind a URL, public keys, or a shared secret, used as it is. */
export function foreignKeys(jwt: Readonly<Partial<JwtOptions>>, clock: Clock): ForeignKeys {
  const { secret, algorithm, publicKeys = [], jwksUrl, jwksCacheSeconds } = jwt;
  if (jwksUrl !== undefined) {
    return { algorithms: ASYMMETRIC, keyFor: remoteKeys(new URL(jwksUrl), Number(jwksCacheSeconds) * 1000, clock) };
  }
  if (publicKeys.length > 0) return localKeys(publicKeys);
  const key = createSecretKey(Buffer.from(String(secret)));
  return { algorithms: [String(algorithm)], keyFor: () => key };
}

/** Each key serves one algorithm. What its issuer calls it is not known, so that whatever name a token states is ignored. */
function localKeys(publicKeys: readonly string[]): ForeignKeys {
  const keys = publicKeys.map((pem) => publish(asymmetricKey(createPublicKey(pem))));
  const find = createLocalJWKSet({ keys: keys.map((key) => ({ ...key, kty: String(key.kty), kid: undefined })) });
  return {
    algorithms: [...new Set(keys.map(({ alg }) => alg))],
    keyFor: (header, token) => find({ ...header, kid: undefined }, token),
  };
}

/**
 * The keys of a JWKS (RFC 7517), fetched when first needed and kept for `cacheMaxAge`. An unknown key id makes it look
 * again, but once in {@link COOLDOWN_MS}: made-up ids must not turn this server against the key server. While that one
 * is out of reach nobody can tell a genuine token from a forged one, so the answer is 503, neither yes nor no.
 */
function remoteKeys(url: URL, cacheMaxAge: number, clock: Clock): JWTVerifyGetKey {
  const logger = new Logger('AuthKeys');
  let pausedUntil = 0;
  const keys = createRemoteJWKSet(url, {
    cacheMaxAge,
    cooldownDuration: COOLDOWN_MS,
    timeoutDuration: TIMEOUT_MS,
    [customFetch]: async (href, init) => {
      if (clock.now() < pausedUntil) throw new AuthError('SERVICE_UNAVAILABLE');
      return fetch(href, init);
    },
  });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      if (isAboutToken(error) || error instanceof AuthError) throw error;
      pausedUntil = clock.now() + FAILURE_PAUSE_MS;
      logger.error(
        `the keys of ${url.origin} could not be had: ${error instanceof Error ? error.message : 'unknown error'}`,
      );
      throw new AuthError('SERVICE_UNAVAILABLE', { cause: error });
    }
  };
}

/** The keys are there, but none, or more than one, is the token's. */
function isAboutToken(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;
}
