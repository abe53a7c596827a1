import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuthError } from '../auth.errors.js';
import { Clock } from '../clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../config/auth-config.js';
import { EventLog } from '../events/event-log.js';
import { Hooks } from '../hooks/hooks.js';
import type { Device } from '../http/device.decorator.js';
import { LinkIssuer } from '../mail/link-issuer.js';
import { Links } from '../mail/links.js';
import { Outbox } from '../mail/outbox.js';
import { AccountFields } from '../own-fields/account-fields.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { PasswordPolicy } from '../passwords/password-policy.js';
import type { ProvedAccount } from '../session/session-opener.js';
import { SessionService } from '../session/session.service.js';
import type { Account } from '../entities/base-user.entity.js';
import { Database } from '../store/database.js';
import { notDeactivated, type OwnedToken, TokensStore } from '../store/tokens.store.js';
import type { UserQuery } from '../store/user-query.js';
import { stateOf, UsersStore } from '../store/users.store.js';
import { LinkTokens } from '../tokens/link-tokens.js';
import type { TokenPair } from '../tokens/session-tokens.js';
import { UniformAnswer } from '../uniform-answer.js';
import { Traced } from '../telemetry/traced.js';

/**
 * Password reset: the forgotten password, and the way out for everybody a lost activation mail has stranded, since the
 * mailed link proves the address just as well.
 */
@Injectable()
export class PasswordResetService {
  constructor(
    private readonly database: Database,
    private readonly users: UsersStore,
    private readonly fields: AccountFields,
    private readonly tokens: TokensStore,
    private readonly linkTokens: LinkTokens,
    private readonly linkIssuer: LinkIssuer,
    private readonly links: Links,
    private readonly hasher: PasswordHasher,
    private readonly policy: PasswordPolicy,
    private readonly sessions: SessionService,
    private readonly outbox: Outbox,
    private readonly uniform: UniformAnswer,
    private readonly hooks: Hooks,
    private readonly events: EventLog,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * Owes a reset link to the address, if it has an account that was not deactivated; the links before it die. The same
   * answer after the same statements, whether the address is known or not.
   * @returns the link in mode C, else null
   */
  @Traced('password_reset.request')
  async request(email: string, device: Device): Promise<string | null> {
    const link = this.linkIssuer.issue('password-reset', this.config.passwordReset.ttlSeconds);
    const owner = (users: UserQuery) => notDeactivated(users.where({ email }));
    const isOwed = await this.uniform.after(() =>
      this.database.transaction(async (manager) => {
        await this.tokens.revokeLinksOf(manager, owner, 'password-reset');
        const facts = { device, identifier: email, reason: 'password-reset' };
        return this.linkIssuer.give(manager, owner, link, facts);
      }),
    );
    this.outbox.wake();
    return isOwed && this.config.returnLinkInResponse ? (this.links.of(link) ?? null) : null;
  }

  /**
   * Sets the new password; every session and every other link of the user dies, and the user is told by mail.
   * @returns the pair of a new session, unless `beforeLogin` refuses that one alone, or null with `passwordReset.loginAfterReset: false`
   * @throws AuthError PASSWORD_RESET_INVALID_TOKEN for an unknown, used, expired or foreign link alike;
   * PASSWORD_REJECTED, and whatever a hook throws, which leave the link as it was
   */
  @Traced('password_reset.confirm')
  async confirm(token: string, newPassword: string, device: Device): Promise<TokenPair | null> {
    const account = await this.redeem(token, newPassword, device);
    const { loginAfterReset } = this.config.passwordReset;
    return loginAfterReset ? this.sessions.signIn(account, device, 'password-reset') : null;
  }

  /** The same without a session: what a page does, which must not hand out tokens. */
  @Traced('password_reset.confirm')
  async confirmWithoutSession(token: string, newPassword: string, device: Device): Promise<void> {
    await this.redeem(token, newPassword, device);
  }

  /** The user a live link belongs to, without consuming it; undefined for any other link. */
  async inspect(token: string): Promise<Account | undefined> {
    return (await this.liveLink(token))?.user;
  }

  private async redeem(token: string, newPassword: string, device: Device): Promise<ProvedAccount> {
    const link = await this.liveLink(token);
    if (!link) throw new AuthError('PASSWORD_RESET_INVALID_TOKEN');
    this.policy.assertAcceptable(newPassword, link.user, 'new_password');
    await this.hooks.run('beforePasswordReset', () => ({ user: this.users.entityOf(link.user), device }));
    const passwordHash = await this.hasher.hash(newPassword);
    await this.database.transaction(async (manager) => {
      if (!(await this.tokens.consume(manager, 'password-reset', link.tokenHash!))) {
        throw new AuthError('PASSWORD_RESET_INVALID_TOKEN');
      }
      await this.setPassword(manager, link.user, passwordHash);
      await this.tell(manager, link.user, device);
      await this.sessions.endEverything(manager, link.user.id);
      await this.outbox.owe(manager, link.user.id, 'password-changed-notice');
    });
    this.sessions.forget(link.user.id);
    this.outbox.wake();
    return { id: link.user.id, passwordHash };
  }

  /** A reset that activates is both: the application must not miss that the account came to life. */
  private async tell(manager: EntityManager, user: Account, device: Device): Promise<void> {
    const facts = { userId: user.id, device, reason: 'password-reset' };
    if (stateOf(user) === 'pending') {
      await this.events.record('user_activated', facts, manager);
      await this.hooks.within(manager, 'afterActivation', user.id, { device, via: 'password-reset' });
    }
    await this.events.record('authn_password_change', facts, manager);
    await this.hooks.within(manager, 'afterPasswordReset', user.id, { device });
  }

  private async setPassword(manager: EntityManager, user: Account, passwordHash: string): Promise<void> {
    const emailVerifiedAt = user.emailVerifiedAt ?? new Date(this.clock.now());
    const changes = { passwordHash, isActive: true, emailVerifiedAt };
    const fields = stateOf(user) === 'pending' ? this.fields.emptySignup() : {};
    if (await this.users.update(manager, user.id, changes, 'not deactivated', fields)) return;
    throw new AuthError('PASSWORD_RESET_INVALID_TOKEN');
  }

  private async liveLink(token: string): Promise<OwnedToken | undefined> {
    const hash = this.linkTokens.hash('password-reset', token);
    const link = hash && (await this.tokens.findByHash('password-reset', hash));
    return link && this.tokens.isLive(link) && stateOf(link.user) !== 'deactivated' ? link : undefined;
  }
}
