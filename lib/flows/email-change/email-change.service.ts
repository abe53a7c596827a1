import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { EventLog } from '../../engine/events/event-log.js';
import { Hooks } from '../../engine/hooks/hooks.js';
import { type LinkRow, MailedLinks, takenAs } from '../../engine/links/mailed-links.js';
import { UniformAnswer } from '../../engine/links/uniform-answer.js';
import { Limits } from '../../engine/limits/limits.js';
import { Outbox } from '../../engine/mail/outbox.js';
import { PasswordCheck } from '../../engine/passwords/password-check.js';
import { SessionEnder } from '../../engine/sessions/session-ender.js';
import { AuthError } from '../../platform/common/auth.errors.js';
import { Clock } from '../../platform/common/clock.js';
import { Traced } from '../../platform/common/traced.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { Account, UserId } from '../../platform/data/entities/base-user.entity.js';
import { Database } from '../../platform/data/store/database.js';
import { isUniqueViolation } from '../../platform/data/store/database-errors.js';
import { LinksStore } from '../../platform/data/store/links.store.js';
import { TokensStore } from '../../platform/data/store/tokens.store.js';
import type { UserQuery } from '../../platform/data/store/user-query.js';
import { provenState } from '../../platform/data/store/account-state.js';
import { PendingAccountsStore } from '../../platform/data/store/pending-accounts.store.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import type { Device } from '../../platform/common/device.js';

/** What a confirmed change tells. */
export interface EmailChangeResult {
  /** The address of the account from now on. */
  email: string;
  /** Mode C: the link that takes the change back; else null. */
  undoUrl: string | null;
}

/** What a link of a change can still do, and the address it stands for. */
export type EmailChangeState = { state: 'live' | 'done'; address: string } | { state: 'invalid' };

/**
 * E-mail change: the new address proves itself by a link before anything changes, and the old one is told and can take
 * the change back, as it is the way into the account by a password reset.
 */
