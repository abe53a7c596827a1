import { setImmediate as nextTurn } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../platform/common/clock.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from '../../platform/data/store/account-entities.js';
import { Database } from '../../platform/data/store/database.js';
import { UserColumns } from '../../platform/data/entities/user-columns.js';
import { SessionMemory } from './session-memory.js';

/** What the guard must know of a session and its user on every request. */
export interface SessionState {
  userId: UserId;
  isEmailVerified: boolean;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/** A row of the guard's statement: drivers differ in how they return integers and booleans. */
interface StateRow {
  id: string;
  user_id: UserId;
  expires_at: string | number;
  revoked_at: string | number | null;
  email_verified_at: string | number | null;
  is_active: boolean | number;
}

/** Sessions that requests of one turn of the event loop ask for, and what the statement for all of them will find. */
interface Batch {
  readonly ids: Set<string>;
  readonly states: Promise<ReadonlyMap<string, SessionState>>;
}

/** Most sessions in one statement; a power of two. */
const MAX_BATCH = 64;

/**
 * Looks a session and its user up in one narrow statement by primary key, so that logout, a new password or a
 * deactivation bites on the very next request, in every instance (ASVS 7.4.1). Written as SQL because TypeORM's
 * find costs several times the query itself.
 *
 * Requests that arrive on the same turn of the event loop share the statement. It runs after the last of them came, so
 * none sees an older state than with a statement of its own, and a busy server does not pay a round trip for each.
 */
@Injectable()
export class SessionCheck {
  /** By number of sessions. */
  private readonly statements = new Map<number, string>();
  /** The batch that still takes sessions. */
  private open?: Batch;

  constructor(
    private readonly database: Database,
    private readonly memory: SessionMemory,
    private readonly clock: Clock,
    private readonly columns: UserColumns,
    @Inject(ACCOUNT_ENTITIES) private readonly entities: AccountEntities,
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
    const { statement, parameters } = this.statementFor(ids);
    const rows = await this.database.read((manager) => manager.query<StateRow[]>(statement, parameters));
    const states = new Map<string, SessionState>();
    for (const row of rows) {
      if (row.revoked_at !== null || !row.is_active) continue;
      const state = {
        userId: row.user_id,
        isEmailVerified: row.email_verified_at !== null,
        expiresAt: Number(row.expires_at),
      };
      states.set(row.id, state);
      this.memory.remember(row.id, state);
    }
    return states;
  }

  /** Filled up to a power of two, so that drivers and databases that keep statements prepared see few of them. */
  private statementFor(ids: readonly string[]): { statement: string; parameters: string[] } {
    const size = 2 ** Math.ceil(Math.log2(ids.length));
    const parameters = Array.from({ length: size }, (_, index) => ids[index] ?? ids[0]!);
    const statement = this.statements.get(size) ?? this.compose(parameters);
    this.statements.set(size, statement);
    return { statement, parameters };
  }

  private compose(ids: string[]): string {
    const { dataSource } = this.database;
    const translate = (path: string) => this.columns.translate(path);
    return dataSource
      .createQueryBuilder(this.entities.token, 'session')
      .innerJoin('session.user', 'user')
      .select('session.id', 'id')
      .addSelect(translate('user.id'), 'user_id')
      .addSelect('session.expiresAt', 'expires_at')
      .addSelect('session.revokedAt', 'revoked_at')
      .addSelect(translate('user.emailVerifiedAt'), 'email_verified_at')
      .addSelect(translate('user.isActive'), 'is_active')
      .where("session.id IN (:...ids) AND session.purpose = 'session'", { ids })
      .getQueryAndParameters()[0];
  }
}
