import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../../platform/common/clock.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import { additionalClaims } from '../hooks/access-claims.js';
import { Hooks } from '../hooks/hooks.js';
import { type IssuedTokens, type SessionSnapshot, SessionTokens } from '../tokens/session-tokens.js';
import type { Opening, SessionOpener } from './session-opener.js';

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

  write({ stillHolds }: Opening): Promise<SessionSnapshot> {
    const now = new Date(this.clock.now());
    const id = uuidv7({ msecs: now.getTime() });
    const { id: userId } = stillHolds;
    return Promise.resolve({ id, userId, generation: 0, startedAt: now, rotatedAt: now, expiresAt: now });
  }

  async issue(session: SessionSnapshot): Promise<IssuedTokens> {
    return this.sessionTokens.sessionless(session.userId, await additionalClaims(this.hooks, this.users, session));
  }
}
