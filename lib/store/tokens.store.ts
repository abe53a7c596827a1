import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager, ObjectLiteral, QueryDeepPartialEntity, SelectQueryBuilder } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../clock.js';
import type { BaseUserToken, TokenPayloads, TokenPurpose } from '../entities/base-user-token.entity.js';
import type { Account, UserId } from '../entities/base-user.entity.js';
import { UserColumns } from '../entities/user-columns.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from './account-entities.js';
import { Database } from './database.js';
import { insertFromSelect } from './insert-from-select.js';
import { UserQuery } from './user-query.js';

/** A row to be written. */
export type NewToken = Pick<BaseUserToken, 'purpose' | 'createdAt' | 'expiresAt'> &
  Partial<Omit<BaseUserToken, 'user'>>;

/** A token row together with its user, and with what rows of its purpose carry. */
export type OwnedToken<P extends TokenPurpose = TokenPurpose> = Omit<BaseUserToken, 'payload' | 'user'> & {
  payload: (P extends keyof TokenPayloads ? TokenPayloads[P] : never) | null;
  user: Account;
};

/** Reads and writes of the application's token table: sessions, links and owed mail. Every method is one statement. */
@Injectable()
export class TokensStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly columns: UserColumns,
    @Inject(ACCOUNT_ENTITIES) private readonly entities: AccountEntities,
  ) {}

  /** A time-ordered key (UUID v7, RFC 9562): new rows land at the end of the index. */
  newId(): string {
    return uuidv7({ msecs: this.clock.now() });
  }

  async insert(manager: EntityManager, userId: UserId, token: NewToken): Promise<void> {
    // TypeORM's partial type maps the JSON payload as if it were a relation.
    const row = {
      ...this.complete(token),
      user: this.columns.toEntity({ id: userId }),
    } as QueryDeepPartialEntity<BaseUserToken>;
    const statement = manager.createQueryBuilder().insert().into(this.entities.token).values(row);
    // Or TypeORM reads the row again where INSERT cannot return it.
    await statement.updateEntity(false).execute();
  }

  /**
   * Writes the row only if `owner` (a query over users under the alias `user`) still finds one at this moment.
   * The lock on the user makes it wait for a password change in flight, which then no longer matches.
   */
  async insertFor(manager: EntityManager, owner: (users: UserQuery) => UserQuery, token: NewToken): Promise<boolean> {
    const { connection } = manager;
    const { builder: users } = owner(this.users(manager));
    if (connection.options.type !== 'better-sqlite3') users.setLock('pessimistic_read');
    const target = connection.getMetadata(this.entities.token);
    const key = { property: 'user', from: this.columns.translate('user.id') };
    return (await insertFromSelect(manager, target, this.complete(token), key, users)) > 0;
  }

  /** One winner: of any number of parallel requests with the same link, exactly one gets true. */
  async consume(manager: EntityManager, purpose: TokenPurpose, tokenHash: string): Promise<boolean> {
    const now = new Date(this.clock.now());
    const result = await this.update(manager)
      .set({ usedAt: now, mailDueAt: null })
      .where({ tokenHash, purpose })
      .andWhere('usedAt IS NULL AND revokedAt IS NULL')
      .andWhere('expiresAt > :now', { now: now.getTime() })
      .execute();
    return result.affected === 1;
  }

  /** The row of a link, live or not, with its user. */
  findByHash<P extends TokenPurpose>(
    purpose: P,
    tokenHash: string,
    manager?: EntityManager,
  ): Promise<OwnedToken<P> | null> {
    const find = (on: EntityManager) =>
      this.find(this.owned(on).where({ tokenHash, purpose })) as Promise<OwnedToken<P> | null>;
    return manager ? find(manager) : this.database.read(find);
  }

  findById(id: string, manager?: EntityManager): Promise<OwnedToken | null> {
    const find = (on: EntityManager) => this.find(this.owned(on).where({ id }));
    return manager ? find(manager) : this.database.read(find);
  }

  /** True while the row could still be redeemed. */
  isLive(token: Pick<BaseUserToken, 'usedAt' | 'revokedAt' | 'expiresAt'>): boolean {
    return token.usedAt === null && token.revokedAt === null && token.expiresAt.getTime() > this.clock.now();
  }

  /** Ends every unrevoked row of the given purposes, and forgets the mail it may still owe. */
  async revokeAll(manager: EntityManager, userId: UserId, purposes: TokenPurpose[], exceptId?: string): Promise<void> {
    const statement = this.update(manager)
      .set({ revokedAt: new Date(this.clock.now()), mailDueAt: null, payload: null })
      .where('user = :userId AND revokedAt IS NULL AND purpose IN (:...purposes)', { userId, purposes });
    if (exceptId) statement.andWhere('id <> :exceptId', { exceptId });
    await statement.execute();
  }

  /**
   * Ends the live links of one kind that whomever `owner` (a query over users under the alias `user`) finds has: one
   * account at most. Where another link is to take their place, this asks for the same owner as its insert: a stranger
   * who asks for a link that nobody gets would otherwise end the one that the owner waits for.
   */
  async revokeLinksOf(
    manager: EntityManager,
    owner: (users: UserQuery) => UserQuery,
    purpose: TokenPurpose,
  ): Promise<void> {
    const users = owner(this.users(manager));
    await this.update(manager)
      .set({ revokedAt: new Date(this.clock.now()), mailDueAt: null, payload: null })
      // "=", not "IN": in an update MariaDB reads the whole table for a list of owners.
      .where(`user = (${users.subquery('user.id')})`, users.builder.getParameters())
      .andWhere('purpose = :purpose AND usedAt IS NULL AND revokedAt IS NULL', { purpose })
      .execute();
  }

  /** Deletes every row of a user. */
  async deleteAll(manager: EntityManager, userId: UserId): Promise<void> {
    await manager.createQueryBuilder().delete().from(this.entities.token).where('user = :userId', { userId }).execute();
  }

  /** One more than the highest generation of a user's rows of one kind: an order that no clock of any instance can upset. */
  async nextGeneration(manager: EntityManager, userId: UserId, purpose: TokenPurpose): Promise<number> {
    const row = await manager
      .createQueryBuilder(this.entities.token, 'token')
      .select('MAX(token.generation)', 'last')
      .where('token.user = :userId AND token.purpose = :purpose', { userId, purpose })
      .getRawOne<{ last: number | null }>();
    return (row?.last ?? 0) + 1;
  }

  /** An update of the token table, for statements that belong to one flow alone. */
  update(manager: EntityManager) {
    return manager.createQueryBuilder().update(this.entities.token);
  }

  /** Token rows under the alias `token`. */
  select(manager: EntityManager): SelectQueryBuilder<BaseUserToken> {
    return manager.createQueryBuilder(this.entities.token, 'token');
  }

  /** Token rows joined with their users, under the aliases `token` and `user`. */
  owned(manager: EntityManager): SelectQueryBuilder<BaseUserToken> {
    return this.select(manager).innerJoinAndSelect('token.user', 'user');
  }

  /** A row of {@link owned}, with the account in place of the application's entity. */
  withAccount(token: BaseUserToken): OwnedToken {
    return Object.assign(token, { user: this.columns.toAccount(token.user) });
  }

  private async find(query: SelectQueryBuilder<BaseUserToken>): Promise<OwnedToken | null> {
    const token = await query.getOne();
    return token && this.withAccount(token);
  }

  private users(manager: EntityManager): UserQuery {
    return new UserQuery(manager.createQueryBuilder<ObjectLiteral>(this.entities.user, 'user'), this.columns);
  }

  private complete(token: NewToken) {
    return { id: this.newId(), generation: 0, mailAttempts: 0, ...token };
  }
}

/** Narrows users to those whom a mailed link may still serve: active, or waiting for their first link. */
export function notDeactivated(users: UserQuery): UserQuery {
  return users.where('(user.isActive = :active OR user.emailVerifiedAt IS NULL)', { active: true });
}
