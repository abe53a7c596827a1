import type { Principal } from './principal.js';

/**
 * Finds out whom an access token speaks for. Each level has its own way: complete asks the database whether the session
 * is still live, basic trusts the signature until the token expires, none trusts whoever issued it elsewhere.
 */
export abstract class AccessTokenVerifier {
  /**
   * Undefined for a token that is not genuine, or no longer good.
   * @throws AuthError SERVICE_BUSY, SERVICE_FAILED or SERVICE_UNAVAILABLE where nobody can tell just now
   */
  abstract verify(token: string): Promise<Principal<unknown> | undefined>;
}
