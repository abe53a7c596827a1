import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/common/clock.js';
import { SessionsStore } from '../../platform/data/store/sessions.store.js';
import { SessionMemory } from './session-memory.js';
import { type SessionState, stateOfRow } from './session-state.js';

/** Sessions that requests of one turn of the event loop ask for, and what the statement for all of them will find. */
interface Batch {
  readonly ids: Set<string>;
  readonly states: Promise<ReadonlyMap<string, SessionState>>;
}

/** Most sessions in one statement; a power of two. */
const MAX_BATCH = 64;

/**
 * Looks a session and its user up in one narrow statement by primary key, so that logout, a new password or a
 * deactivation bites on the very next request, in every instance (ASVS 7.4.1).
 *
 * Requests that arrive on the same turn of the event loop share the statement. It runs after the last of them came, so
 * none sees an older state than with a statement of its own, and a busy server does not pay a round trip for each.
 */
@Injectable()
export class SessionCheck {
  /** The batch that still takes sessions. */
  private open?: Batch;

  constructor(
    private readonly sessions: SessionsStore,
    private readonly memory: SessionMemory,
    private readonly clock: Clock,
  ) {}

  /** The state of a live session of an active user, else undefined. */
  async liveSession(sessionId: string): Promise<SessionState | undefined> {
    const state = this.memory.recall(sessionId) ?? (await this.load(sessionId));
    return state && state.expiresAt > this.clock.now() ? state : undefined;
  }

  private async load(sessionId: string): Promise<SessionState | undefined> {
    if (!this.open || this.open.ids.size >= MAX_BATCH) this.open = this.newBatch();
    const { ids, states } = this.open;
    ids.add(sessionId);
    return (await states).get(sessionId);
  }

  private newBatch(): Batch {
    const ids = new Set<string>();
    const run = async () => {
      await nextTurn();
      if (this.open === batch) this.open = undefined;
      return this.loadAll([...ids]);
    };
    const batch: Batch = { ids, states: run() };
    return batch;
  }

  private async loadAll(ids: readonly string[]): Promise<ReadonlyMap<string, SessionState>> {
    const states = new Map<string, SessionState>();
    for (const row of await this.sessions.findStates(ids)) {
      const state = stateOfRow(row);
      if (!state) continue;
      states.set(row.id, state);
      this.memory.remember(row.id, state);
    }
    return states;
  }
}
