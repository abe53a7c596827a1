import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { algorithmOf, type AsymmetricAlgorithm } from '../../platform/config/jwt-algorithms.js';
import type { JwtKey } from './keys.js';

/** A public key as a JWKS shows it (RFC 7517, section 4). */
export interface PublishedKey extends JsonWebKey {
  readonly kid: string;
  readonly alg: AsymmetricAlgorithm;
  readonly use: 'sig';
}

/**
 * A private or public key for access tokens, named by its thumbprint: the same key has the same name in every instance.
 * @throws Error for a key that {@link algorithmOf} does not know; the start-up check has refused those
 */
export function asymmetricKey(key: KeyObject): JwtKey {
  const algorithm = algorithmOf(key);
  if (!algorithm) throw new Error('The key serves no algorithm of access tokens.');
  const verifies = key.type === 'private' ? createPublicKey(key) : key;
  const signs = key.type === 'private' ? key : undefined;
  return Object.freeze({ kid: thumbprint(verifies), algorithm, verifies, signs });
}

/** What anybody may know of a key. */
export function publish({ kid, algorithm, verifies }: JwtKey): PublishedKey {
  return { ...verifies.export({ format: 'jwk' }), kid, alg: algorithm as AsymmetricAlgorithm, use: 'sig' };
}

/** RFC 7638: SHA-256 of the JWK. A public key exports the required members and no others; all that is left is their order. */
function thumbprint(publicKey: KeyObject): string {
  const jwk = publicKey.export({ format: 'jwk' });
  return createHash('sha256')
    .update(JSON.stringify(jwk, Object.keys(jwk).sort()))
    .digest('base64url');
}
