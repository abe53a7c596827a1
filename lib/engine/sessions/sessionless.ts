import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../../platform/common/clock.js';
import type { Account, UserId } from '../../platform/data/entities/base-user.entity.js';
import { additionalClaims } from '../hooks/access-claims.js';
import { Hooks } from '../hooks/hooks.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import { type IssuedTokens, type SessionSnapshot, SessionTokens } from '../tokens/session-tokens.js';
import type { SessionOpener } from './session-opener.js';

/**
 * Level basic: an access token and nothing behind it, so nothing that could end it before its time. The id of such a
 * session is for the application's hooks alone: no row and no token has it.
 */
@Injectable()
export class Sessionless implements SessionOpener<IssuedTokens> {
  constructor(
    private readonly sessionTokens: SessionTokens,
    private readonly users: UsersStore,
    private readonly hooks: Hooks,
    private readonly clock: Clock,
  ) {}

  open(_manager: EntityManager, userId: UserId): Promise<SessionSnapshot> {
    return Promise.resolve(this.nowFor(userId));
  }

  openWithPassword({ id }: Account): Promise<SessionSnapshot> {
    return Promise.resolve(this.nowFor(id));
  }

  async pair(session: SessionSnapshot): Promise<IssuedTokens> {
    return this.sessionTokens.sessionless(session.userId, await additionalClaims(this.hooks, this.users, session));
  }

  private nowFor(userId: UserId): SessionSnapshot {
    const now = new Date(this.clock.now());
    const id = uuidv7({ msecs: now.getTime() });
    return { id, userId, generation: 0, startedAt: now, rotatedAt: now, expiresAt: now };
  }
}
