import type { Account, UserId } from '../entities/base-user.entity.js';
import type { AccessClaims } from '../tokens/session-tokens.js';

/** Who makes a request: what the guard found, and what it can load. `@CurrentSession()` gives it to handlers. */
export interface Principal {
  readonly userId: UserId;
  readonly sessionId: string;
  readonly isEmailVerified: boolean;
  readonly claims: AccessClaims;
  /** The application's whole user entity; loaded when first asked for, once per request. */
  user(): Promise<Account>;
}

const principals = new WeakMap<object, Principal>();

/** Notes who makes a request. A WeakMap, because nothing in the request itself can then pretend to be it. */
export function setPrincipal(request: object, principal: Principal): void {
  principals.set(request, principal);
}

/** Who makes a request; undefined for guests and where no guard ran. */
export function getPrincipal(request: object): Principal | undefined {
  return principals.get(request);
}
