import { HttpException, Inject, Injectable } from '@nestjs/common';
import { EventLog } from '../../engine/events/event-log.js';
import { Hooks } from '../../engine/hooks/hooks.js';
import { Outbox } from '../../engine/mail/outbox.js';
import { SessionEnder } from '../../engine/sessions/session-ender.js';
import { expiryOf } from '../../engine/sessions/session-life.js';
import { SessionOpener } from '../../engine/sessions/session-opener.js';
import { SignIn } from '../../engine/sign-in/sign-in.js';
import {
  type RefreshClaims,
  type SessionSnapshot,
  SessionTokens,
  type TokenPair,
} from '../../engine/tokens/session-tokens.js';
import { AuthError } from '../../platform/common/auth.errors.js';
import { Clock } from '../../platform/common/clock.js';
import { Traced } from '../../platform/common/traced.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { Database } from '../../platform/data/store/database.js';
import { SessionsStore } from '../../platform/data/store/sessions.store.js';
import { TokensStore } from '../../platform/data/store/tokens.store.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import type { Device } from '../../platform/common/device.js';

/**
 * Refresh: a session goes on. Its refresh token rotates in place, one row per device (OAuth 2.0 Security BCP, RFC 9700,
 * section 4.14.2).
 */
@Injectable()
export class RefreshService {
  /** What was thrown when a session ended by it. */
  private readonly refusals = new WeakSet<HttpException>();

  constructor(
    private readonly database: Database,
    private readonly tokens: TokensStore,
    private readonly sessions: SessionsStore,
    private readonly users: UsersStore,
    private readonly sessionTokens: SessionTokens,
    private readonly opener: SessionOpener,
    private readonly ender: SessionEnder,
    private readonly signIn: SignIn,
    private readonly outbox: Outbox,
    private readonly hooks: Hooks,
    private readonly events: EventLog,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * Exchanges a refresh token for the next pair.
   * @throws AuthError SESSION_INVALID_TOKEN for anything but the current token, or the one before it within the grace time;
   * whatever `beforeLogin` refuses with, which ends the session; whatever `beforeRefresh` throws, which does not
   */
  @Traced('refresh')
  async refresh(refreshToken: string, device: Device): Promise<TokenPair> {
    const claims = this.sessionTokens.verifyRefresh(refreshToken);
    if (!claims) throw new AuthError('SESSION_INVALID_TOKEN');
    await this.refuseBanned(claims, device);
    const context = async () => {
      const user = await this.users.findById(claims.sub);
      return user ? { user, sessionId: claims.sid, device } : undefined;
    };
    await this.hooks.run('beforeRefresh', context);
    const session = (await this.rotate(claims)) ?? (await this.repeatOrRevoke(claims, device));
    await this.events.record('session_renewed', { userId: session.userId, sessionId: session.id, device });
    const pair = await this.opener.issue(session);
    await this.hooks.tell('afterRefresh', context);
    return pair;
  }

  /** True for what a refresh throws where there is no session to go on with: its cookies are of no use any more. */
  hasEnded(error: unknown): boolean {
    if (error instanceof AuthError && error.code === 'SESSION_INVALID_TOKEN') return true;
    return error instanceof HttpException && this.refusals.has(error);
  }

  /** A ban that began after the login: the session ends, with its access token. */
  private async refuseBanned({ sub: userId, sid: sessionId }: RefreshClaims, device: Device): Promise<void> {
    const refusal = await this.signIn.refusalOf(userId, device);
    if (!refusal) return;
    const isEnded = await this.database.write((manager) => this.ender.end(manager, sessionId));
    if (isEnded) await this.events.record('session_expired', { userId, sessionId, device, reason: 'refused' });
    this.refusals.add(refusal);
    throw refusal;
  }

  private async rotate(claims: RefreshClaims): Promise<SessionSnapshot | undefined> {
    const { sid: id, sub: userId, gen: generation } = claims;
    const rotatedAt = new Date(this.clock.now());
    const startedAt = new Date(claims.auth_time * 1000);
    const expiresAt = expiryOf(this.config, startedAt, rotatedAt);
    const isRotated = await this.database.write((manager) =>
      this.sessions.rotate(manager, { id, userId, generation }, rotatedAt, expiresAt),
    );
    if (!isRotated) return undefined;
    // `session.maxSeconds` is less than when the session began, and over: it has just ended, and nobody may remember it as it was.
    if (expiresAt <= rotatedAt) {
      await this.database.write((manager) => this.ender.end(manager, id));
      throw new AuthError('SESSION_INVALID_TOKEN');
    }
    return { id, userId, generation: generation + 1, startedAt, rotatedAt, expiresAt };
  }

  /** A genuine token that did not rotate: a lost answer or a second tab within the grace time, else a stolen token. */
  private async repeatOrRevoke(claims: RefreshClaims, device: Device): Promise<SessionSnapshot> {
    const session = await this.tokens.findById(claims.sid);
    if (!session || session.purpose !== 'session' || !this.tokens.isLive(session) || !session.user.isActive) {
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
    await this.revokeReused(session.id, session.user.id, device);
    throw new AuthError('SESSION_INVALID_TOKEN');
  }

  /** Zero is strict, even where the clock of the instance that rotated is ahead of ours. */
  private isInGrace(rotatedAt: Date): boolean {
    const { refreshGraceSeconds } = this.config.jwt;
    return refreshGraceSeconds > 0 && this.clock.now() < rotatedAt.getTime() + refreshGraceSeconds * 1000;
  }

  /** Token theft: committed before the 401 is thrown, and told to the owner once, however many replays arrive. */
  private async revokeReused(sessionId: string, userId: UserId, device: Device): Promise<void> {
    await this.database.transaction(async (manager) => {
      const isFirst = await this.ender.end(manager, sessionId);
      if (!isFirst) return;
      await this.outbox.owe(manager, userId, 'session-reuse-notice');
      await this.events.record('authn_token_reuse', { userId, sessionId, device }, manager);
    });
  }
}
