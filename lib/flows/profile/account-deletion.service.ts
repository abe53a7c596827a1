import { Injectable } from '@nestjs/common';
import { AuthError } from '../../platform/common/auth.errors.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { EventLog } from '../../engine/events/event-log.js';
import { Hooks } from '../../engine/hooks/hooks.js';
import type { Device } from '../../platform/common/device.js';
import { PasswordCheck } from '../../engine/passwords/password-check.js';
import { SessionEnder } from '../../engine/sessions/session-ender.js';
import { Database } from '../../platform/data/store/database.js';
import { TokensStore } from '../../platform/data/store/tokens.store.js';
import { provenState } from '../../platform/data/store/account-state.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import { Traced } from '../../platform/common/traced.js';

/** Users delete their own account. */
@Injectable()
export class AccountDeletionService {
  constructor(
    private readonly database: Database,
    private readonly users: UsersStore,
    private readonly tokens: TokensStore,
    private readonly passwords: PasswordCheck,
    private readonly ender: SessionEnder,
    private readonly hooks: Hooks,
    private readonly events: EventLog,
  ) {}

  /**
   * Deletes the account and every session, link and owed mail; the address is free for another signup. Tables of the
   * application that refer to the user go along or stand in the way as their foreign keys say.
   * @throws AuthError PASSWORD_CURRENT_WRONG, and whatever a hook throws, which change nothing
   */
  @Traced('account.deletion')
  async delete(userId: UserId, currentPassword: string, device: Device): Promise<void> {
    const attempt = { flow: 'account-deletion', device } as const;
    const account = await this.passwords.verifyCurrent(userId, currentPassword, attempt);
    await this.database.transaction(async (manager) => {
      // Of parallel deletions one wins.
      if (!(await this.users.lock(manager, provenState(account)))) throw new AuthError('PASSWORD_CURRENT_WRONG');
      await this.hooks.within(manager, 'beforeDeletion', userId, { device });
      // By itself: the application's schema may lack the cascade that its entity declares.
      await this.tokens.deleteAll(manager, userId);
      await this.users.delete(manager, userId);
      this.ender.forgetAfter(manager, userId);
      await this.events.record('user_deleted', { userId, device }, manager);
    });
    await this.hooks.tell('afterDeletion', () => ({ user: this.users.entityOf(account), device }));
  }
}
