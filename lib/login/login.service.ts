import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { AuthError } from '../auth.errors.js';
import { EventLog } from '../events/event-log.js';
import { Hooks } from '../hooks/hooks.js';
import type { Device } from '../http/device.decorator.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { SessionOpener } from '../session/session-opener.js';
import type { Account } from '../entities/base-user.entity.js';
import { Database } from '../store/database.js';
import { UsersStore } from '../store/users.store.js';
import type { IssuedTokens, TokenPair } from '../tokens/session-tokens.js';
import { Traced } from '../telemetry/traced.js';
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
    private readonly hasher: PasswordHasher,
    private readonly sessions: SessionOpener<T>,
    private readonly hooks: Hooks,
    private readonly events: EventLog,
  ) {}

  /**
   * Exactly one Argon2 computation and the same answer for an unknown address or username, a wrong password and an
   * account that is not active: neither words nor time tell which of them have accounts (ASVS 6.3.8).
   * @throws AuthError INPUT_INVALID for what is neither address nor username, or both; LOGIN_INVALID_CREDENTIALS;
   * SERVICE_BUSY where too many logins wait; whatever `beforeLogin` throws
   */
  @Traced('login')
  async login(credentials: Credentials, device: Device): Promise<T> {
    const account = await this.authenticate(credentials, device);
    // After the password: a ban that anybody is told of would tell that there is an account.
    await this.sessions.askHook(account.id, device, 'login', this.users.entityOf(account));
    // Undefined where the password changed while we verified the old one, be it by a rehash: look again, once.
    const session =
      (await this.sessions.openWithPassword(account, device)) ??
      (await this.sessions.openWithPassword(await this.authenticate(credentials, device), device));
    if (!session) throw new AuthError('LOGIN_INVALID_CREDENTIALS');
    if (this.hasher.needsRehash(account.passwordHash)) await this.rehash(account, credentials.password);
    await this.events.record('authn_login_success', { userId: account.id, sessionId: session.id, device });
    const tokens = await this.sessions.pair(session);
    await this.hooks.tell('afterLogin', () => ({ user: this.users.entityOf(account), sessionId: session.id, device }));
    return tokens;
  }

  private async authenticate(credentials: Credentials, device: Device): Promise<Account> {
    const account = await this.find(credentials, device);
    // An account that may not log in is compared like one that does not exist, in the same time.
    const isCorrect = await this.hasher.verify(
      account?.isActive ? account.passwordHash : undefined,
      credentials.password,
    );
    if (account && isCorrect) return account;
    const reason = !account ? 'unknown' : account.isActive ? 'password' : 'inactive';
    const identifier = account ? undefined : statedIdentifier(credentials);
    await this.events.record('authn_login_fail', { userId: account?.id, identifier, device, reason });
    throw new AuthError('LOGIN_INVALID_CREDENTIALS');
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
  private async rehash(account: Account, password: string): Promise<void> {
    const key = `${account.id} ${account.passwordHash}`;
    if (this.renewed.has(key)) return;
    this.renewed.set(key, true);
    try {
      const passwordHash = await this.hasher.hash(password);
      await this.database.write((manager) => this.users.replaceHash(manager, account, passwordHash));
    } catch (error) {
      this.renewed.delete(key);
      this.logger.warn(`a password could not be hashed anew: ${error instanceof Error ? error.name : 'unknown error'}`);
    }
  }
}
