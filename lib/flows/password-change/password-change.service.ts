import { Injectable } from '@nestjs/common';
import { AuthError } from '../../platform/common/auth.errors.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { EventLog } from '../../engine/events/event-log.js';
import { Hooks } from '../../engine/hooks/hooks.js';
import type { Device } from '../../platform/common/device.js';
import { Outbox } from '../../engine/mail/outbox.js';
import { PasswordCheck } from '../../engine/passwords/password-check.js';
import { PasswordHasher } from '../../engine/passwords/password-hasher.js';
import { PasswordPolicy } from '../../engine/passwords/password-policy.js';
import { SessionEnder } from '../../engine/sessions/session-ender.js';
import type { Proof } from '../../engine/sign-in/proof.js';
import { provenState } from '../../platform/data/store/account-state.js';
import { Database } from '../../platform/data/store/database.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import { Traced } from '../../platform/common/traced.js';

/** The session that a change is asked for in; without one every session ends. */
export interface AskingSession {
  readonly id: string;
  /** False ends it with all others: the proof of the change opens another in its place. */
  readonly goesOn: boolean;
}

/** Password change: whoever is signed in and knows the password sets another. */
@Injectable()
export class PasswordChangeService {
  constructor(
    private readonly database: Database,
    private readonly users: UsersStore,
    private readonly passwords: PasswordCheck,
    private readonly policy: PasswordPolicy,
    private readonly hasher: PasswordHasher,
    private readonly ender: SessionEnder,
    private readonly outbox: Outbox,
    private readonly hooks: Hooks,
    private readonly events: EventLog,
  ) {}

  /**
   * Sets the new password; every other session and every link of the user dies, and the user is told by mail.
   * @returns what opens a session: whoever changed the password has just proved who they are
   * @throws AuthError PASSWORD_CURRENT_WRONG, which changes nothing; PASSWORD_REJECTED, naming `new_password`; whatever a
   * hook throws
   */
  @Traced('password_change')
  async change(
    userId: UserId,
    currentPassword: string,
    newPassword: string,
    device: Device,
    session?: AskingSession,
  ): Promise<Proof> {
    const attempt = { flow: 'password-change', device } as const;
    const account = await this.passwords.verifyCurrent(userId, currentPassword, attempt);
    await this.policy.assertAcceptable(newPassword, account, 'new_password');
    await this.hooks.run('beforePasswordChange', () => ({ user: this.users.entityOf(account), device }));
    const passwordHash = await this.hasher.hash(newPassword, device);
    await this.database.transaction(async (manager) => {
      // First, so that a login with the old password waits for the row, finds another hash and opens no session.
      // Of parallel changes one wins: for the others the password they verified is no longer the current one.
      if (!(await this.users.replaceHash(manager, account, passwordHash))) {
        throw new AuthError('PASSWORD_CURRENT_WRONG');
      }
      await this.ender.endEverything(manager, userId, session?.goesOn ? session.id : undefined);
      await this.outbox.owe(manager, userId, 'password-changed-notice', account.email);
      await this.events.record(
        'authn_password_change',
        { userId, sessionId: session?.id, device, reason: 'password-change' },
        manager,
      );
      await this.hooks.within(manager, 'afterPasswordChange', userId, { device });
    });
    const changed = { ...account, passwordHash };
    return { account: changed, amr: ['pwd'], via: 'password-change', stillHolds: provenState(changed) };
  }
}
