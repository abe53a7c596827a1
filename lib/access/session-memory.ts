import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../config/auth-config.js';
import type { UserId } from '../entities/base-user.entity.js';
import type { SessionState } from './session-check.js';

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

  recall(sessionId: string): SessionState | undefined {
    const remembered = this.sessions.get(sessionId);
    return remembered && remembered.until > this.clock.now() ? remembered.state : undefined;
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
