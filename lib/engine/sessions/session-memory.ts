import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '../../platform/common/clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import type { SessionState } from './session-state.js';

const MAX_SESSIONS = 10_000;

/**
 * Remembers checked sessions for `sessionCheck.cacheSeconds`. What ends a session in this process is forgotten at
 * once; what another instance ends, or a check that was under way meanwhile brings back, when the time is over. Off by default.
 */
@Injectable()
export class SessionMemory {
  private readonly sessions?: LRUCache<string, SessionState>;

  constructor(
    @Inject(AUTH_CONFIG) config: AuthConfig,
    private readonly clock: Clock,
  ) {
    const ttl = config.sessionCheck.cacheSeconds * 1000;
    if (ttl > 0) this.sessions = new LRUCache({ max: MAX_SESSIONS, ttl, perf: clock });
  }

  /** Undefined past the end the session had when it was checked: a refresh, in whatever instance, may have moved it. */
  recall(sessionId: string): SessionState | undefined {
    const state = this.sessions?.get(sessionId);
    return state && state.expiresAt > this.clock.now() ? state : undefined;
  }

  remember(sessionId: string, state: SessionState): void {
    this.sessions?.set(sessionId, state);
  }

  forget(sessionId: string): void {
    this.sessions?.delete(sessionId);
  }

  forgetUser(userId: UserId): void {
    for (const [id, state] of this.sessions?.entries() ?? []) {
      if (String(state.userId) === String(userId)) this.forget(id);
    }
  }
}
