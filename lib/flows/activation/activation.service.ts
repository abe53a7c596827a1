import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuthError } from '../../platform/common/auth.errors.js';
import { Clock } from '../../platform/common/clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { SignupPayload } from '../../platform/data/entities/base-user-token.entity.js';
import { EventLog } from '../../engine/events/event-log.js';
import { Hooks } from '../../engine/hooks/hooks.js';
import type { Device } from '../../platform/common/device.js';
import { LinkIssuer, type LinkRow } from '../../engine/links/link-issuer.js';
import { Links } from '../../engine/mail/links.js';
import { Outbox } from '../../engine/mail/outbox.js';
import { AccountFields } from '../../engine/accounts/account-fields.js';
import { restoreFields } from '../../platform/common/stored-fields.js';
import { SessionService } from '../../engine/sessions/session.service.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { Database } from '../../platform/data/store/database.js';
import { isUniqueViolation } from '../../platform/data/store/database-errors.js';
import { TokensStore } from '../../platform/data/store/tokens.store.js';
import { stateOf, UsersStore } from '../../platform/data/store/users.store.js';
import { UserColumns } from '../../platform/data/entities/user-columns.js';
import { LinkTokens } from '../../engine/tokens/link-tokens.js';
import type { TokenPair } from '../../engine/tokens/session-tokens.js';
import { UniformAnswer } from '../../engine/links/uniform-answer.js';
import { Traced } from '../../platform/common/traced.js';

/** What an activation gives. */
export interface ActivationResult {
  userId: UserId;
  tokens: TokenPair;
}

/** What a link can still do. */
export type ActivationLinkState = 'live' | 'already active' | 'invalid';

/** Activation: the mailed link proves the address, and the signup it belongs to becomes the account. */
@Injectable()
export class ActivationService {
  constructor(
    private readonly database: Database,
    private readonly users: UsersStore,
    private readonly columns: UserColumns,
    private readonly fields: AccountFields,
    private readonly tokens: TokensStore,
    private readonly linkTokens: LinkTokens,
    private readonly linkIssuer: LinkIssuer,
    private readonly links: Links,
    private readonly sessions: SessionService,
    private readonly outbox: Outbox,
    private readonly uniform: UniformAnswer,
    private readonly hooks: Hooks,
    private readonly events: EventLog,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * Activates the account and opens its first session.
   * @throws AuthError ACTIVATION_INVALID_TOKEN for an unknown, used, expired or foreign link alike;
   * SIGNUP_CONFLICT where a unique column of the signup was taken meanwhile, which leaves the link as it was; whatever a
   * hook throws, which leaves it too
   */
  @Traced('activation')
  async activate(token: string, device: Device): Promise<ActivationResult> {
    const session = await this.redeem(token, device, (manager, userId) => this.sessions.open(manager, userId, device));
    return { userId: session.userId, tokens: await this.sessions.pair(session) };
  }

  /** Activates the account without a session: what a page does, which must not hand out tokens. */
  @Traced('activation')
  activateWithoutSession(token: string, device: Device): Promise<UserId> {
    return this.redeem(token, device, (_, userId) => Promise.resolve(userId));
  }

  /** Looks at a link without consuming it. */
  async inspect(token: string): Promise<ActivationLinkState> {
    const hash = this.linkTokens.hash('activation', token);
    const link = hash && (await this.tokens.findByHash('activation', hash));
    if (!link) return 'invalid';
    if (link.usedAt !== null) return link.user.isActive ? 'already active' : 'invalid';
    return this.tokens.isLive(link) && !link.user.isActive ? 'live' : 'invalid';
  }

  /**
   * Sends a pending account a new link; always the same answer. Unless exactly one signup waits for the address, the
   * link is one to set a password: whoever asks again must not be handed the password of a stranger's signup.
   * @returns the link in mode C, else null
   */
  @Traced('activation.resend')
  async resend(email: string, device: Device): Promise<string | null> {
    const { link, isOwed } = await this.uniform.after(async () => {
      const [signup, another] = await this.waitingSignups(email);
      const newLink =
        signup && !another
          ? this.linkIssuer.issue('activation', this.config.activation.ttlSeconds, signup)
          : this.linkIssuer.issue('password-reset', this.config.passwordReset.ttlSeconds);
      return { link: newLink, isOwed: await this.insertForPending(email, newLink, device) };
    });
    this.outbox.wake();
    return isOwed && this.config.returnLinkInResponse ? (this.links.of(link) ?? null) : null;
  }

  private async redeem<T>(
    token: string,
    device: Device,
    finish: (manager: EntityManager, userId: UserId) => Promise<T>,
  ): Promise<T> {
    const hash = this.linkTokens.hash('activation', token);
    if (!hash) throw new AuthError('ACTIVATION_INVALID_TOKEN');
    await this.hooks.run('beforeActivation', async () => {
      const link = await this.tokens.findByHash('activation', hash);
      const isRedeemable = link && this.tokens.isLive(link) && stateOf(link.user) === 'pending';
      return isRedeemable ? { user: this.users.entityOf(link.user), device } : undefined;
    });
    return this.database.transaction(async (manager) => {
      if (!(await this.tokens.consume(manager, 'activation', hash))) throw new AuthError('ACTIVATION_INVALID_TOKEN');
      const link = await this.tokens.findByHash('activation', hash, manager);
      if (!link?.payload || !(await this.makeActive(manager, link.user.id, link.payload))) {
        throw new AuthError('ACTIVATION_INVALID_TOKEN');
      }
      // The other signups of this address, and their links, die with this one's success.
      await this.tokens.revokeAll(manager, link.user.id, ['activation', 'password-reset']);
      await this.events.record('user_activated', { userId: link.user.id, device, reason: 'activation' }, manager);
      await this.hooks.within(manager, 'afterActivation', link.user.id, { device, via: 'activation' });
      return finish(manager, link.user.id);
    });
  }

  /** @throws AuthError SIGNUP_CONFLICT: a second signup of an address may state what another account has taken by now */
  private makeActive(manager: EntityManager, userId: UserId, signup: SignupPayload): Promise<boolean> {
    const { passwordHash } = signup;
    const changes = { passwordHash, isActive: true, emailVerifiedAt: new Date(this.clock.now()) };
    const fields = { ...this.fields.emptySignup(), ...restoreFields(signup) };
    // Never an account that was active before: a link cannot undo a deactivation.
    return this.users.update(manager, userId, changes, 'pending', fields).catch((error: unknown) => {
      throw isUniqueViolation(error) ? new AuthError('SIGNUP_CONFLICT', { cause: error }) : error;
    });
  }

  private insertForPending(email: string, link: LinkRow, device: Device): Promise<boolean> {
    return this.database.transaction(async (manager) => {
      await this.tokens.revokeLinksOf(manager, email, 'password-reset');
      return this.linkIssuer.give(
        manager,
        (users) => users.where({ email, isActive: false }).where('user.emailVerifiedAt IS NULL'),
        link,
        { device, identifier: email, reason: 'activation-resend' },
      );
    });
  }

  /** The signups that wait for a link to the address, two at most: the question is whether there is more than one. */
  private async waitingSignups(email: string): Promise<SignupPayload[]> {
    const rows = await this.database.read((manager) =>
      this.tokens
        .owned(manager)
        .select('token.payload', 'payload')
        .distinct()
        .where({ purpose: 'activation' })
        .andWhere(this.columns.translate('user.email = :email AND token.payload IS NOT NULL'), { email })
        .limit(2)
        .getRawMany<{ payload: string }>(),
    );
    return rows.map(({ payload }) => JSON.parse(payload) as SignupPayload);
  }
}
