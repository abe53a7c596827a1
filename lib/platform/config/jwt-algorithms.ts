/** The hash functions of symmetric tokens. */
export const HMAC_ALGORITHMS = ['HS256', 'HS384', 'HS512'] as const;

export type HmacAlgorithm = (typeof HMAC_ALGORITHMS)[number];

/** The algorithms of access tokens that other services can verify without being able to sign them. */
export type AsymmetricAlgorithm = 'RS256' | 'ES256';

/** How access tokens are signed. */
export type JwtAlgorithm = HmacAlgorithm | AsymmetricAlgorithm;
