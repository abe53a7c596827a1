import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../clock.js';
import type { UserId } from '../entities/base-user.entity.js';
import { EventLog } from '../events/event-log.js';
import { additionalClaims } from '../hooks/access-claims.js';
import { Hooks } from '../hooks/hooks.js';
import { UsersStore } from '../store/users.store.js';
import { type IssuedTokens, type SessionSnapshot, SessionTokens } from '../tokens/session-tokens.js';
import { type ProvedAccount, SessionOpener } from './session-opener.js';

/**
 * Level basic: an access token and nothing behind it, so nothing that could end it before its time. The id of such a
 * session is for the application's hooks alone: no row and no token has it.
 */
@Injectable()
export class Sessionless extends SessionOpener<IssuedTokens> {
  constructor(
    private readonly sessionTokens: SessionTokens,
    users: UsersStore,
    hooks: Hooks,
    events: EventLog,
    private readonly clock: Clock,
  ) {
    super(users, hooks, events);
  }

  openWithPassword({ id }: ProvedAccount): Promise<SessionSnapshot> {
    return Promise.resolve(this.nowFor(id));
  }

  async pair(session: SessionSnapshot): Promise<IssuedTokens> {
    return this.sessionTokens.sessionless(session.userId, await additionalClaims(this.hooks, this.users, session));
  }

  /** There is nothing to tell of. */
  protected noteOpened(): Promise<void> {
    return Promise.resolve();
  }

  private nowFor(userId: UserId): SessionSnapshot {
    const now = new Date(this.clock.now());
    const id = uuidv7({ msecs: now.getTime() });
    return { id, userId, generation: 0, startedAt: now, rotatedAt: now, expiresAt: now };
  }
}
