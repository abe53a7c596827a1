import { Inject, Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AccountFields } from '../../engine/accounts/account-fields.js';
import { AccountWriter } from '../../engine/accounts/account-writer.js';
import { type LinkRow, MailedLinks } from '../../engine/links/mailed-links.js';
import { UniformAnswer } from '../../engine/links/uniform-answer.js';
import { Outbox } from '../../engine/mail/outbox.js';
import { AuthError } from '../../platform/common/auth.errors.js';
import { type OwnFields, storeFields } from '../../platform/common/stored-fields.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { SignupPayload } from '../../platform/data/entities/base-user-token.entity.js';
import type { Account } from '../../platform/data/entities/base-user.entity.js';
import { Database } from '../../platform/data/store/database.js';
import { isUniqueViolation } from '../../platform/data/store/database-errors.js';
import { stateOf } from '../../platform/data/store/account-state.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import type { CheckedSignup, SignupOutcome, SignupWriter } from './signup-writer.js';

const UNIFORM: SignupOutcome = Object.freeze({
  userId: null,
  activationRequired: true,
  activationUrl: null,
  proof: null,
});

/**
 * Modes with a link: each signup binds its own password and fields to its own link, and the link that is clicked
 * decides which of them becomes the account. Whoever signed up with someone else's address gains nothing
 * (pre-hijacking).
 *
 * A username is in the link alone until then: a pending account has none. Otherwise nobody would have to own an address
 * to keep a name from everybody, and whether the next signup finds the name taken would tell whether the address of the
 * one before had an account. The same holds for other unique columns of the application. That the value of one is taken
 * is told to nobody but the reader of the mail, by the link: said at once, it would be said for new addresses only.
 */
@Injectable()
export class PendingSignup implements SignupWriter {
  private readonly logger = new Logger('AuthSignup');

  constructor(
    private readonly database: Database,
    private readonly users: UsersStore,
    private readonly accounts: AccountWriter,
    private readonly fields: AccountFields,
    private readonly links: MailedLinks,
    private readonly outbox: Outbox,
    private readonly uniform: UniformAnswer,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  async write(signup: CheckedSignup): Promise<SignupOutcome> {
    if (!this.config.returnLinkInResponse) {
      return this.uniform.after(async () => (signup.mayMail ? this.register(signup) : UNIFORM));
    }
    await this.assertUsernameFree(signup);
    const fields = this.fields.withoutUsername(signup.fields);
    return this.accounts.openly(signup.email, (manager) => this.createWithLink(manager, signup, fields));
  }

  private async createWithLink(
    manager: EntityManager,
    signup: CheckedSignup,
    fields: OwnFields,
  ): Promise<SignupOutcome> {
    const { email, passwordHash, device } = signup;
    const userId = await this.accounts.createPending(manager, { email, passwordHash, fields }, device);
    const link = this.newLink(signup, { madeAccount: true });
    await this.links.issueTo(manager, userId, link);
    return { userId, activationRequired: true, activationUrl: this.links.shown(link), proof: null };
  }

  /** Modes with mail: one row and one mail whatever the address is, and the same answer. */
  private async register(signup: CheckedSignup): Promise<SignupOutcome> {
    // Before anything depends on the address: a taken username is told, and must tell nothing else.
    await this.assertUsernameFree(signup);
    const held = this.fields.withoutUnique(signup.fields);
    // Refused by a unique index: a parallel signup was quicker, and its row is there now. Or a column is unique of which the
    // entity does not say so.
    const least = this.fields.onlyRequired(signup.fields);
    for (const fields of [held, least, least]) {
      const existing = await this.users.findByEmail(signup.email);
      // Joined in vain where the account was deleted just now: the address is free.
      if (await (existing ? this.join(existing, signup) : this.create(signup, fields))) return UNIFORM;
    }
    // Refused, it would tell that the address has no account: nothing is asked of one that has.
    this.logger.warn(
      'A signup was answered as always, but no row could be written, so that no mail follows: the address is that of a ' +
        'soft-deleted account, or a unique column that must not be null has the value already (docs/own-fields.md).',
    );
    return UNIFORM;
  }

  /** @returns false where a unique index refuses the row */
  private async create(signup: CheckedSignup, fields: OwnFields): Promise<boolean> {
    try {
      await this.database.transaction((manager) => this.createWithLink(manager, signup, fields));
      return true;
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      return false;
    }
  }

  /**
   * A signup for an address that has an account, whose owner must not wait for it: it may be a stranger's.
   * @returns false where the account is gone by now
   */
  private join(account: Account, signup: CheckedSignup): Promise<boolean> {
    const { id: userId } = account;
    if (stateOf(account) !== 'pending') return this.outbox.oweAlone(userId, 'account-exists');
    return this.links.offer(userId, this.newLink(signup), { userId, device: signup.device, reason: 'signup' });
  }

  /** Usernames are public: that one is taken may be told, whoever asks. */
  private async assertUsernameFree({ fields }: CheckedSignup): Promise<void> {
    const username = this.fields.usernameIn(fields);
    if (username !== undefined && (await this.users.findByUsername(username))) throw new AuthError('SIGNUP_CONFLICT');
  }

  private newLink({ passwordHash, fields }: CheckedSignup, origin?: Pick<SignupPayload, 'madeAccount'>): LinkRow {
    return this.links.newLink('activation', { passwordHash, ...storeFields(fields), ...origin });
  }
}
