import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../config/auth-config.js';
import type { UserId } from '../entities/base-user.entity.js';
import { EventLog } from '../events/event-log.js';
import { LinkIssuer } from '../mail/link-issuer.js';
import { Links } from '../mail/links.js';
import { Outbox } from '../mail/outbox.js';
import { SessionService } from '../session/session.service.js';
import { Database } from '../store/database.js';
import { notDeactivated, TokensStore } from '../store/tokens.store.js';
import type { UserQuery } from '../store/user-query.js';
import { stateOf, UsersStore } from '../store/users.store.js';

/** Who acts, for the audit trail: an id or a name of the operator's own, never an address. */
export interface OperatorOptions {
  actor?: string;
}

/**
 * Stands for null in `emailVerifiedAt` of a deactivated account: with null it would look as if it still waited for its
 * link, which would then bring it back.
 */
const NEVER_VERIFIED = new Date(0);

/** What operators of an application do to accounts. None of it is a route: who may is for the application to say. */
@Injectable()
export class OperatorService {
  constructor(
    private readonly database: Database,
    private readonly users: UsersStore,
    private readonly tokens: TokensStore,
    private readonly sessions: SessionService,
    private readonly linkIssuer: LinkIssuer,
    private readonly links: Links,
    private readonly outbox: Outbox,
    private readonly events: EventLog,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** Ends every session and link of the account; no login and no link brings it back. False where it was not to be found, or deactivated before. */
  async deactivate(userId: UserId, { actor }: OperatorOptions = {}): Promise<boolean> {
    const done = await this.database.transaction(async (manager) => {
      const user = await this.users.findAccount(userId, manager);
      const changes = { isActive: false, emailVerifiedAt: user?.emailVerifiedAt ?? NEVER_VERIFIED };
      if (!user || !(await this.users.update(manager, userId, changes, 'not deactivated'))) return false;
      await this.sessions.endEverything(manager, userId);
      await this.events.record('user_archived', { userId, actor }, manager);
      return true;
    });
    this.sessions.forget(userId);
    return done;
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
    const { urlTemplate, ttlSeconds } = this.config.passwordReset;
    if (!mails && !urlTemplate && !this.config.backendLinks)
      throw new Error('A link must lead somewhere: set AUTH_PASSWORD_RESET_URL_TEMPLATE.');
    const issued = this.linkIssuer.issue('password-reset', ttlSeconds);
    const link = mails ? issued : { ...issued, mailDueAt: null };
    const owner = (users: UserQuery) => notDeactivated(users.where({ id: userId }));
    const isOwed = await this.database.transaction(async (manager) => {
      await this.tokens.revokeLinksOf(manager, owner, 'password-reset');
      return this.linkIssuer.give(manager, owner, link, { userId, reason: 'operator', actor });
    });
    this.outbox.wake();
    if (!isOwed) return undefined;
    return mails ? null : (this.links.of(link) ?? null);
  }
}
