import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../platform/common/clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import type { SessionState } from './session-state.js';

const MAX_SESSIONS = 10_000;

/** A checked session, and until when nobody looks again, in milliseconds since the epoch. */
interface Remembered {
  readonly state: SessionState;
  readonly until: number;
}

/**
 * Remembers checked sessions for `sessionCheck.cacheSeconds`. What ends a session in this process is forgotten at
 * once; what another instance ends, or a check that was under way meanwhile brings back, when the time is over. Off by default.
 */
@Injectable()
export class SessionMemory {
  /** In the order in which they were checked, which is the order in which they run out: the first one makes room. */
  private readonly sessions = new Map<string, Remembered>();
  private readonly lifeMs: number;

  constructor(
    @Inject(AUTH_CONFIG) config: AuthConfig,
    private readonly clock: Clock,
  ) {
    this.lifeMs = config.sessionCheck.cacheSeconds * 1000;
  }

  /** Undefined past the end the session had when it was checked: a refresh, in whatever instance, may have moved it. */
  recall(sessionId: string): SessionState | undefined {
    const now = this.clock.now();
    const remembered = this.sessions.get(sessionId);
    return remembered && Math.min(remembered.until, remembered.state.expiresAt) > now ? remembered.state : undefined;
  }

  remember(sessionId: string, state: SessionState): void {
    if (this.lifeMs === 0) return;
    this.sessions.delete(sessionId);
    if (this.sessions.size >= MAX_SESSIONS) this.forget(this.sessions.keys().next().value!);
    this.sessions.set(sessionId, { state, until: this.clock.now() + this.lifeMs });
  }

  forget(sessionId: string): void {
    this.sessions.delete(sessionId);
  }

  forgetUser(userId: UserId): void {
    for (const [id, { state }] of this.sessions) {
      if (String(state.userId) === String(userId)) this.forget(id);
    }
  }
}
