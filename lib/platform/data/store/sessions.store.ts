import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { dialectOf } from '../dialect.js';
import type { BaseUserToken } from '../entities/base-user-token.entity.js';
import type { UserId } from '../entities/base-user.entity.js';
import { UserColumns } from '../entities/user-columns.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from './account-entities.js';
import { Database } from './database.js';
import type { ProvenState } from './account-state.js';
import { type NewToken, TokensStore } from './tokens.store.js';

/** A session and what decides over its user; drivers differ in how they return integers and booleans. */
export interface SessionRow {
  id: string;
  user_id: UserId;
  created_at: string | number;
  /** JSON, or null for a session of a release that kept nothing. */
  payload: string | null;
  expires_at: string | number;
  revoked_at: string | number | null;
  email_verified_at: string | number | null;
  is_active: boolean | number;
}

/** MariaDB and MySQL know no OFFSET without a LIMIT. */
const WITHOUT_LIMIT = 2 ** 31 - 1;

/** A session that was opened. */
export interface OpenedSession {
  /** Live sessions of the account that the statement saw besides it; undefined where the database cannot say. */
  readonly others?: number;
}

const IS_NOT_ENDED = "token.purpose = 'session' AND token.revokedAt IS NULL";

const IS_ONE_OF = "session.id IN (:...ids) AND session.purpose = 'session'";

/** Reads and writes of the token rows that are sessions. Every method is one statement. */
@Injectable()
export class SessionsStore {
  /** The guard's statement, by number of sessions. */
  private readonly statements = new Map<number, string>();
  private countOfOthers?: string;

  constructor(
    private readonly database: Database,
    private readonly tokens: TokensStore,
    private readonly clock: Clock,
    private readonly columns: UserColumns,
    @Inject(ACCOUNT_ENTITIES) private readonly entities: AccountEntities,
  ) {}

  /**
   * What the guard must know of sessions and their users, by primary key. Written once for each number of sessions,
   * because TypeORM's find costs several times the query itself.
   */
  findStates(ids: readonly string[]): Promise<SessionRow[]> {
    const statement = this.statements.get(ids.length) ?? this.compose(ids);
    this.statements.set(ids.length, statement);
    return this.database.read((manager) => manager.query<SessionRow[]>(statement, [...ids]));
  }

  /**
   * Opens a session if the account is still in that state at this moment, in one statement.
   * @returns undefined where it is not
   */
  async open(manager: EntityManager, stillHolds: ProvenState, session: NewToken): Promise<OpenedSession | undefined> {
    const returning = (this.countOfOthers ??= this.composeCount());
    const { affected, records } = await this.tokens.insertReturning(
      manager,
      (users) => users.where(stillHolds),
      session,
      returning,
    );
    if (affected === 0) return undefined;
    return returning === '' ? {} : { others: Number(records[0]!['others']) };
  }

  /** Sessions with the whole entities of their users, for handlers that ask for them anyway. */
  findWithUsers(ids: readonly string[]): Promise<BaseUserToken[]> {
    return this.database.read((manager) =>
      manager
        .createQueryBuilder(this.entities.token, 'session')
        .select(['session.id', 'session.createdAt', 'session.payload', 'session.expiresAt', 'session.revokedAt'])
        .innerJoinAndSelect('session.user', 'user')
        .where(IS_ONE_OF, { ids })
        .getMany(),
    );
  }

  /** The live sessions of a user. */
  findLive(userId: UserId): Promise<BaseUserToken[]> {
    return this.database.read((manager) => this.live(manager, userId).getMany());
  }

  /**
   * The live sessions of a user beyond the `limit` that were used last, by the index on the user. In one order for
   * everybody, so that those who look at the same time choose the same ones.
   */
  async findBeyond(userId: UserId, limit: number): Promise<string[]> {
    const rows = await this.database.read((manager) =>
      this.live(manager, userId)
        .select('token.id', 'id')
        .orderBy('COALESCE(token.lastUsedAt, token.createdAt)', 'DESC')
        .addOrderBy('token.id', 'DESC')
        .offset(limit)
        .limit(WITHOUT_LIMIT)
        .getRawMany<{ id: string }>(),
    );
    return rows.map(({ id }) => id);
  }

