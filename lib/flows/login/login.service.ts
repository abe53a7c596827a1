import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Hooks } from '../../engine/hooks/hooks.js';
import { PasswordCheck } from '../../engine/passwords/password-check.js';
import { PasswordHasher } from '../../engine/passwords/password-hasher.js';
import type { Proof } from '../../engine/sign-in/proof.js';
import { SignIn } from '../../engine/sign-in/sign-in.js';
import type { IssuedTokens, TokenPair } from '../../engine/tokens/session-tokens.js';
import { AuthError } from '../../platform/common/auth.errors.js';
import { Traced } from '../../platform/common/traced.js';
import type { Account } from '../../platform/data/entities/base-user.entity.js';
import { Database } from '../../platform/data/store/database.js';
import { provenState } from '../../platform/data/store/account-state.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import type { Device } from '../../platform/common/device.js';
import { type Credentials, identify, statedIdentifier } from './login-identifier.js';

/** Login: address or username, and password, become a session. */
@Injectable()
export class LoginService<T extends IssuedTokens = TokenPair> {
  private readonly logger = new Logger('AuthLogin');
  /** Accounts and hashes that are being renewed, or were a moment ago. */
  private readonly renewed = new LRUCache<string, true>({ max: 1000 });

  constructor(
    private readonly database: Database,
    private readonly users: UsersStore,
    private readonly passwords: PasswordCheck,
    private readonly hasher: PasswordHasher,
    private readonly signIn: SignIn<T>,
    private readonly hooks: Hooks,
  ) {}

  /**
   * Exactly one Argon2 computation and the same answer for an unknown address or username, a wrong password and an
   * account that is not active: neither words nor time tell which of them have accounts (ASVS 6.3.8).
   * @throws AuthError INPUT_INVALID for what is neither address nor username, or both; LOGIN_INVALID_CREDENTIALS;
   * SERVICE_BUSY where too many logins wait; whatever `beforeLogin` throws
   */
  @Traced('login')
  async login(credentials: Credentials, device: Device): Promise<T> {
    const proof = await this.prove(credentials, device);
    // Undefined where the account changed while we verified, be it by a rehash: look again, once.
    const tokens =
      (await this.signIn.tryOpen(proof, device)) ??
      (await this.signIn.tryOpen(await this.prove(credentials, device), device));
    if (!tokens) throw new AuthError('LOGIN_INVALID_CREDENTIALS');
    const { password } = credentials;
    if (this.hasher.needsRehash(proof.account.passwordHash, password)) {
      await this.rehash(proof.account, password, device);
    }
    return tokens;
  }

  private async prove(credentials: Credentials, device: Device): Promise<Proof> {
    const found = await this.find(credentials, device);
    const identifier = statedIdentifier(credentials);
    const attempt = { flow: 'login', device, identifier } as const;
    const account = await this.passwords.verify(found, credentials.password, attempt);
    return { account, amr: ['pwd'], via: 'login', stillHolds: provenState(account) };
  }

  private async find(credentials: Credentials, device: Device): Promise<Account | null> {
    if (!this.hooks.has('findUser')) {
      const { email, username } = identify(credentials, this.users.haveUsernames);
      return email === undefined ? this.users.findByUsername(username) : this.users.findByEmail(email);
    }
    const identifier = statedIdentifier(credentials);
    const found = await this.hooks.run('findUser', () => ({ identifier, device }));
    // One more statement either way, so that time does not tell whom the hook found.
    return found ? this.users.findWithHash(this.users.accountOf(found).id) : this.users.findByEmail('');
  }

  /** Lifts the stored hash to today's parameters; of many parallel logins, one does. Its failure never fails a login. */
  private async rehash(account: Account, password: string, device: Device): Promise<void> {
    const key = `${account.id} ${account.passwordHash}`;
    if (this.renewed.has(key)) return;
    this.renewed.set(key, true);
    try {
      const passwordHash = await this.hasher.hash(password, device);
      await this.database.write((manager) => this.users.replaceHash(manager, account, passwordHash));
    } catch (error) {
      this.renewed.delete(key);
      this.logger.warn(`a password could not be hashed anew: ${error instanceof Error ? error.name : 'unknown error'}`);
    }
  }
}
