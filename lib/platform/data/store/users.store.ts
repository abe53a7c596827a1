import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager, ObjectLiteral } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../../common/clock.js';
import type { Account, UserId } from '../entities/base-user.entity.js';
import { dialectOf } from '../dialect.js';
import type { OwnFields } from '../../common/stored-fields.js';
import { UserColumns } from '../entities/user-columns.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from './account-entities.js';
import { NEVER_VERIFIED, type ProvenState, provenState } from './account-state.js';
import { Database } from './database.js';
import { insertCounted, isCounted, keyFromText } from './user-keys.js';
import { UserQuery } from './user-query.js';

/** An account to be added. */
export type NewAccount = Pick<Account, 'email' | 'passwordHash' | 'isActive'> & Partial<Account>;

/** What names one account. */
export type WhichAccount = Pick<Account, 'id'> | Pick<Account, 'email'>;

/** Reads and writes of the application's user table. Every method is one statement. */
@Injectable()
export class UsersStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly columns: UserColumns,
    @Inject(ACCOUNT_ENTITIES) private readonly entities: AccountEntities,
  ) {}

  /** The account of a canonical address, with its password hash. */
  findByEmail(email: string, manager?: EntityManager): Promise<Account | null> {
    const find = (on: EntityManager) => this.select(on).where('user.email = :email', { email }).getOne(true);
    return manager ? find(manager) : this.database.read(find);
  }

  /** True where a row has that canonical address, be it of an account that the application has soft-deleted. */
  holdsEmail(email: string): Promise<boolean> {
    return this.database.read(async (manager) => {
      const { builder } = this.select(manager).where('user.email = :email', { email });
      return (await builder.withDeleted().select('1', 'found').getRawOne<object>()) !== undefined;
    });
  }

  /** The account of a canonical username, with its password hash; only where accounts have usernames. */
  findByUsername(username: string): Promise<Account | null> {
    return this.database.read((manager) =>
      this.select(manager).where('user.username = :username', { username }).getOne(true),
    );
  }

  /** True where the user entity has a column for usernames. */
  get haveUsernames(): boolean {
    return this.columns.username !== undefined;
  }

  /** The application's own entity, as its handlers see it (without the password hash). */
  findById(id: UserId, manager?: EntityManager): Promise<object | null> {
    const find = (on: EntityManager) => this.select(on).where('user.id = :id', { id }).getEntity();
    return manager ? find(manager) : this.database.read(find);
  }

  /** The account of a key, as the flows see it (without the password hash). */
  findAccount(id: UserId, manager?: EntityManager): Promise<Account | null> {
    const find = (on: EntityManager) => this.select(on).where('user.id = :id', { id }).getOne();
    return manager ? find(manager) : this.database.read(find);
  }

  /** The account together with its password hash. */
  findWithHash(id: UserId): Promise<Account | null> {
    return this.database.read((manager) => this.select(manager).where('user.id = :id', { id }).getOne(true));
  }

  /** The application's own entity behind an account, without the password hash: what its hooks are given. */
  entityOf(account: Account): object {
    return this.columns.entityOf(account);
  }

  /** An entity of the application as the flows see it. */
  accountOf(entity: object): Account {
    return this.columns.toAccount(entity);
  }

  /** A key as the entity has it, from the text a token carries. */
  keyOf(text: string): UserId {
    return keyFromText(this.database.dataSource.getMetadata(this.entities.user), text);
  }

  /** Adds an account and returns its key. Throws the driver's error where an address is taken. */
  async insert(manager: EntityManager, account: NewAccount, fields: OwnFields = {}): Promise<UserId> {
    const metadata = manager.connection.getMetadata(this.entities.user);
    const now = new Date(this.clock.now());
    const id = isCounted(metadata) ? undefined : uuidv7({ msecs: now.getTime() });
    const values = { ...fields, ...this.columns.toEntity({ ...account, id, createdAt: now, updatedAt: now }) };
    const statement = manager.createQueryBuilder().insert().into(this.entities.user).values(values);
    if (id === undefined) return insertCounted(statement, metadata);
    // Or TypeORM reads the row again where INSERT cannot return it.
    await statement.updateEntity(false).execute();
    return id;
  }

  /**
   * Changes a user where `condition` still holds; `fields` are the application's own columns.
   * @returns false where it did not
   */
  async update(
    manager: EntityManager,
    id: UserId,
    changes: Partial<Account>,
    condition: 'unconditional' | 'pending' | 'active' | 'not deactivated' = 'unconditional',
    fields: OwnFields = {},
  ): Promise<boolean> {
    const statement = manager
      .createQueryBuilder()
      .update(this.entities.user)
      .set({ ...fields, ...this.columns.toEntity({ ...changes, updatedAt: new Date(this.clock.now()) }) })
      .where(this.columns.toEntity({ id }));
    const [isActive, verifiedAt] = [this.columns.nameOf('isActive'), this.columns.nameOf('emailVerifiedAt')];
    if (condition === 'pending') statement.andWhere({ [isActive]: false }).andWhere(`${verifiedAt} IS NULL`);
    if (condition === 'active') statement.andWhere({ [isActive]: true });
    if (condition === 'not deactivated')
      statement.andWhere(`(${isActive} = :active OR ${verifiedAt} IS NULL)`, { active: true });
    return (await statement.execute()).affected === 1;
  }

  /**
   * Replaces a password hash where the account still is as the old password was verified for it: of many parallel logins
   * one rehash wins, of many parallel changes one password.
   * @returns false where hash, address or state are others by now, or the account is gone
   */
  async replaceHash(manager: EntityManager, account: Account, newHash: string): Promise<boolean> {
    const statement = manager
      .createQueryBuilder()
      .update(this.entities.user)
      .set(this.columns.toEntity({ passwordHash: newHash, updatedAt: new Date(this.clock.now()) }))
      .where(this.columns.toEntity(provenState(account)));
    return (await statement.execute()).affected === 1;
  }

  /**
   * Takes the row of an account that still is as a proof of identity was given for it: whatever would write a session or a
   * link for this user waits until the transaction ends.
   * @returns false where it no longer is so
   */
  async lock(manager: EntityManager, state: ProvenState): Promise<boolean> {
    const { builder } = this.select(manager).where(state);
    if (!dialectOf(manager.connection).sharesOneConnection) builder.setLock('pessimistic_write');
    return (await builder.select('1', 'found').getRawOne()) !== undefined;
  }

  /** Deletes a user whose token rows are gone. */
  async delete(manager: EntityManager, id: UserId): Promise<void> {
    await manager.createQueryBuilder().delete().from(this.entities.user).where(this.columns.toEntity({ id })).execute();
  }

  /**
   * Gives an active account another address, if its address still is the one it was found with.
   * @param emailVerifiedAt null where nothing has proved the new address
   * @throws the driver's error of a unique index where somebody else has the address
   */
  async changeEmail(
    manager: EntityManager,
    { id, email }: Pick<Account, 'id' | 'email'>,
    newEmail: string,
    emailVerifiedAt: Date | null,
  ): Promise<boolean> {
    const statement = manager
      .createQueryBuilder()
      .update(this.entities.user)
      .set(this.columns.toEntity({ email: newEmail, emailVerifiedAt, updatedAt: new Date(this.clock.now()) }))
      .where(this.columns.toEntity({ id, email, isActive: true }));
    return (await statement.execute()).affected === 1;
  }

  /**
   * Deactivates an account so that no link brings it back. The statement itself decides what becomes of `emailVerifiedAt`:
   * read before, it could overwrite a verification that commits in between.
   * @returns false where there is no such account, or it was deactivated before
   */
  async deactivate(manager: EntityManager, id: UserId): Promise<boolean> {
    const { driver } = manager.connection;
    const verified = this.columns.columnOf('emailVerifiedAt')!;
    const [isActive, verifiedAt] = [this.columns.nameOf('isActive'), this.columns.nameOf('emailVerifiedAt')];
    const statement = manager
      .createQueryBuilder()
      .update(this.entities.user)
      .set({
        ...this.columns.toEntity({ isActive: false, updatedAt: new Date(this.clock.now()) }),
        [verifiedAt]: () => `COALESCE(${driver.escape(verified.databaseName)}, :never)`,
      })
      .where(this.columns.toEntity({ id }))
      .andWhere(`(${isActive} = :active OR ${verifiedAt} IS NULL)`, { active: true })
      .setParameter('never', driver.preparePersistentValue(NEVER_VERIFIED, verified) as unknown);
    return (await statement.execute()).affected === 1;
  }

  /** A query over users under the alias `user`, to be narrowed by the caller. */
  select(manager: EntityManager): UserQuery {
    return new UserQuery(manager.createQueryBuilder<ObjectLiteral>(this.entities.user, 'user'), this.columns);
  }
}
