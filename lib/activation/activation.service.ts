import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuthError } from '../auth.errors.js';
import { Clock } from '../clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../config/auth-config.js';
import type { SignupPayload } from '../entities/base-user-token.entity.js';
import { EventLog } from '../events/event-log.js';
import { Hooks } from '../hooks/hooks.js';
import type { Device } from '../http/device.decorator.js';
import { LinkIssuer, type LinkRow } from '../mail/link-issuer.js';
import { Links } from '../mail/links.js';
import { Outbox } from '../mail/outbox.js';
import { AccountFields } from '../own-fields/account-fields.js';
import { restoreFields } from '../own-fields/stored-fields.js';
import type { ProvedAccount } from '../session/session-opener.js';
import { SessionService } from '../session/session.service.js';
import type { UserId } from '../entities/base-user.entity.js';
import { Database } from '../store/database.js';
import { isUniqueViolation } from '../store/database-errors.js';
import { TokensStore } from '../store/tokens.store.js';
import type { UserQuery } from '../store/user-query.js';
import { stateOf, UsersStore } from '../store/users.store.js';
import { UserColumns } from '../entities/user-columns.js';
import { LinkTokens } from '../tokens/link-tokens.js';
import type { TokenPair } from '../tokens/session-tokens.js';
import { UniformAnswer } from '../uniform-answer.js';
import { Traced } from '../telemetry/traced.js';

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
   * Activates the account and opens its first session; where `beforeLogin` refuses that, the account is active all the
   * same.
   * @throws AuthError ACTIVATION_INVALID_TOKEN for an unknown, used, expired or foreign link alike;
   * SIGNUP_CONFLICT where a unique column of the signup was taken meanwhile, which leaves the link as it was; whatever a
   * hook throws, which leaves it too
   */
  @Traced('activation')
  async activate(token: string, device: Device): Promise<ActivationResult> {
    const account = await this.redeem(token, device);
    return { userId: account.id, tokens: await this.sessions.signIn(account, device, 'activation') };
  }

  /** Activates the account without a session: what a page does, which must not hand out tokens. */
  @Traced('activation')
  async activateWithoutSession(token: string, device: Device): Promise<void> {
    await this.redeem(token, device);
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

  private async redeem(token: string, device: Device): Promise<ProvedAccount> {
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
      return { id: link.user.id, passwordHash: link.payload.passwordHash };
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
    const pending = (users: UserQuery) => users.where({ email, isActive: false }).where('user.emailVerifiedAt IS NULL');
    return this.database.transaction(async (manager) => {
      await this.tokens.revokeLinksOf(manager, pending, 'password-reset');
      const facts = { device, identifier: email, reason: 'activation-resend' };
      return this.linkIssuer.give(manager, pending, link, facts);
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