@Injectable()
export class EmailChangeService {
  constructor(
    private readonly database: Database,
    private readonly users: UsersStore,
    private readonly pending: PendingAccountsStore,
    private readonly tokens: TokensStore,
    private readonly linkRows: LinksStore,
    private readonly passwords: PasswordCheck,
    private readonly links: MailedLinks,
    private readonly ender: SessionEnder,
    private readonly outbox: Outbox,
    private readonly uniform: UniformAnswer,
    private readonly limits: Limits,
    private readonly hooks: Hooks,
    private readonly events: EventLog,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * Owes a link to the new address; one that was owed before no longer works. The same answer after the same statements,
   * whether the address is free, taken or the own one; the owner of a taken address is told, as at a signup.
   *
   * With `autoActivate` and no mail (mode D) nothing proves addresses: the change applies at once.
   * @param newEmail canonical
   * @returns the link in mode C, else null
   * @throws AuthError PASSWORD_CURRENT_WRONG; in mode D whatever a hook throws
   */
  @Traced('email_change.request')
  async request(userId: UserId, newEmail: string, currentPassword: string, device: Device): Promise<string | null> {
    const attempt = { flow: 'email-change', device } as const;
    const account = await this.passwords.verifyCurrent(userId, currentPassword, attempt);
    if (this.config.autoActivate && !this.config.sendsMail) {
      await this.changeAtOnce(account, newEmail, device);
      return null;
    }
    const link = this.links.newLink('email-change', { address: newEmail });
    const isOwed = await this.limits.countMail({ address: newEmail, device }, (mayMail) =>
      this.uniform.after(async () => mayMail && this.oweLink(account, newEmail, link, device)),
    );
    return isOwed ? this.links.shown(link) : null;
  }

  /**
   * Makes the address the link was mailed to that of the account; every session and other link of the user dies, and the
   * old address is told and can undo it. It opens no session: a mistyped address has put the link in a stranger's hands.
   * @throws AuthError EMAIL_CHANGE_ALREADY_DONE for a link that did it before; EMAIL_CHANGE_INVALID_TOKEN for an unknown,
   * expired or foreign link and a taken address alike; whatever a hook throws, which leaves the link as it was
   */
  @Traced('email_change.confirm')
  async confirm(token: string, device: Device): Promise<EmailChangeResult> {
    let undoUrl: string | null = null;
    const link = await this.links
      .redeem('email-change', token, {
        worksFor: ['active'],
        prepare: ({ user, payload }) => this.askHook(user, payload!.address, device),
        change: async (manager, { user, payload }) =>
          payload !== null && this.changeEmail(manager, user, payload.address, new Date(this.clock.now())),
        finish: async (manager, { user }) => {
          await this.ender.endEverything(manager, user.id);
          undoUrl = await this.leaveWayBack(manager, user);
          await this.tell(manager, user, device);
        },
      })
      .catch(takenAs('EMAIL_CHANGE_INVALID_TOKEN'));
    const { address } = link.payload!;
    // Every session has ended: what strangers tried under the new address must not keep its owner from the next login.
    await this.limits.forget({ ...link.user, email: address }, device);
    return { email: address, undoUrl };
  }

  /** What a link can still do; looking uses nothing up. */
  async inspect(token: string): Promise<EmailChangeState> {
    const found = await this.links.inspect('email-change', token, ['active']);
    if (found.state === 'invalid') return found;
    return { state: found.state, address: found.link.payload!.address };
  }

  /**
   * A link to a free address, a notice to the owner of a taken one. Who that is, is read beforehand: asked inside the
   * transaction, it would lock a row that is none of ours.
   */
  private async oweLink(account: Account, newEmail: string, link: LinkRow, device: Device): Promise<boolean> {
    const holder = await this.tokens.keyOf((users) => users.whereHolds(newEmail));
    // The account as the password was verified for it: a link must not outlive a reset, a change or an undo that overlaps
    // the request, and must not end one that was asked for since.
    const ours = (users: UserQuery) => users.where(provenState(account));
    const facts = { userId: account.id, device, reason: 'email-change' };
    const isOwn = newEmail === account.email;
    if (holder !== undefined) await this.outbox.oweAlone(isOwn ? undefined : holder, 'account-exists');
    return this.database.transaction(async (manager) => {
      const isGiven = holder === undefined && (await this.links.give(manager, ours, link, facts));
      // Also where the new address is taken: whether the link before still works would tell.
      await this.tokens.revokeLinksOf(manager, ours, 'email-change', link.id);
      return isGiven;
    });
  }

  /** The link that takes the change back goes to the address that the account had. */
  private async leaveWayBack(manager: EntityManager, user: Account): Promise<string | null> {
    const generation = await this.linkRows.nextGeneration(manager, user.id, 'email-change-undo');
    const undo = { ...this.links.newLink('email-change-undo', { address: user.email }), generation };
    await this.links.issueTo(manager, user.id, undo);
    return this.links.shown(undo);
  }

  /** An account that waits for its activation has proved nothing, and does not keep the owner of a mailbox from it. */
  private async changeEmail(
    manager: EntityManager,
    user: Account,
    address: string,
    emailVerifiedAt: Date | null,
  ): Promise<boolean> {
    await this.pending.makeWay(manager, address);
    return this.users.changeEmail(manager, user, address, emailVerifiedAt);
  }

  private async askHook(user: Account, newEmail: string, device: Device): Promise<void> {
    await this.hooks.run('beforeEmailChange', () => ({ user: this.users.entityOf(user), newEmail, device }));
  }

  /** Inside the transaction that gave the account another address; `user` is as it was before. */
  private async tell(manager: EntityManager, user: Account, device: Device): Promise<void> {
    const { id: userId, email: previousEmail } = user;
    await this.events.record(
      'user_updated',
      { userId, device, reason: 'email-change', attributes: ['email'] },
      manager,
    );
    await this.hooks.within(manager, 'afterEmailChange', userId, { device, previousEmail, via: 'email-change' });
  }

  /** A taken address changes nothing and is answered like a free one. */
  private async changeAtOnce(account: Account, newEmail: string, device: Device): Promise<void> {
    if (newEmail === account.email) return;
    await this.askHook(account, newEmail, device);
    try {
      await this.database.transaction(async (manager) => {
        // Thrown, so that nobody's signup is removed for a change that does not happen.
        if (!(await this.changeEmail(manager, account, newEmail, null))) throw new AuthError('PASSWORD_CURRENT_WRONG');
        await this.ender.endEverything(manager, account.id);
        await this.tell(manager, account, device);
      });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
    }
  }
}
