import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager, ObjectLiteral, QueryDeepPartialEntity, SelectQueryBuilder } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../../common/clock.js';
import { PASSWORD_LINKS, type TokenPurpose } from '../../common/purposes.js';
import type { BaseUserToken, TokenPayloads } from '../entities/base-user-token.entity.js';
import type { Account, UserId } from '../entities/base-user.entity.js';
import { UserColumns } from '../entities/user-columns.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from './account-entities.js';
import { Database } from './database.js';
import { isMissingReference } from './database-errors.js';
import { type InsertedRows, insertFromSelect } from './insert-from-select.js';
import { type Owner, UserQuery } from './user-query.js';

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
   * Writes the row only if `owner` still finds somebody at this moment, in one statement. It waits for a change of the
   * account that is under way, and judges what that left.
   */
  async insertFor(manager: EntityManager, owner: Owner, token: NewToken): Promise<boolean> {
    return (await this.insertReturning(manager, owner, token)).affected > 0;
  }

  /** The same, where something is to be read of the row that was written: `returning` is what follows the select. */
  insertReturning(manager: EntityManager, owner: Owner, token: NewToken, returning?: string): Promise<InsertedRows> {
    return this.insertFromUsers(manager, owner(this.users(manager)), token, true, returning);
  }

  /** The key of whomever `owner` finds; a plain read, which waits for nobody. */
  async keyOf(owner: Owner): Promise<UserId | undefined> {
    return (await this.database.read((manager) => owner(this.users(manager)).getOne()))?.id;
  }

  /**
   * Writes a row that a stranger asked for. What the row may do is asked when it is used; here the owner of an account must
   * not wait for strangers, however many they are. A row that refers to an account locks it against deletion and change of
   * key until its commit, whatever the statement says (a foreign key asks for it), and PostgreSQL lets those who share
   * such a lock overtake an owner who waits for it. So this is a statement that commits itself, without a round trip in
   * between, and finds the account by its primary key: MariaDB would lock the entry of any other index as well, in an order
   * in which a change of address deadlocks with it.
   * @param manager of {@link Database.write}, never of a transaction
   * @param userId undefined for nobody, which costs the same statement
   * @returns false where there is no such account any more
   */
  async insertAlone(manager: EntityManager, userId: UserId | undefined, token: NewToken): Promise<boolean> {
    try {
      return (await this.insertFromUsers(manager, this.users(manager).whereKey(userId), token, false)).affected > 0;
    } catch (error) {
      if (isMissingReference(error)) return false;
      throw error;
    }
  }

  findById(id: string, manager?: EntityManager): Promise<OwnedToken | null> {
    const find = (on: EntityManager) => this.findOwned(this.owned(on).where({ id }));
    return manager ? find(manager) : this.database.read(find);
  }

  /** Every row of a user, oldest first. */
  findAllOf(userId: UserId): Promise<BaseUserToken[]> {
    return this.database.read((manager) =>
      this.select(manager).where('token.user = :userId', { userId }).orderBy('token.id').getMany(),
    );
  }

  /** True while the row could still be redeemed. */
  isLive(token: Pick<BaseUserToken, 'usedAt' | 'revokedAt' | 'expiresAt'>): boolean {
    return token.usedAt === null && token.revokedAt === null && token.expiresAt.getTime() > this.clock.now();
  }

  /**
   * Ends every unrevoked row of the given purposes, and forgets the mail it may still owe. Of a link that was used nothing
   * is left to end, but for the word of one that has set a password.
   */
  async revokeAll(
    manager: EntityManager,
    userId: UserId,
    purposes: readonly TokenPurpose[],
    exceptId?: string,
  ): Promise<void> {
    const statement = this.update(manager)
      .set({ revokedAt: new Date(this.clock.now()), mailDueAt: null, payload: null })
      .where('user = :userId AND revokedAt IS NULL AND purpose IN (:...purposes)', { userId, purposes })
      .andWhere('(usedAt IS NULL OR purpose IN (:...passwordLinks))', { passwordLinks: PASSWORD_LINKS });
    if (exceptId) statement.andWhere('id <> :exceptId', { exceptId });
    await statement.execute();
  }

  /**
   * Ends the live links of one kind of whomever `owner` finds: one account at most. Where another link takes their place,
   * the owner is the same as that of the insert: what is asked for in vain must not end the link somebody waits for.
   * @param exceptId the link that takes their place
   */
  async revokeLinksOf(manager: EntityManager, owner: Owner, purpose: TokenPurpose, exceptId: string): Promise<void> {
    const users = owner(this.users(manager));
    await this.update(manager)
      .set({ revokedAt: new Date(this.clock.now()), mailDueAt: null, payload: null })
      // "=", not "IN": in an update MariaDB reads the whole table for a list of owners.
      .where(`user = (${users.subquery('user.id')})`, users.builder.getParameters())
      .andWhere('purpose = :purpose AND usedAt IS NULL AND revokedAt IS NULL', { purpose })
      .andWhere('id <> :exceptId', { exceptId })
      .execute();
  }

  /** Deletes every row of a user. */
  async deleteAll(manager: EntityManager, userId: UserId): Promise<void> {
    await manager.createQueryBuilder().delete().from(this.entities.token).where('user = :userId', { userId }).execute();
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

  /** The first row of a query that {@link owned} began. */
  async findOwned(query: SelectQueryBuilder<BaseUserToken>): Promise<OwnedToken | null> {
    const token = await query.getOne();
    return token && this.withAccount(token);
  }

  /** A query over users under the alias `user`. */
  users(manager: EntityManager): UserQuery {
    return new UserQuery(manager.createQueryBuilder<ObjectLiteral>(this.entities.user, 'user'), this.columns);
  }

  private insertFromUsers(
    manager: EntityManager,
    { builder }: UserQuery,
    token: NewToken,
    isLocked: boolean,
    returning?: string,
  ): Promise<InsertedRows> {
    const target = manager.connection.getMetadata(this.entities.token);
    const key = { property: 'user', from: this.columns.translate('user.id') };
    return insertFromSelect(manager, target, this.complete(token), key, builder, isLocked, returning);
  }

  private complete(token: NewToken) {
    return { id: this.newId(), generation: 0, attempts: 0, mailAttempts: 0, ...token };
  }
}
