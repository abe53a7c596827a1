import { type AdditionalClaims, OWN_CLAIMS } from './auth-hooks.js';

/**
 * The claims a hook returned, if the module may sign them: a hook that could state `sub` or `exp` would issue tokens for
 * others, or for ever.
 * @throws Error that names the claim; the type refuses it too, but claims may come from a table
 */
export function assertAdditional(claims: AdditionalClaims | undefined): Record<string, unknown> {
  const own = OWN_CLAIMS.filter((claim) => claims && claim in claims);
  if (own.length > 0) {
    throw new Error(
      `accessClaims returned ${own.join(', ')}, which the module sets itself: give the claim another name`,
    );
  }
  return claims ?? {};
}
