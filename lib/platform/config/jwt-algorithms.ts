import type { KeyObject } from 'node:crypto';

/** The hash functions of symmetric tokens. */
export const HMAC_ALGORITHMS = ['HS256', 'HS384', 'HS512'] as const;

export type HmacAlgorithm = (typeof HMAC_ALGORITHMS)[number];

/** The algorithms of access tokens that other services can verify without being able to sign them. */
export type AsymmetricAlgorithm = 'RS256' | 'ES256';

/** How access tokens are signed. */
export type JwtAlgorithm = HmacAlgorithm | AsymmetricAlgorithm;

/** RFC 7518, section 3.3. */
const MIN_RSA_BITS = 2048;

/** The one algorithm a key serves; undefined for a key of another type, on another curve, or too short. */
export function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): AsymmetricAlgorithm | undefined {
  if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS) return 'RS256';
  if (asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256';
  return undefined;
}
