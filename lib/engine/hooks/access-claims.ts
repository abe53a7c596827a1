import { AuthError } from '../../platform/common/auth.errors.js';
import type { UsersStore } from '../../platform/data/store/users.store.js';
import type { SessionSnapshot } from '../tokens/session-tokens.js';
import { type AdditionalClaims, OWN_CLAIMS } from './auth-hooks.js';
import type { Hooks } from './hooks.js';

/**
 * The claims the application's hook adds to the access token of a session.
 * @throws AuthError SESSION_INVALID_TOKEN where the user is gone
 */
export async function additionalClaims(
  hooks: Hooks,
  users: UsersStore,
  { id: sessionId, userId }: SessionSnapshot,
): Promise<Record<string, unknown>> {
  const claims = await hooks.run('accessClaims', async () => {
    const user = await users.findById(userId);
    if (!user) throw new AuthError('SESSION_INVALID_TOKEN');
    return { user, sessionId };
  });
  return assertAdditional(claims);
}

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
