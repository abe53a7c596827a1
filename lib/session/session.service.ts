import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuthError } from '../auth.errors.js';
import { Clock } from '../clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../config/auth-config.js';
import type { BaseUserToken, TokenPurpose } from '../entities/base-user-token.entity.js';
import { SessionMemory } from '../access/session-memory.js';
import { EventLog } from '../events/event-log.js';
import { additionalClaims } from '../hooks/access-claims.js';
import { Hooks } from '../hooks/hooks.js';
import type { Device } from '../http/device.decorator.js';
import { Outbox } from '../mail/outbox.js';
import type { Account, UserId } from '../entities/base-user.entity.js';
import { Database } from '../store/database.js';
import { type NewToken, TokensStore } from '../store/tokens.store.js';
import { UsersStore } from '../store/users.store.js';
import { type RefreshClaims, type SessionSnapshot, SessionTokens, type TokenPair } from '../tokens/session-tokens.js';
import type { SessionOpener } from './session-opener.js';
import { Traced } from '../telemetry/traced.js';

const SESSION: TokenPurpose = 'session';

/**
 * What a new proof of identity ends. Links that undo a change of address are not among it: whoever has taken an account
 * over could otherwise take the way back from its owner, by a change of password or a second change of address.
 */
const ENDED_BY_PROOF: TokenPurpose[] = [SESSION, 'activation', 'password-reset', 'email-change'];

/**
 * Sessions: one row per signed-in device, whose refresh token rotates in place (OAuth 2.0 Security BCP, RFC 9700,
 * section 4.14.2). Opening and ending sessions is the one thing every flow may call.
 */
