import { AuthError } from '../../platform/common/auth.errors.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import type { AccessClaims } from '../tokens/session-tokens.js';

/** Who makes a request: what the guard found, and what it can load. `@CurrentSession()` gives it to handlers. */
export interface Principal<U = object> {
  readonly userId: UserId;
  /** Absent below level complete, where a token belongs to no session. */
  readonly sessionId?: string;
  readonly isEmailVerified: boolean;
  /** How the session's owner proved who they are, by the names of RFC 8176; absent below level complete. */
  readonly amr?: readonly string[];
  /** When that was, in milliseconds since the epoch; absent below level complete. */
  readonly authenticatedAt?: number;
  readonly claims: AccessClaims;
  /** The application's whole user entity, loaded when first asked for, once per request; at level none, the claims. */
  user(): Promise<U>;
}

/** A principal that loads its user once, and refuses the request where `load` finds none. */
export function principalOf<U>(found: Omit<Principal, 'user'>, load: () => Promise<U | null>): Principal<U> {
  let loading: Promise<U> | undefined;
  const user = () => (loading ??= loadOrRefuse(load));
  return Object.freeze({ ...found, user });
}

/** Deleted, or at level basic deactivated, since the token was issued. */
async function loadOrRefuse<U>(load: () => Promise<U | null>): Promise<U> {
  const user = await load();
  if (!user) throw new AuthError('ACCESS_INVALID_TOKEN');
  return user;
}

const principals = new WeakMap<object, Principal<unknown>>();

/** Notes who makes a request. A WeakMap, because nothing in the request itself can then pretend to be it. */
export function setPrincipal(request: object, principal: Principal<unknown>): void {
  principals.set(request, principal);
}

/**
 * Who makes a request; undefined for guests and where no guard ran. At level none, `U` is AccessClaims. Of a request that
 * has opened a socket: who sent the message that was checked last.
 */
export function getPrincipal<U = object>(request: object): Principal<U> | undefined {
  return principals.get(request) as Principal<U> | undefined;
}
