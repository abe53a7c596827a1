import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuthError } from '../auth.errors.js';
import { AUTH_CONFIG, type AuthConfig } from '../config/auth-config.js';
import { Hooks } from '../hooks/hooks.js';
import type { Device } from '../http/device.decorator.js';
import { LinkIssuer, type LinkRow } from '../mail/link-issuer.js';
import { Links } from '../mail/links.js';
import { Outbox } from '../mail/outbox.js';
import { SignupFields } from '../own-fields/signup-fields.js';
import { type OwnFields, storeFields } from '../own-fields/stored-fields.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { PasswordPolicy } from '../passwords/password-policy.js';
import { SessionService } from '../session/session.service.js';
import type { UserId } from '../entities/base-user.entity.js';
import { Database } from '../store/database.js';
import { isUniqueViolation } from '../store/database-errors.js';
import { TokensStore } from '../store/tokens.store.js';
import { stateOf, UsersStore } from '../store/users.store.js';
import type { SessionSnapshot, TokenPair } from '../tokens/session-tokens.js';
import { UniformAnswer } from '../uniform-answer.js';

/** What a signup states: address and password, and any column of the application's user entity. */
export interface SignupInput {
  /** Canonical address. */
  email: string;
  password: string;
  [field: string]: unknown;
}

/** What a signup tells. With mail, always the same, whether the address was new or taken. */
export interface SignupResult {
  /** Null in the modes with mail. */
  userId: UserId | null;
  activationRequired: boolean;
  /** Mode C: the link. */
  activationUrl: string | null;
  /** Mode D: the session of the new account. */
  tokens: TokenPair | null;
}

const UNIFORM: SignupResult = Object.freeze({
  userId: null,
  activationRequired: true,
  activationUrl: null,
  tokens: null,
});

/** An account as a signup would make it, and where the signup comes from. */
interface Applicant {
  email: string;
  passwordHash: string;
  fields: OwnFields;
  device: Device;
}

/**
 * Signup. Each signup binds its own password and fields to its own link, and the link that is clicked decides which
 * of them becomes the account: whoever signed up with someone else's address gains nothing (pre-hijacking).
 */
@Injectable()
export class SignupService {
  constructor(
    private readonly database: Database,
    private readonly users: UsersStore,
    private readonly tokens: TokensStore,
    private readonly linkIssuer: LinkIssuer,
    private readonly hasher: PasswordHasher,
    private readonly policy: PasswordPolicy,
    private readonly fields: SignupFields,
    private readonly sessions: SessionService,
    private readonly outbox: Outbox,
    private readonly links: Links,
    private readonly uniform: UniformAnswer,
    private readonly hooks: Hooks,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * @throws AuthError PASSWORD_REJECTED, INPUT_INVALID for a field that is no column of the application's own,
   * SIGNUP_EMAIL_TAKEN (modes C and D), SIGNUP_CONFLICT where another unique column is taken; whatever a hook throws
   */
  async signup(input: SignupInput, device: Device): Promise<SignupResult> {
    const { email, password, ...fields } = input;
    this.fields.assertStorable(fields);
    const name = typeof fields['name'] === 'string' ? fields['name'] : undefined;
    this.policy.assertAcceptable(password, { email, name });
    await this.hooks.run('beforeSignup', () => ({ email, fields, device }));
    // Always, and before anything depends on the address: the time of the hash tells nothing about it.
    const applicant = { email, fields, passwordHash: await this.hasher.hash(password), device };
    if (this.config.autoActivate) return this.signUpActive(applicant);
    if (this.config.returnLinkInResponse)
      return this.openly(email, (manager) => this.createWithLink(manager, applicant));
    return this.uniform.after(() => this.register(applicant));
  }

  /** Modes C and D, never for production: a taken address is said to be taken. */
  private async openly<T>(email: string, create: (manager: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await this.database.transaction(create);
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      const isTaken = (await this.users.findByEmail(email)) !== null;
      throw new AuthError(isTaken ? 'SIGNUP_EMAIL_TAKEN' : 'SIGNUP_CONFLICT', { cause: error });
    }
  }

  private async signUpActive(applicant: Applicant): Promise<SignupResult> {
    const session = await this.openly(applicant.email, (manager) => this.createActive(manager, applicant));
    const tokens = await this.sessions.pair(session);
    return { userId: session.userId, activationRequired: false, activationUrl: null, tokens };
  }

  private async createActive(manager: EntityManager, applicant: Applicant): Promise<SessionSnapshot> {
    const userId = await this.create(manager, applicant, true);
    await this.hooks.within(manager, 'afterActivation', userId, { device: applicant.device, via: 'signup' });
    return this.sessions.open(manager, userId, applicant.device);
  }

  private async createWithLink(manager: EntityManager, applicant: Applicant): Promise<SignupResult> {
    const userId = await this.create(manager, applicant, false);
    const link = this.newLink(applicant);
    await this.tokens.insert(manager, userId, link);
    return { userId, activationRequired: true, activationUrl: this.links.of(link) ?? null, tokens: null };
  }

  /** Modes with mail: one row and one mail whatever the address is, and the same answer. */
  private async register(applicant: Applicant, isSecondTry = false): Promise<SignupResult> {
    try {
      const existing = await this.users.findByEmail(applicant.email);
      await this.database.transaction(async (manager) => {
        const userId = existing?.id ?? (await this.create(manager, applicant, false));
        if (existing && stateOf(existing) !== 'pending') await this.outbox.owe(manager, userId, 'account-exists');
        else await this.tokens.insert(manager, userId, this.newLink(applicant));
      });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      // A parallel signup was quicker: its row is there now. If it still is not, another unique column is taken.
      if (isSecondTry) throw new AuthError('SIGNUP_CONFLICT', { cause: error });
      return this.register(applicant, true);
    }
    this.outbox.wake();
    return UNIFORM;
  }

  private async create(manager: EntityManager, applicant: Applicant, isActive: boolean): Promise<UserId> {
    const { email, passwordHash, fields, device } = applicant;
    const userId = await this.users.insert(manager, { email, passwordHash, isActive }, fields);
    await this.hooks.within(manager, 'afterSignup', userId, { device });
    return userId;
  }

  private newLink({ passwordHash, fields }: Applicant): LinkRow {
    return this.linkIssuer.issue('activation', this.config.activation.ttlSeconds, {
      passwordHash,
      ...storeFields(fields),
    });
  }
}
