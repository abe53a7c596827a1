import { Injectable } from '@nestjs/common';
import { UsersStore } from '../../platform/data/store/users.store.js';
import { SessionTokens } from '../tokens/session-tokens.js';
import { AccessTokenVerifier } from '../access/access-token-verifier.js';
import { type Principal, principalOf } from '../access/principal.js';
import { SessionCheck } from './session-check.js';

/** Level complete: one signature, and one statement that finds session and user still live. */
@Injectable()
export class SessionVerifier extends AccessTokenVerifier {
  constructor(
    private readonly sessionTokens: SessionTokens,
    private readonly sessionCheck: SessionCheck,
    private readonly users: UsersStore,
  ) {
    super();
  }

  async verify(token: string, wantsUser?: boolean): Promise<Principal | undefined> {
    const claims = this.sessionTokens.verifyAccess(token);
    const session = claims && (await this.sessionCheck.liveSession(claims.sid, wantsUser));
    // The user of the row, not of the token, is who the request acts for; they differ in no genuine token.
    if (!claims || !session || String(session.userId) !== claims.sub) return undefined;
    const { userId, isEmailVerified, amr, authenticatedAt, user } = session;
    const found = { userId, sessionId: claims.sid, isEmailVerified, amr, authenticatedAt, claims };
    return principalOf(found, () => (user ? Promise.resolve(user) : this.users.findById(userId)));
  }
}
