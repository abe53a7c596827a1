import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { ENDED_BY_PROOF } from '../../platform/common/purposes.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { Database } from '../../platform/data/store/database.js';
import { SessionsStore } from '../../platform/data/store/sessions.store.js';
import { TokensStore } from '../../platform/data/store/tokens.store.js';
import { SessionMemory } from './session-memory.js';

/** The one way sessions end before their time. What the guard remembers of them is forgotten when that is committed. */
@Injectable()
export class SessionEnder {
  constructor(
    private readonly database: Database,
    private readonly tokens: TokensStore,
    private readonly sessions: SessionsStore,
    private readonly memory: SessionMemory,
  ) {}

  /**
   * Ends all a user could present, sessions and links alike: for a flow that has just changed how the user proves
   * identity, inside its transaction.
   * @param exceptId the session that the user goes on with, or the link that has set the password
   */
  async endEverything(manager: EntityManager, userId: UserId, exceptId?: string): Promise<void> {
    await this.tokens.revokeAll(manager, userId, ENDED_BY_PROOF, exceptId);
    this.forgetAfter(manager, userId);
  }

  /** Ends every session of a user, and no link. */
  async endAll(manager: EntityManager, userId: UserId): Promise<void> {
    await this.tokens.revokeAll(manager, userId, ['session']);
    this.forgetAfter(manager, userId);
  }

  /**
   * Ends one session.
   * @param ownerId where the request must own it
   * @returns false where it had ended already, or is not that user's
   */
  async end(manager: EntityManager, sessionId: string, ownerId?: UserId): Promise<boolean> {
    const isEnded = await this.sessions.revoke(manager, sessionId, ownerId);
    this.database.afterCommit(manager, () => this.memory.forget(sessionId));
    return isEnded;
  }

  /** Before the commit the guard would only remember the old state again. */
  forgetAfter(manager: EntityManager, userId: UserId): void {
    this.database.afterCommit(manager, () => this.memory.forgetUser(userId));
  }
}