@Injectable()
export class SessionService implements SessionOpener {
  constructor(
    private readonly database: Database,
    private readonly tokens: TokensStore,
    private readonly users: UsersStore,
    private readonly sessionTokens: SessionTokens,
    private readonly memory: SessionMemory,
    private readonly outbox: Outbox,
    private readonly hooks: Hooks,
    private readonly events: EventLog,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * Opens a session inside a flow's transaction, for a user that the transaction has just written. The flow makes its
   * {@link pair} when this is committed.
   */
  async open(manager: EntityManager, userId: UserId, device: Device): Promise<SessionSnapshot> {
    const session = this.newSession(device);
    await this.tokens.insert(manager, userId, session);
    await this.events.record('session_created', { userId, sessionId: session.id, device }, manager);
    return firstGeneration(session, userId);
  }

  /**
   * Opens a session for a password that was just verified, but only if it still is the account's password at the
   * moment of writing: a login that overlaps a password change must not outlive it.
   * @returns undefined where the account changed meanwhile
   */
  async openWithPassword(account: Account, device: Device): Promise<SessionSnapshot | undefined> {
    const { id, passwordHash } = account;
    const session = this.newSession(device);
    const opened = await this.database.write((manager) =>
      this.tokens.insertFor(manager, (users) => users.where({ id, passwordHash, isActive: true }), session),
    );
    return opened ? firstGeneration(session, id) : undefined;
  }

  /**
   * The tokens of a session, with the claims the application adds. Never inside a transaction: its hook may ask the
   * database.
   * @throws AuthError SESSION_INVALID_TOKEN where the user is gone
   */
  async pair(session: SessionSnapshot): Promise<TokenPair> {
    return this.sessionTokens.pair(session, await additionalClaims(this.hooks, this.users, session));
  }

  /**
   * Exchanges a refresh token for the next pair.
   * @throws AuthError SESSION_INVALID_TOKEN for anything but the current token, or the one before it within the grace time
   */
  @Traced('refresh')
  async refresh(refreshToken: string, device: Device): Promise<TokenPair> {
    const claims = this.sessionTokens.verifyRefresh(refreshToken);
    if (!claims) throw new AuthError('SESSION_INVALID_TOKEN');
    const context = async () => {
      const user = await this.users.findById(claims.sub);
      return user ? { user, sessionId: claims.sid, device } : undefined;
    };
    await this.hooks.run('beforeRefresh', context);
    const session = (await this.rotate(claims)) ?? (await this.repeatOrRevoke(claims, device));
    await this.events.record('session_renewed', { userId: session.userId, sessionId: session.id, device });
    const pair = await this.pair(session);
    await this.hooks.tell('afterRefresh', context);
    return pair;
  }

  /**
   * Ends the session of a refresh token, or of an access token where the other is missing or no good.
   * @throws AuthError SESSION_INVALID_TOKEN where neither is genuine; ending an ended session is no error
   */
  @Traced('logout')
  async logout(credentials: { refreshToken?: string; accessToken?: string }, device: Device): Promise<void> {
    const { refreshToken, accessToken } = credentials;
    const claims =
      (refreshToken && this.sessionTokens.verifyRefresh(refreshToken)) ||
      (accessToken && this.sessionTokens.verifyAccess(accessToken));
    if (!claims) throw new AuthError('SESSION_INVALID_TOKEN');
    const isEnded = await this.database.write((manager) => this.revoke(manager, claims.sid));
    this.memory.forget(claims.sid);
    const facts = { userId: claims.sub, sessionId: claims.sid, device, reason: 'logout' };
    if (isEnded) await this.events.record('session_expired', facts);
  }

  /** Ends every session of a user, on every device. */
  @Traced('logout_all')
  async logoutAll(userId: UserId, device: Device): Promise<void> {
    await this.database.write((manager) => this.tokens.revokeAll(manager, userId, [SESSION]));
    this.memory.forgetUser(userId);
    await this.events.record('session_expired', { userId, device, reason: 'logout-all' });
  }

  /**
   * Ends all a user could present, sessions and links alike: for a flow that has just changed how the user proves
   * identity. The flow calls {@link forget} when this is committed.
   * @param exceptSessionId the session that the user goes on with
   */
  endEverything(manager: EntityManager, userId: UserId, exceptSessionId?: string): Promise<void> {
    return this.tokens.revokeAll(manager, userId, ENDED_BY_PROOF, exceptSessionId);
  }

  /** Makes the guard look at a user's sessions anew. Before the commit it would only remember the old state again. */
  forget(userId: UserId): void {
    this.memory.forgetUser(userId);
  }

  /** The one statement that lets exactly one of many parallel refreshes rotate the session. */
  private async rotate(claims: RefreshClaims): Promise<SessionSnapshot | undefined> {
    const rotatedAt = new Date(this.clock.now());
    const startedAt = new Date(claims.auth_time * 1000);
    const expiresAt = this.expiry(startedAt, rotatedAt);
    const rotated = await this.database.write(async (manager) => {
      const owner = this.users.select(manager).where('user.id = :userId AND user.isActive = :isActive').subquery('1');
      const result = await this.tokens
        .update(manager)
        .set({ generation: () => 'generation + 1', lastUsedAt: rotatedAt, expiresAt })
        .where({ id: claims.sid, generation: claims.gen, purpose: SESSION })
        .andWhere('revokedAt IS NULL AND expiresAt > :now', { now: rotatedAt.getTime() })
        .andWhere(`EXISTS (${owner})`, { userId: claims.sub, isActive: true })
        .execute();
      return result.affected === 1;
    });
    if (!rotated) return undefined;
    // `session.maxSeconds` is less than when the session began, and over: the statement has just ended the session.
    if (expiresAt <= rotatedAt) {
      this.memory.forget(claims.sid);
      throw new AuthError('SESSION_INVALID_TOKEN');
    }
    const { sid: id, sub: userId, gen } = claims;
    return { id, userId, generation: gen + 1, startedAt, rotatedAt, expiresAt };
  }

  /** A genuine token that did not rotate: a lost answer or a second tab within the grace time, else a stolen token. */
  private async repeatOrRevoke(claims: RefreshClaims, device: Device): Promise<SessionSnapshot> {
    const session = await this.tokens.findById(claims.sid);
    if (!session || session.purpose !== SESSION || !this.tokens.isLive(session) || !session.user.isActive) {
      throw new AuthError('SESSION_INVALID_TOKEN');
    }
    // Refused for another reason, such as a user who was deactivated just now; nothing was replayed.
    if (session.generation <= claims.gen) throw new AuthError('SESSION_INVALID_TOKEN');
    const rotatedAt = session.lastUsedAt ?? session.createdAt;
    if (session.generation === claims.gen + 1 && this.isInGrace(rotatedAt)) {
      const { id, generation, expiresAt } = session;
      const startedAt = new Date(claims.auth_time * 1000);
      return { id, userId: session.user.id, generation, startedAt, rotatedAt, expiresAt };
    }
    await this.revokeReused(session, session.user.id, device);
    throw new AuthError('SESSION_INVALID_TOKEN');
  }

  /** Zero is strict, even where the clock of the instance that rotated is ahead of ours. */
  private isInGrace(rotatedAt: Date): boolean {
    const { refreshGraceSeconds } = this.config.jwt;
    return refreshGraceSeconds > 0 && this.clock.now() < rotatedAt.getTime() + refreshGraceSeconds * 1000;
  }

  /** Token theft: committed before the 401 is thrown, and told to the owner once, however many replays arrive. */
  private async revokeReused(session: BaseUserToken, userId: UserId, device: Device): Promise<void> {
    const revoked = await this.database.transaction(async (manager) => {
      const isFirst = await this.revoke(manager, session.id);
      if (!isFirst) return false;
      await this.outbox.owe(manager, userId, 'session-reuse-notice');
      await this.events.record('authn_token_reuse', { userId, sessionId: session.id, device }, manager);
      return true;
    });
    this.memory.forget(session.id);
    if (revoked) this.outbox.wake();
  }

  private async revoke(manager: EntityManager, sessionId: string): Promise<boolean> {
    const result = await this.tokens
      .update(manager)
      .set({ revokedAt: new Date(this.clock.now()) })
      .where({ id: sessionId, purpose: SESSION })
      .andWhere('revokedAt IS NULL')
      .execute();
    return result.affected === 1;
  }

  private newSession(device: Device): NewToken & { id: string } {
    const createdAt = new Date(this.clock.now());
    const expiresAt = this.expiry(createdAt, createdAt);
    return { id: this.tokens.newId(), purpose: SESSION, createdAt, expiresAt, ...device };
  }

  /** Idle time from the last rotation, but never past the absolute life of the session (ASVS 7.3.1, 7.3.2). */
  private expiry(startedAt: Date, rotatedAt: Date): Date {
    const { jwt, session } = this.config;
    return new Date(
      Math.min(rotatedAt.getTime() + jwt.refreshTtlSeconds * 1000, startedAt.getTime() + session.maxSeconds * 1000),
    );
  }
}

function firstGeneration({ id, createdAt, expiresAt }: NewToken & { id: string }, userId: UserId): SessionSnapshot {
  return { id, userId, generation: 0, startedAt: createdAt, rotatedAt: createdAt, expiresAt };
}
