import { Inject, Injectable } from '@nestjs/common';
import { AuthError } from '../auth.errors.js';
import { Clock } from '../clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../config/auth-config.js';
import type { Account, UserId } from '../entities/base-user.entity.js';
import { Hooks } from '../hooks/hooks.js';
import type { Device } from '../http/device.decorator.js';
import { LinkIssuer } from '../mail/link-issuer.js';
import { Links } from '../mail/links.js';
import { Outbox } from '../mail/outbox.js';
import { CurrentPassword } from '../passwords/current-password.js';
import { SessionService } from '../session/session.service.js';
import { Database } from '../store/database.js';
import { isUniqueViolation } from '../store/database-errors.js';
import { TokensStore } from '../store/tokens.store.js';
import type { UserQuery } from '../store/user-query.js';
import { UsersStore } from '../store/users.store.js';
import { UniformAnswer } from '../uniform-answer.js';
import { EmailChangeLinks } from './email-change.links.js';
import { Traced } from '../telemetry/traced.js';

/** What a confirmed change tells. */
export interface EmailChangeResult {
  /** The address of the account from now on. */
  email: string;
  /** Mode C: the link that takes the change back; else null. */
  undoUrl: string | null;
}

/**
 * E-mail change: the new address proves itself by a link before anything changes, and the old one is told and can take
 * the change back, as it is the way into the account by a password reset.
 */
@Injectable()
export class EmailChangeService {
  constructor(
    private readonly database: Database,
    private readonly users: UsersStore,
    private readonly tokens: TokensStore,
    private readonly currentPassword: CurrentPassword,
    private readonly changeLinks: EmailChangeLinks,
    private readonly linkIssuer: LinkIssuer,
    private readonly links: Links,
    private readonly sessions: SessionService,
    private readonly outbox: Outbox,
    private readonly uniform: UniformAnswer,
    private readonly hooks: Hooks,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * Owes a link to the new address, and ends the one that was owed before. The same answer after the same statements,
   * whether the address is free, taken or the own one; the owner of a taken address is told, as at a signup.
   *
   * With `autoActivate` and no mail (mode D) nothing proves addresses: the change applies at once.
   * @param newEmail canonical
   * @returns the link in mode C, else null
   * @throws AuthError PASSWORD_CURRENT_WRONG; in mode D whatever a hook throws
   */
  @Traced('email_change.request')
  async request(userId: UserId, newEmail: string, currentPassword: string, device: Device): Promise<string | null> {
    const account = await this.currentPassword.verify(userId, currentPassword, 'email-change', device);
    if (this.config.autoActivate && !this.config.sendsMail) {
      await this.changeAtOnce(account, newEmail, device);
      return null;
    }
    const link = this.linkIssuer.issue('email-change', this.config.emailChange.ttlSeconds, { address: newEmail });
    const { id, email, passwordHash } = account;
    const isOwed = await this.uniform.after(() =>
      this.database.transaction(async (manager) => {
        // The account as the password was verified for it: a link must not outlive a reset, a change or an undo that
        // overlaps the request, and must not end one that was asked for since.
        const ours = (users: UserQuery) => users.where({ id, email, passwordHash, isActive: true });
        // Also where the new address is taken: whether the link before still works would tell.
        await this.tokens.revokeLinksOf(manager, ours, 'email-change');
        const isIssued = await this.linkIssuer.give(
          manager,
          (users) => this.users.whereFree(ours(users), newEmail),
          link,
          { userId: id, device, reason: 'email-change' },
        );
        await this.outbox.oweTo(
          manager,
          (users) => this.users.whereHolds(users.where('user.id <> :id', { id }), newEmail),
          'account-exists',
        );
        return isIssued;
      }),
    );
    this.outbox.wake();
    return isOwed && this.config.returnLinkInResponse ? (this.links.of(link) ?? null) : null;
  }

  /**
   * Makes the address the link was mailed to that of the account; every session and other link of the user dies, and the
   * old address is told and can undo it. It opens no session: a mistyped address has put the link in a stranger's hands.
   * @throws AuthError EMAIL_CHANGE_INVALID_TOKEN for an unknown, used, expired or foreign link and a taken address alike;
   * whatever a hook throws, which leaves the link as it was
   */
  @Traced('email_change.confirm')
  async confirm(token: string, device: Device): Promise<EmailChangeResult> {
    const undo = this.linkIssuer.issue('email-change-undo', this.config.emailChange.undoTtlSeconds);
    const { address: email } = await this.changeLinks.redeem('email-change', token, device, {
      ask: ({ user, address }) => this.askHook(user, address, device),
      change: (manager, { user, address }) =>
        this.users.changeEmail(manager, user, address, new Date(this.clock.now())),
      finish: async (manager, { user }) => {
        const generation = await this.tokens.nextGeneration(manager, user.id, 'email-change-undo');
        await this.tokens.insert(manager, user.id, { ...undo, generation, payload: { address: user.email } });
      },
    });
    return { email, undoUrl: this.config.returnLinkInResponse ? (this.links.of(undo) ?? null) : null };
  }

  /** The new address of a live link, without consuming it; undefined for any other link. */
  inspect(token: string): Promise<string | undefined> {
    return this.changeLinks.inspect('email-change', token);
  }

  private async askHook(user: Account, newEmail: string, device: Device): Promise<void> {
    await this.hooks.run('beforeEmailChange', () => ({ user: this.users.entityOf(user), newEmail, device }));
  }

  /** A taken address changes nothing and is answered like a free one. */
  private async changeAtOnce(account: Account, newEmail: string, device: Device): Promise<void> {
    if (newEmail === account.email) return;
    await this.askHook(account, newEmail, device);
    try {
      await this.database.transaction(async (manager) => {
        await this.users.removePending(manager, newEmail);
        // Thrown, so that nobody's signup is removed for a change that does not happen.
        if (!(await this.users.changeEmail(manager, account, newEmail, null))) {
          throw new AuthError('PASSWORD_CURRENT_WRONG');
        }
        await this.sessions.endEverything(manager, account.id);
        await this.changeLinks.tell(manager, account, 'email-change', device);
      });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
    }
    this.sessions.forget(account.id);
  }
}
