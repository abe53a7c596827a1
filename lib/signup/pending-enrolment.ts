import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuthError } from '../auth.errors.js';
import { AUTH_CONFIG, type AuthConfig } from '../config/auth-config.js';
import type { Account, UserId } from '../entities/base-user.entity.js';
import { EventLog } from '../events/event-log.js';
import { Hooks } from '../hooks/hooks.js';
import { LinkIssuer, type LinkRow } from '../mail/link-issuer.js';
import { Links } from '../mail/links.js';
import { Outbox } from '../mail/outbox.js';
import { AccountFields } from '../own-fields/account-fields.js';
import { storeFields } from '../own-fields/stored-fields.js';
import { Database } from '../store/database.js';
import { isUniqueViolation } from '../store/database-errors.js';
import { TokensStore } from '../store/tokens.store.js';
import type { UserQuery } from '../store/user-query.js';
import { stateOf, UsersStore } from '../store/users.store.js';
import { UniformAnswer } from '../uniform-answer.js';
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
    const result = await enrolOpenly(this.database, this.users, email, (manager) =>
      this.createWithLink(manager, applicant),
    );
    // The link may be mailed as well: a mode that mails can be told to return it too.
    this.outbox.wake();
    return result;
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
