import { Inject, Injectable } from '@nestjs/common';
import type { ObjectLiteral } from 'typeorm';
import { Clock } from '../clock.js';
import type { UserId } from '../entities/base-user.entity.js';
import { UserColumns } from '../entities/user-columns.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from '../store/account-entities.js';
import { Database } from '../store/database.js';
import { SessionMemory } from './session-memory.js';
import { endOfTurn, TurnBatch } from './turn-batch.js';

/** What the guard must know of a session and its user on every request. */
export interface SessionState {
  userId: UserId;
  isEmailVerified: boolean;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/** A session whose user was found along with it: the application's own entity, of this request alone. */
export interface SessionWithUser extends SessionState {
  user?: object;
}

/** A row of the narrow statement: drivers differ in how they return integers and booleans. */
interface StateRow {
  id: string;
  user_id: UserId;
  expires_at: string | number;
  revoked_at: string | number | null;
  email_verified_at: string | number | null;
  is_active: boolean | number;
}

/**
 * Looks a session and its user up in one statement by primary key, so that logout, a new password or a deactivation
 * bites on the very next request, in every instance (ASVS 7.4.1). Requests of the same turn of the event loop share it
 * ({@link TurnBatch}). It is narrow and written as SQL, because TypeORM's find costs several times the query itself; only
 * for a handler that asks for the whole user is it the statement that loads that user anyway.
 */
@Injectable()
export class SessionCheck {
  /** By number of sessions. */
  private readonly statements = new Map<number, string>();
  private readonly narrow = new TurnBatch<SessionWithUser>((ids) => this.findStates(ids));
  private readonly whole = new TurnBatch<SessionWithUser>((ids) => this.findWithUsers(ids));

  constructor(
    private readonly database: Database,
    private readonly memory: SessionMemory,
    private readonly clock: Clock,
    private readonly columns: UserColumns,
    @Inject(ACCOUNT_ENTITIES) private readonly entities: AccountEntities,
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

  private async findStates(ids: string[]): Promise<ReadonlyMap<string, SessionState>> {
    const statement = this.statements.get(ids.length) ?? this.compose(ids);
    this.statements.set(ids.length, statement);
    const rows = await this.database.read((manager) => manager.query<StateRow[]>(statement, ids));
    const states = new Map<string, SessionState>();
    for (const row of rows) {
      if (row.revoked_at !== null || !row.is_active) continue;
      const { id, user_id: userId } = row;
      const state = { userId, isEmailVerified: row.email_verified_at !== null, expiresAt: Number(row.expires_at) };
      states.set(id, state);
      this.memory.remember(id, state);
    }
    return states;
  }

  private async findWithUsers(ids: string[]): Promise<ReadonlyMap<string, SessionWithUser>> {
    const sessions = await this.database.read((manager) =>
      manager
        .createQueryBuilder(this.entities.token, 'session')
        .select(['session.id', 'session.expiresAt', 'session.revokedAt'])
        .innerJoinAndSelect('session.user', 'user')
        .where(IS_ONE_OF, { ids })
        .getMany(),
    );
    const states = new Map<string, SessionWithUser>();
    for (const { id, expiresAt, revokedAt, user } of sessions) {
      const account = this.columns.toAccount(user as ObjectLiteral);
      if (revokedAt !== null || !account.isActive) continue;
      const { id: userId, emailVerifiedAt } = account;
      const state = { userId, isEmailVerified: Boolean(emailVerifiedAt), expiresAt: expiresAt.getTime() };
      states.set(id, { ...state, user });
      // Without the user, who may change meanwhile and belongs to the request.
      this.memory.remember(id, state);
    }
    return states;
  }

  private compose(ids: string[]): string {
    const translate = (path: string) => this.columns.translate(path);
    return this.database.dataSource
      .createQueryBuilder(this.entities.token, 'session')
      .innerJoin('session.user', 'user')
      .select('session.id', 'id')
      .addSelect(translate('user.id'), 'user_id')
      .addSelect('session.expiresAt', 'expires_at')
      .addSelect('session.revokedAt', 'revoked_at')
      .addSelect(translate('user.emailVerifiedAt'), 'email_verified_at')
      .addSelect(translate('user.isActive'), 'is_active')
      .where(IS_ONE_OF, { ids })
      .getQueryAndParameters()[0];
  }
}

const IS_ONE_OF = "session.id IN (:...ids) AND session.purpose = 'session'";
