import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../platform/common/clock.js';
import { storableDevice } from '../../platform/common/device.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { Database } from '../../platform/data/store/database.js';
import { SessionsStore } from '../../platform/data/store/sessions.store.js';
import { TokensStore } from '../../platform/data/store/tokens.store.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import { additionalClaims } from '../hooks/access-claims.js';
import { EventLog } from '../events/event-log.js';
import { Hooks } from '../hooks/hooks.js';
import { type SessionSnapshot, SessionTokens, type TokenPair } from '../tokens/session-tokens.js';
import { expiryOf } from './session-life.js';
import { SessionLimit } from './session-limit.js';
import type { Opening, SessionOpener } from './session-opener.js';

/** Level complete: one row per signed-in device. */
@Injectable()
export class SessionWriter implements SessionOpener {
  constructor(
    private readonly database: Database,
    private readonly tokens: TokensStore,
    private readonly sessions: SessionsStore,
    private readonly users: UsersStore,
    private readonly sessionTokens: SessionTokens,
    private readonly hooks: Hooks,
    private readonly events: EventLog,
    private readonly limit: SessionLimit,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * Waits for a change of the account that is under way: a login that overlaps a new password, another address or a
   * deactivation must not outlive it.
   */
  async write({ stillHolds, amr, via, device }: Opening): Promise<SessionSnapshot | undefined> {
    const now = this.clock.now();
    const startedAt = new Date(now);
    const expiresAt = expiryOf(this.config, startedAt, startedAt);
    const id = this.tokens.newId();
    const payload = { amr, authenticatedAt: now };
    const row = {
      id,
      purpose: 'session' as const,
      createdAt: startedAt,
      expiresAt,
      payload,
      ...storableDevice(device),
    };
    const opened = await this.database.write((manager) => this.sessions.open(manager, stillHolds, row));
    if (!opened) return undefined;
    const { id: userId } = stillHolds;
    // A login has an event of its own.
    if (via !== 'login') {
      await this.events.record('session_created', { userId, sessionId: id, device, reason: via });
    }
    await this.limit.keep(userId, device, opened.others);
    return { id, userId, generation: 0, startedAt, rotatedAt: startedAt, expiresAt };
  }

  /** @throws AuthError SESSION_INVALID_TOKEN where the user is gone */
  async issue(session: SessionSnapshot): Promise<TokenPair> {
    return this.sessionTokens.pair(session, await additionalClaims(this.hooks, this.users, session));
  }
}
