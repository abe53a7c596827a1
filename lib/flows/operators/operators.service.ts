import { Inject, Injectable } from '@nestjs/common';
import { AccountFields } from '../../engine/accounts/account-fields.js';
import { AccountWriter } from '../../engine/accounts/account-writer.js';
import { EventLog } from '../../engine/events/event-log.js';
import { Limits } from '../../engine/limits/limits.js';
import { MailedLinks } from '../../engine/links/mailed-links.js';
import { Outbox } from '../../engine/mail/outbox.js';
import { PasswordHasher, UNUSABLE_PASSWORD_HASH } from '../../engine/passwords/password-hasher.js';
import { PasswordPolicy } from '../../engine/passwords/password-policy.js';
import { SessionEnder } from '../../engine/sessions/session-ender.js';
import { Clock } from '../../platform/common/clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { Database } from '../../platform/data/store/database.js';
import { NEVER_VERIFIED, stateOf } from '../../platform/data/store/account-state.js';
import { PendingAccountsStore } from '../../platform/data/store/pending-accounts.store.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import type { Device } from '../../platform/common/device.js';

/** Who acts, for the audit trail: an id or a name of the operator's own, never an address. */
export interface OperatorOptions {
  actor?: string;
}

/** An account that an operator makes, and any column of the application's user entity. */
export interface OperatorAccountInput {
  /** Canonical address. */
  email: string;
  /** Without one nobody can log in until a link of {@link OperatorsService.issueLink} sets it. */
  password?: string;
  [field: string]: unknown;
}

/** What an operator vouches for. */
export interface CreateAccountOptions extends OperatorOptions {
  /** True where the operator knows that the address is the owner's; else it counts as not verified. @default false */
  isEmailVerified?: boolean;
}

const NO_DEVICE: Device = { ip: null, userAgent: null };

/** What operators of an application do to accounts. None of it is a route: who may is for the application to say. */
@Injectable()
export class OperatorsService {
  constructor(
    private readonly database: Database,
    private readonly users: UsersStore,
    private readonly pending: PendingAccountsStore,
    private readonly accounts: AccountWriter,
    private readonly fields: AccountFields,
    private readonly policy: PasswordPolicy,
    private readonly hasher: PasswordHasher,
    private readonly ender: SessionEnder,
    private readonly links: MailedLinks,
    private readonly outbox: Outbox,
    private readonly limits: Limits,
    private readonly events: EventLog,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * Makes an active account, by the rules of a signup. One that waits for its activation under the address has proved
   * nothing, and makes room.
   * @returns its key
   * @throws AuthError PASSWORD_REJECTED; INPUT_INVALID for a field that is no column of the application's own;
   * SIGNUP_EMAIL_TAKEN, SIGNUP_CONFLICT; whatever a hook throws
   */
  async createAccount(input: OperatorAccountInput, options: CreateAccountOptions = {}): Promise<UserId> {
    const { email, password, ...fields } = input;
    const { actor, isEmailVerified = false } = options;
    this.fields.assertStorable(fields, 'signup');
    const name = typeof fields['name'] === 'string' ? fields['name'] : undefined;
    const owner = { email, name, username: this.fields.usernameIn(fields) };
    if (password !== undefined) await this.policy.assertAcceptable(password, owner);
    const passwordHash = password === undefined ? UNUSABLE_PASSWORD_HASH : await this.hasher.hash(password);
    const emailVerifiedAt = isEmailVerified ? new Date(this.clock.now()) : null;
    return this.accounts.openly(email, async (manager) => {
      await this.pending.makeWay(manager, email);
      const facts = { via: 'operator', device: NO_DEVICE, emailVerifiedAt, actor } as const;
      return this.accounts.createActive(manager, { email, passwordHash, fields }, facts);
    });
  }

  /**
   * Sets the password of an active account, by the rules of a password change: every session and link ends, the owner is
   * told by mail, and what was guessed before no longer counts.
   * @returns false where there is no such active account
   * @throws AuthError PASSWORD_REJECTED
   */
  async setPassword(userId: UserId, newPassword: string, { actor }: OperatorOptions = {}): Promise<boolean> {
    const account = await this.users.findAccount(userId);
    if (!account?.isActive) return false;
    await this.policy.assertAcceptable(newPassword, account, 'new_password');
    const passwordHash = await this.hasher.hash(newPassword);
    const isSet = await this.database.transaction(async (manager) => {
      if (!(await this.users.update(manager, userId, { passwordHash }, 'active'))) return false;
      await this.ender.endEverything(manager, userId);
      await this.outbox.owe(manager, userId, 'password-changed-notice', account.email);
      await this.events.record('authn_password_change', { userId, reason: 'operator', actor }, manager);
      return true;
    });
    // Who is helped this way may be whom strangers' guesses keep out.
    if (isSet) await this.limits.forget(account, NO_DEVICE);
    return isSet;
  }

  /** Ends every session and link of the account; no login and no link brings it back. False where it was not to be found, or deactivated before. */
  async deactivate(userId: UserId, { actor }: OperatorOptions = {}): Promise<boolean> {
    return this.database.transaction(async (manager) => {
      if (!(await this.users.deactivate(manager, userId))) return false;
      await this.ender.endEverything(manager, userId);
      await this.events.record('user_archived', { userId, actor }, manager);
      return true;
    });
  }

  /**
   * Undoes {@link deactivate}; what ended stays ended. An account whose address was never verified waits for a link
   * again, except in mode D: its password may be a stranger's. False where it was not deactivated.
   */
  reactivate(userId: UserId, { actor }: OperatorOptions = {}): Promise<boolean> {
    return this.database.transaction(async (manager) => {
      const user = await this.users.findAccount(userId, manager);
      if (!user || stateOf(user) !== 'deactivated') return false;
      const isVerified = user.emailVerifiedAt!.getTime() !== NEVER_VERIFIED.getTime();
      await this.users.update(manager, userId, {
        isActive: isVerified || this.config.autoActivate,
        emailVerifiedAt: isVerified ? user.emailVerifiedAt : null,
      });
      await this.events.record('user_reactivated', { userId, actor }, manager);
      return true;
    });
  }

  /**
   * Makes a link to set a password, which also activates a pending account. `mail` sends it to the address of the
   * account; `return` gives it to the caller alone, who then can take the account over: hand it on with care.
   * @returns the link with `return`, else null; undefined where the account does not exist or is deactivated
   * @throws Error where the mode sends no mail, or has no address for the link to lead to
   */
  async issueLink(
    userId: UserId,
    { deliver, actor }: OperatorOptions & { deliver: 'mail' | 'return' },
  ): Promise<string | null | undefined> {
    const mails = deliver === 'mail';
    if (mails && !this.config.sendsMail)
      throw new Error(`Mode ${this.config.mode} sends no mail: use deliver: 'return'.`);
    if (!mails && !this.config.passwordReset.urlTemplate && !this.config.backendLinks)
      throw new Error('A link must lead somewhere: set AUTH_PASSWORD_RESET_URL_TEMPLATE.');
    const issued = this.links.newLink('password-reset');
    const link = mails ? issued : { ...issued, mailDueAt: null };
    const facts = { userId, reason: 'operator', actor };
    const isOwed = await this.links.ask((users) => users.where({ id: userId }).whereReachable(), link, facts);
    if (!isOwed) return undefined;
    return mails ? null : this.links.urlOf(link);
  }
}