  /**
   * Ends one session.
   * @param ownerId its owner as a condition of the statement, so that an id is no more than a name: who learns a stranger's
   * can do nothing with it, nor find out that it exists (IDOR; ASVS 8.2.2)
   * @returns false where it had ended already, or is not that user's
   */
  async revoke(manager: EntityManager, sessionId: string, ownerId?: UserId): Promise<boolean> {
    const now = new Date(this.clock.now());
    const statement = this.tokens
      .update(manager)
      .set({ revokedAt: now, payload: null })
      .where({ id: sessionId, purpose: 'session' })
      .andWhere('revokedAt IS NULL');
    if (ownerId !== undefined) {
      statement.andWhere('user = :ownerId AND expiresAt > :now', { ownerId, now: now.getTime() });
    }
    return (await statement.execute()).affected === 1;
  }

  /**
   * The one statement that lets exactly one of many parallel refreshes rotate a session of an active user.
   * @returns false where it is at another generation, has ended, or its user is not active
   */
  async rotate(
    manager: EntityManager,
    { id, userId, generation }: { id: string; userId: UserId; generation: number },
    rotatedAt: Date,
    expiresAt: Date,
  ): Promise<boolean> {
    const owner = this.tokens.users(manager).where('user.id = :userId AND user.isActive = :isActive').subquery('1');
    const result = await this.tokens
      .update(manager)
      .set({ generation: () => 'generation + 1', lastUsedAt: rotatedAt, expiresAt })
      .where({ id, generation, purpose: 'session' })
      .andWhere('revokedAt IS NULL AND expiresAt > :now', { now: rotatedAt.getTime() })
      .andWhere(`EXISTS (${owner})`, { userId, isActive: true })
      .execute();
    return result.affected === 1;
  }

  private live(manager: EntityManager, userId: UserId): SelectQueryBuilder<BaseUserToken> {
    return this.tokens
      .select(manager)
      .where('token.user = :userId', { userId })
      .andWhere(IS_NOT_ENDED)
      .andWhere('token.expiresAt > :now', { now: this.clock.now() });
  }

  /** Counts the other live sessions of the account whose session was inserted. */
  private composeCount(): string {
    const { dataSource } = this.database;
    if (!dialectOf(dataSource).composesWrites) return '';
    const { tableName, columns } = dataSource.getMetadata(this.entities.token);
    const column = (property: string) => {
      const { databaseName } = columns.find(
        (each) => (each.relationMetadata?.propertyName ?? each.propertyName) === property,
      )!;
      return `${dataSource.driver.escape(tableName)}.${dataSource.driver.escape(databaseName)}`;
    };
    const others = this.tokens
      .select(dataSource.manager)
      .select('COUNT(*)')
      .where(`token.user = ${column('user')}`)
      .andWhere(IS_NOT_ENDED)
      // What is written now was created now.
      .andWhere(`token.expiresAt > ${column('createdAt')}`);
    return ` RETURNING (${others.getQuery()}) AS others`;
  }

  private compose(ids: readonly string[]): string {
    const translate = (path: string) => this.columns.translate(path);
    return this.database.dataSource
      .createQueryBuilder(this.entities.token, 'session')
      .innerJoin('session.user', 'user')
      .select('session.id', 'id')
      .addSelect(translate('user.id'), 'user_id')
      .addSelect('session.createdAt', 'created_at')
      .addSelect('session.payload', 'payload')
      .addSelect('session.expiresAt', 'expires_at')
      .addSelect('session.revokedAt', 'revoked_at')
      .addSelect(translate('user.emailVerifiedAt'), 'email_verified_at')
      .addSelect(translate('user.isActive'), 'is_active')
      .where(IS_ONE_OF, { ids })
      .getQueryAndParameters()[0];
  }
}
