import { Injectable } from '@nestjs/common';
import { AuthError } from '../../platform/common/auth.errors.js';
import type { Account, UserId } from '../../platform/data/entities/base-user.entity.js';
import { EventLog } from '../events/event-log.js';
import type { Device } from '../../platform/common/device.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import { PasswordHasher } from './password-hasher.js';

/** The flows that ask for the password again. */
export type GuardedFlow = 'password-change' | 'account-deletion' | 'email-change';

/**
 * Asks a signed-in user for the password again before a step that an access token alone must not take: whoever finds
 * an unlocked device or steals a token could otherwise keep the account for good (ASVS 6.2.3, 7.5.1).
 */
@Injectable()
export class CurrentPassword {
  constructor(
    private readonly users: UsersStore,
    private readonly hasher: PasswordHasher,
    private readonly events: EventLog,
  ) {}

  /**
   * Exactly one Argon2 computation. The account comes with the hash that was verified: what the flow then writes must
   * depend on it, or a change in between would go unnoticed.
   * @throws AuthError PASSWORD_CURRENT_WRONG, also where the account is gone or deactivated by now; SERVICE_BUSY where
   * too many hashes wait
   */
  async verify(userId: UserId, password: string, flow: GuardedFlow, device: Device): Promise<Account> {
    const account = await this.users.findWithHash(userId);
    const isCorrect = await this.hasher.verify(account?.passwordHash, password);
    if (account && isCorrect && account.isActive) return account;
    // Somebody holds a session and does not know the password: a typing error, or a thief who tries.
    const event = flow === 'password-change' ? 'authn_password_change_fail' : 'authn_reauthentication_fail';
    await this.events.record(event, { userId, device, reason: flow });
    throw new AuthError('PASSWORD_CURRENT_WRONG');
  }
}
