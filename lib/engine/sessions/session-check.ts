import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/common/clock.js';
import { UserColumns } from '../../platform/data/entities/user-columns.js';
import { SessionsStore } from '../../platform/data/store/sessions.store.js';
import { SessionMemory } from './session-memory.js';
import { type SessionState, type SessionWithUser, stateOfEntity, stateOfRow } from './session-state.js';
import { endOfTurn, TurnBatch } from './turn-batch.js';

/**
 * Looks a session and its user up in one statement by primary key, so that logout, a new password or a deactivation
 * bites on the very next request, in every instance (ASVS 7.4.1). Requests of the same turn of the event loop share it
 * ({@link TurnBatch}). It is narrow; only for a handler that asks for the whole user is it the statement that loads that
 * user anyway.
 */
@Injectable()
export class SessionCheck {
  private readonly narrow = new TurnBatch<SessionWithUser>((ids) => this.findStates(ids));
  private readonly whole = new TurnBatch<SessionWithUser>((ids) => this.findWithUsers(ids));

  constructor(
    private readonly sessions: SessionsStore,
    private readonly memory: SessionMemory,
    private readonly clock: Clock,
    private readonly columns: UserColumns,
  ) {}

  /**
   * The state of a live session of an active user, else undefined.
   * @param wantsUser true to have the user along with it, where that saves a statement
   */
  async liveSession(sessionId: string, wantsUser = false): Promise<SessionWithUser | undefined> {
    const state = (await this.remembered(sessionId)) ?? (await this.load(sessionId, wantsUser));
    return state && state.expiresAt > this.clock.now() ? state : undefined;
  }

  /**
   * Requests of one turn go on together even where nothing is looked up: a busy server reads and answers many at a time
   * then, which takes a quarter less of it for each. What ends the session meanwhile holds for them.
   */
  private async remembered(sessionId: string): Promise<SessionState | undefined> {
    if (!this.memory.recall(sessionId)) return undefined;
    await endOfTurn();
    return this.memory.recall(sessionId);
  }

  /** Two requests of one session at the same moment: the second loads its user itself, since entities are not shared. */
  private load(sessionId: string, wantsUser: boolean): Promise<SessionWithUser | undefined> {
    return (wantsUser && !this.whole.has(sessionId) ? this.whole : this.narrow).load(sessionId);
  }

  private async findStates(ids: readonly string[]): Promise<ReadonlyMap<string, SessionState>> {
    const states = new Map<string, SessionState>();
    for (const row of await this.sessions.findStates(ids)) this.keep(states, row.id, stateOfRow(row));
    return states;
  }

  private async findWithUsers(ids: readonly string[]): Promise<ReadonlyMap<string, SessionWithUser>> {
    const states = new Map<string, SessionWithUser>();
    for (const session of await this.sessions.findWithUsers(ids)) {
      this.keep(states, session.id, stateOfEntity(session, this.columns), session.user);
    }
    return states;
  }

  /** The user belongs to one request, and may change meanwhile: it is not remembered. */
  private keep(states: Map<string, SessionWithUser>, id: string, state: SessionState | undefined, user?: object): void {
    if (!state) return;
    states.set(id, user ? { ...state, user } : state);
    this.memory.remember(id, state);
  }
}
