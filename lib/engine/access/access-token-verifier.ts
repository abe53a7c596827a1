import type { Principal } from './principal.js';

/**
 * Finds out whom an access token speaks for. Each level has its own way: complete asks the database whether the session
 * is still live, basic trusts the signature until the token expires, none trusts whoever issued it elsewhere.
 */
export abstract class AccessTokenVerifier {
  /**
   * Undefined for a token that is not genuine, or no longer good.
   * @param wantsUser true where the user will be asked for: a verifier that asks the database anyway may load it at once
   * @throws AuthError SERVICE_BUSY, SERVICE_FAILED or SERVICE_UNAVAILABLE where nobody can tell just now
   */
  abstract verify(token: string, wantsUser?: boolean): Promise<Principal<unknown> | undefined>;
}
