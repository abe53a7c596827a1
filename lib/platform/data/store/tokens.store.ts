import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager, ObjectLiteral, QueryDeepPartialEntity, SelectQueryBuilder } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../../common/clock.js';
import { type LinkPurpose, linkPurpose, type TokenPurpose } from '../../common/purposes.js';
import type { BaseUserToken, SignupPayload, TokenPayloads } from '../entities/base-user-token.entity.js';
import type { Account, UserId } from '../entities/base-user.entity.js';
import { UserColumns } from '../entities/user-columns.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from './account-entities.js';
import { Database } from './database.js';
import { isForeignKeyViolation } from './database-errors.js';
import { insertFromSelect } from './insert-from-select.js';
import { type Owner, UserQuery } from './user-query.js';

/** A row to be written. */
export type NewToken = Pick<BaseUserToken, 'purpose' | 'createdAt' | 'expiresAt'> &
  Partial<Omit<BaseUserToken, 'user'>>;

/** The account a row was to be written for was deleted after the statement had found it. */
export class OwnerGone extends Error {}

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
   * Writes the row only if `owner` still finds somebody at this moment, in one statement.
   * @param lock `owner`: waits for a change of the account that is under way, which then no longer matches. `none`: for
   * what a stranger asks for, which must never take a lock that the owner waits for; what the link may do is asked when it
   * is redeemed.
   * @throws OwnerGone without a lock, where the account is deleted at this very moment; the transaction is lost
   */
  async insertFor(
    manager: EntityManager,
    owner: Owner,
    token: NewToken,
    lock: 'owner' | 'none' = 'owner',
  ): Promise<boolean> {
    const { connection } = manager;
    const { builder: users } = owner(this.users(manager));
    if (lock === 'owner' && connection.options.type !== 'better-sqlite3') users.setLock('pessimistic_read');
    const target = connection.getMetadata(this.entities.token);
    const key = { property: 'user', from: this.columns.translate('user.id') };
    try {
      return (await insertFromSelect(manager, target, this.complete(token), key, users)) > 0;
    } catch (error) {
      throw lock === 'none' && isForeignKeyViolation(error) ? new OwnerGone() : error;
    }
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

  /**
   * The row of a link with its user, live or not. Where only the newest link of its kind works, an older one that was never
   * used is not found: that is asked here, so that a request for another link need not touch those before it.
   */
  findLink<P extends LinkPurpose>(purpose: P, tokenHash: string): Promise<OwnedToken<P> | null> {
    return this.database.read((manager) => {
      const query = this.owned(manager).where({ tokenHash, purpose });
      if (linkPurpose(purpose).isNewestOnly) this.withoutOutdated(query);
      return this.find(query) as Promise<OwnedToken<P> | null>;
    });
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
  async revokeAll(
    manager: EntityManager,
    userId: UserId,
    purposes: readonly TokenPurpose[],
    exceptId?: string,
  ): Promise<void> {
    const statement = this.update(manager)
      .set({ revokedAt: new Date(this.clock.now()), mailDueAt: null, payload: null })
      .where('user = :userId AND revokedAt IS NULL AND purpose IN (:...purposes)', { userId, purposes });
    if (exceptId) statement.andWhere('id <> :exceptId', { exceptId });
    await statement.execute();
  }

  /**
   * Ends one session.
   * @param ownerId its owner as a condition of the statement, so that an id is no more than a name: who learns a stranger's
   * can do nothing with it, nor find out that it exists (IDOR; ASVS 8.2.2)
   * @returns false where it had ended already, or is not that user's
   */
  async revokeSession(manager: EntityManager, sessionId: string, ownerId?: UserId): Promise<boolean> {
    const now = new Date(this.clock.now());
    const statement = this.update(manager)
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
  async rotateSession(
    manager: EntityManager,
    { id, userId, generation }: { id: string; userId: UserId; generation: number },
    rotatedAt: Date,
    expiresAt: Date,
  ): Promise<boolean> {
    const owner = this.users(manager).where('user.id = :userId AND user.isActive = :isActive').subquery('1');
    const result = await this.update(manager)
      .set({ generation: () => 'generation + 1', lastUsedAt: rotatedAt, expiresAt })
      .where({ id, generation, purpose: 'session' })
      .andWhere('revokedAt IS NULL AND expiresAt > :now', { now: rotatedAt.getTime() })
      .andWhere(`EXISTS (${owner})`, { userId, isActive: true })
      .execute();
    return result.affected === 1;
  }

  /** Ends what undoes a change of address, from that change on: the mailboxes those links lead to are not the owner's. */
  async revokeUndoLinksSince(manager: EntityManager, userId: UserId, generation: number): Promise<void> {
    await this.update(manager)
      .set({ revokedAt: new Date(this.clock.now()), mailDueAt: null, payload: null })
      .where('user = :userId AND revokedAt IS NULL', { userId })
      .andWhere("purpose = 'email-change-undo' AND generation >= :generation", { generation })
      .execute();
  }

  /** What the signups that wait for an address have stated, two at most: the question is whether there is more than one. */
  async waitingSignups(email: string): Promise<SignupPayload[]> {
    const rows = await this.database.read((manager) =>
      this.owned(manager)
        .select('token.payload', 'payload')
        .distinct()
        .where({ purpose: 'activation' })
        .andWhere(this.columns.translate('user.email = :email AND token.payload IS NOT NULL'), { email })
        .limit(2)
        .getRawMany<{ payload: string }>(),
    );
    return rows.map(({ payload }) => JSON.parse(payload) as SignupPayload);
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

  /** Without links after which another of the same kind was asked for; by the clocks of the instances that made them. */
  private withoutOutdated(query: SelectQueryBuilder<BaseUserToken>): void {
    const newer = query
      .subQuery()
      .select('1')
      .from(this.entities.token, 'newer')
      .where('newer.user = token.user AND newer.purpose = token.purpose AND newer.revokedAt IS NULL')
      .andWhere('(newer.createdAt > token.createdAt OR (newer.createdAt = token.createdAt AND newer.id > token.id))');
    query.andWhere(`(token.usedAt IS NOT NULL OR NOT EXISTS ${newer.getQuery()})`);
  }

  private users(manager: EntityManager): UserQuery {
    return new UserQuery(manager.createQueryBuilder<ObjectLiteral>(this.entities.user, 'user'), this.columns);
  }

  private complete(token: NewToken) {
    return { id: this.newId(), generation: 0, mailAttempts: 0, ...token };
  }
}
