import { Injectable } from '@nestjs/common';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import { SessionTokens } from '../tokens/session-tokens.js';
import { AccessTokenVerifier } from './access-token-verifier.js';
import { type Principal, principalOf } from './principal.js';

/**
 * Level basic: the signature alone, no statement. A deactivated or deleted account is refused where a handler loads the
 * user, and anywhere else when the token expires.
 */
@Injectable()
export class SignatureVerifier extends AccessTokenVerifier {
  constructor(
    private readonly sessionTokens: SessionTokens,
    private readonly users: UsersStore,
  ) {
    super();
  }

  verify(token: string): Promise<Principal | undefined> {
    const claims = this.sessionTokens.verifySessionless(token);
    if (!claims) return Promise.resolve(undefined);
    const userId = this.users.keyOf(claims.sub);
    const isEmailVerified = claims['email_verified'] === true;
    return Promise.resolve(principalOf({ userId, isEmailVerified, claims }, () => this.activeUser(userId)));
  }

  private async activeUser(userId: UserId): Promise<object | null> {
    const user = await this.users.findById(userId);
    return user && this.users.accountOf(user).isActive ? user : null;
  }
}
