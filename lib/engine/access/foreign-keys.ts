import { createPublicKey, createSecretKey } from 'node:crypto';
import { createLocalJWKSet, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../../platform/common/clock.js';
import { asymmetricKey, publish } from '../tokens/asymmetric-keys.js';
import type { JwtOptions } from '../../platform/config/settings/token-settings.js';
import { remoteKeys } from './remote-keys.js';

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
