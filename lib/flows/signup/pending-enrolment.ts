import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuthError } from '../../platform/common/auth.errors.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { Account, UserId } from '../../platform/data/entities/base-user.entity.js';
import { EventLog } from '../../engine/events/event-log.js';
import { Hooks } from '../../engine/hooks/hooks.js';
import { LinkIssuer, type LinkRow } from '../../engine/links/link-issuer.js';
import { Links } from '../../engine/mail/links.js';
import { Outbox } from '../../engine/mail/outbox.js';
import { AccountFields } from '../../engine/accounts/account-fields.js';
import { storeFields } from '../../platform/common/stored-fields.js';
import { Database } from '../../platform/data/store/database.js';
import { isUniqueViolation } from '../../platform/data/store/database-errors.js';
import { TokensStore } from '../../platform/data/store/tokens.store.js';
import type { UserQuery } from '../../platform/data/store/user-query.js';
import { stateOf, UsersStore } from '../../platform/data/store/users.store.js';
import { UniformAnswer } from '../../engine/links/uniform-answer.js';
import { type Applicant, createAccount, type Enrolment, enrolOpenly, type SignupResult } from './enrolment.js';

const UNIFORM: SignupResult = Object.freeze({
  userId: null,
  activationRequired: true,
  activationUrl: null,
  tokens: null,
});

/**
 * Modes with a link: each signup binds its own password and fields to its own link, and the link that is clicked
 * decides which of them becomes the account. Whoever signed up with someone else's address gains nothing
 * (pre-hijacking).
 *
 * A username is in the link alone until then: a pending account has none. Otherwise nobody would have to own an address
 * to keep a name from everybody, and whether the next signup finds the name taken would tell whether the address of the
 * one before had an account.
 */
@Injectable()
export class PendingEnrolment implements Enrolment {
  constructor(
    private readonly database: Database,
    private readonly users: UsersStore,
    private readonly fields: AccountFields,
    private readonly tokens: TokensStore,
    private readonly linkIssuer: LinkIssuer,
    private readonly outbox: Outbox,
    private readonly links: Links,
    private readonly hooks: Hooks,
    private readonly events: EventLog,
    private readonly uniform: UniformAnswer,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  async enrol(applicant: Applicant): Promise<SignupResult> {
    if (!this.config.returnLinkInResponse) return this.uniform.after(() => this.register(applicant));
    const { email } = applicant;
    await this.assertUsernameFree(applicant);
    return enrolOpenly(this.database, this.users, email, (manager) => this.createWithLink(manager, applicant));
  }

  private async createWithLink(manager: EntityManager, applicant: Applicant): Promise<SignupResult> {
    const userId = await this.create(manager, applicant);
    const link = this.newLink(applicant);
    await this.tokens.insert(manager, userId, link);
    return { userId, activationRequired: true, activationUrl: this.links.of(link) ?? null, tokens: null };
  }

  /** Modes with mail: one row and one mail whatever the address is, and the same answer. */
  private async register(applicant: Applicant, isSecondTry = false): Promise<SignupResult> {
    // Before anything depends on the address: a taken username is told, and must tell nothing else.
    await this.assertUsernameFree(applicant);
    try {
      const existing = await this.users.findByEmail(applicant.email);
      await this.database.transaction(async (manager) => {
        if (existing) await this.join(manager, existing, applicant);
        else await this.createWithLink(manager, applicant);
      });
    } catch (error) {
      if (error instanceof AccountGone) return this.register(applicant, isSecondTry);
      if (!isUniqueViolation(error)) throw error;
      // A parallel signup was quicker: its row is there now. If it still is not, another unique column is taken.
      if (isSecondTry) throw new AuthError('SIGNUP_CONFLICT', { cause: error });
      return this.register(applicant, true);
    }
    this.outbox.wake();
    return UNIFORM;
  }

  /** A signup for an address that has an account. */
  private async join(manager: EntityManager, account: Account, applicant: Applicant): Promise<void> {
    const owner = (users: UserQuery) => users.where({ id: account.id });
    // Both wait for a deletion of the account that is under way, and then find nobody.
    const isThere =
      stateOf(account) === 'pending'
        ? await this.linkIssuer.give(manager, owner, this.newLink(applicant), {
            userId: account.id,
            device: applicant.device,
            reason: 'signup',
          })
        : await this.outbox.oweTo(manager, owner, 'account-exists');
    if (!isThere) throw new AccountGone();
  }

  private async create(manager: EntityManager, applicant: Applicant): Promise<UserId> {
    const fields = this.fields.withoutUsername(applicant.fields);
    const userId = await createAccount(manager, this.users, this.hooks, { ...applicant, fields }, false);
    await this.events.record('user_created', { userId, device: applicant.device }, manager);
    return userId;
  }

  /** Usernames are public: that one is taken may be told, whoever asks. */
  private async assertUsernameFree({ fields }: Applicant): Promise<void> {
    const username = this.fields.usernameIn(fields);
    if (username !== undefined && (await this.users.findByUsername(username))) throw new AuthError('SIGNUP_CONFLICT');
  }

  private newLink({ passwordHash, fields }: Applicant): LinkRow {
    return this.linkIssuer.issue('activation', this.config.activation.ttlSeconds, {
      passwordHash,
      ...storeFields(fields),
    });
  }
}

/** The account was deleted after it had been looked up. */
class AccountGone extends Error {}
