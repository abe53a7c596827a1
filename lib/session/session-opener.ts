import { AuthError } from '../auth.errors.js';
import type { Account, UserId } from '../entities/base-user.entity.js';
import type { EventLog } from '../events/event-log.js';
import type { LoginContext } from '../hooks/auth-hooks.js';
import type { Hooks } from '../hooks/hooks.js';
import type { Device } from '../http/device.decorator.js';
import type { UsersStore } from '../store/users.store.js';
import type { IssuedTokens, SessionSnapshot, TokenPair } from '../tokens/session-tokens.js';

/** An account, and the hash of a password that was just verified or set. */
export type ProvedAccount = Pick<Account, 'id' | 'passwordHash'>;

/** How somebody comes to a session, as hooks are told. */
type Way = LoginContext['via'];

/**
 * How a proof of identity becomes tokens. Level complete opens a session, a row; level basic hands out an access token
 * and keeps nothing.
 */
export abstract class SessionOpener<T extends IssuedTokens = TokenPair> {
  constructor(
    protected readonly users: UsersStore,
    protected readonly hooks: Hooks,
    protected readonly events: EventLog,
  ) {}

  /**
   * Signs in whom a flow has just activated or given a password, when its work is committed: what `beforeLogin` refuses
   * is the session, not the work.
   * @throws whatever `beforeLogin` throws; AuthError SESSION_INVALID_TOKEN where the account changed meanwhile
   */
  async signIn(account: ProvedAccount, device: Device, via: Way): Promise<T> {
    await this.askHook(account.id, device, via);
    const session = await this.openWithPassword(account, device);
    if (!session) throw new AuthError('SESSION_INVALID_TOKEN');
    await this.noteOpened(session, device);
    return this.pair(session);
  }

  /**
   * Asks `beforeLogin` whether the account may be signed in: every way to a session leads past here, or a ban would hold
   * on some of them only.
   * @param user the account as the hook gets it; else it is loaded, where there is a hook
   * @throws whatever the hook throws
   */
  async askHook(userId: UserId, device: Device, via: Way, user?: object): Promise<void> {
    try {
      await this.runHook(userId, device, via, user);
    } catch (error) {
      await this.events.record('authn_login_fail', { userId, device, reason: 'refused' });
      throw error;
    }
  }

  /** The same, without an event. */
  protected async runHook(userId: UserId, device: Device, via: Way, known?: object): Promise<void> {
    await this.hooks.run('beforeLogin', async () => {
      const user = known ?? (await this.users.findById(userId));
      return user ? { user, device, via } : undefined;
    });
  }

  /**
   * For a password that was just verified or set, but only while it still is the account's: a login that overlaps a
   * password change must not outlive it.
   * @returns undefined where the account changed meanwhile
   */
  abstract openWithPassword(account: ProvedAccount, device: Device): Promise<SessionSnapshot | undefined>;

  /** The tokens, with the claims the application adds. Never inside a transaction: its hook may ask the database. */
  abstract pair(session: SessionSnapshot): Promise<T>;

  /** Tells of a session that no login has opened. */
  protected abstract noteOpened(session: SessionSnapshot, device: Device): Promise<void>;
}
