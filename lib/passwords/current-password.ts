import { Injectable } from '@nestjs/common';
import { AuthError } from '../auth.errors.js';
import type { Account, UserId } from '../entities/base-user.entity.js';
import { UsersStore } from '../store/users.store.js';
import { PasswordHasher } from './password-hasher.js';

/**
 * Asks a signed-in user for the password again before a step that an access token alone must not take: whoever finds
 * an unlocked device or steals a token could otherwise keep the account for good (ASVS 6.2.3, 7.5.1).
 */
@Injectable()
export class CurrentPassword {
  constructor(
    private readonly users: UsersStore,
    private readonly hasher: PasswordHasher,
  ) {}

  /**
   * Exactly one Argon2 computation. The account comes with the hash that was verified: what the flow then writes must
   * depend on it, or a change in between would go unnoticed.
   * @throws AuthError PASSWORD_CURRENT_WRONG, also where the account is gone or deactivated by now; SERVICE_BUSY where
   * too many hashes wait
   */
  async verify(userId: UserId, password: string): Promise<Account> {
    const account = await this.users.findWithHash(userId);
    const isCorrect = await this.hasher.verify(account?.passwordHash, password);
    if (!account || !isCorrect || !account.isActive) throw new AuthError('PASSWORD_CURRENT_WRONG');
    return account;
  }
}
