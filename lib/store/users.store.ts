import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../clock.js';
import type { Account, UserId } from '../entities/base-user.entity.js';
import type { OwnFields } from '../own-fields/stored-fields.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from './account-entities.js';
import { Database } from './database.js';

/** An account to be added. */
export type NewAccount = Pick<Account, 'email' | 'passwordHash' | 'isActive'> & Partial<Account>;

/** The state of an account as its owner meets it. */
export type AccountState = 'pending' | 'active' | 'deactivated';

/**
 * Pending accounts wait for their link. An account that was verified once and is inactive was deactivated by somebody:
 * no link may ever bring it back.
 */
export function stateOf(account: Pick<Account, 'isActive' | 'emailVerifiedAt'>): AccountState {
  if (account.isActive) return 'active';
  return account.emailVerifiedAt === null ? 'pending' : 'deactivated';
}

/** The same user without the hash, for whoever has no business with it. */
export function withoutHash(account: Account): Account {
  const { passwordHash: _, ...rest } = account;
  return Object.assign(Object.create(Object.getPrototypeOf(account) as object) as Account, rest);
}

/** Reads and writes of the application's user table. Every method is one statement. */
@Injectable()
export class UsersStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    @Inject(ACCOUNT_ENTITIES) private readonly entities: AccountEntities,
  ) {}

  /** The account of a canonical address, with its password hash. */
  findByEmail(email: string, manager?: EntityManager): Promise<Account | null> {
    const find = (on: EntityManager) =>
      this.select(on).addSelect('user.passwordHash').where('user.email = :email', { email }).getOne();
    return manager ? find(manager) : this.database.read(find);
  }

  /** The whole entity, as the application's handlers see it (without the password hash). */
  findById(id: UserId, manager?: EntityManager): Promise<Account | null> {
    const find = (on: EntityManager) => this.select(on).where('user.id = :id', { id }).getOne();
    return manager ? find(manager) : this.database.read(find);
  }

  /** The whole entity together with its password hash. */
  findWithHash(id: UserId): Promise<Account | null> {
    return this.database.read((manager) =>
      this.select(manager).addSelect('user.passwordHash').where('user.id = :id', { id }).getOne(),
    );
  }

  /** A key as the entity has it, from the text a token carries. */
  keyOf(text: string): UserId {
    const [key] = this.database.dataSource.getMetadata(this.entities.user).primaryColumns;
    // Drivers give integers as numbers, but a bigint, which may not fit into one, as text.
    const isNumber = key?.type === Number || /^(int|integer|int4|smallint|mediumint)$/.test(String(key?.type));
    return isNumber ? Number(text) : text;
  }

  /** Adds an account and returns its key. Throws the driver's error where an address is taken. */
  async insert(manager: EntityManager, account: NewAccount, fields: OwnFields = {}): Promise<UserId> {
    const { driver } = manager.connection;
    const metadata = manager.connection.getMetadata(this.entities.user);
    const isCounted = metadata.primaryColumns.some((key) => key.isGenerated && key.generationStrategy !== 'uuid');
    const now = new Date(this.clock.now());
    const values: Record<string, unknown> = { ...fields, ...account, createdAt: now, updatedAt: now };
    if (!isCounted) values['id'] = uuidv7({ msecs: now.getTime() });
    const statement = manager.createQueryBuilder().insert().into(this.entities.user).values(values);
    if (isCounted && driver.isReturningSqlSupported('insert')) statement.returning(['id']);
    // Or TypeORM reads the row again where INSERT cannot return it; the driver tells the new key by itself.
    const { raw } = (await statement.updateEntity(false).execute()) as { raw: unknown };
    const generated = driver.createGeneratedMap(metadata, Array.isArray(raw) ? raw[0] : raw, 0, 1);
    return (values['id'] ?? generated?.['id']) as UserId;
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
      .set({ ...fields, ...changes, updatedAt: new Date(this.clock.now()) })
      .where('id = :id', { id });
    if (condition === 'pending') statement.andWhere({ isActive: false }).andWhere('emailVerifiedAt IS NULL');
    if (condition === 'active') statement.andWhere({ isActive: true });
    if (condition === 'not deactivated')
      statement.andWhere('(isActive = :active OR emailVerifiedAt IS NULL)', { active: true });
    return (await statement.execute()).affected === 1;
  }

  /**
   * Replaces a password hash that nobody changed meanwhile: of many parallel logins one rehash wins, of many parallel
   * changes one password.
   * @returns false where it is another hash by now, or the account is gone
   */
  async replaceHash(manager: EntityManager, { id, passwordHash }: Account, newHash: string): Promise<boolean> {
    const statement = manager
      .createQueryBuilder()
      .update(this.entities.user)
      .set({ passwordHash: newHash, updatedAt: new Date(this.clock.now()) })
      .where({ id, passwordHash });
    return (await statement.execute()).affected === 1;
  }

  /** Deletes a user whose token rows are gone. */
  async delete(manager: EntityManager, id: UserId): Promise<void> {
    await manager.createQueryBuilder().delete().from(this.entities.user).where({ id }).execute();
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
      .set({ email: newEmail, emailVerifiedAt, updatedAt: new Date(this.clock.now()) })
      .where({ id, email, isActive: true });
    return (await statement.execute()).affected === 1;
  }

  /**
   * Removes the account that waits for its activation under an address somebody else has just proved. Without this, a
   * stranger's signup would keep the owner of a mailbox from moving to it, or from returning to it after a takeover.
   */
  async removePending(manager: EntityManager, email: string): Promise<void> {
    const statement = manager.createQueryBuilder().delete().from(this.entities.user);
    await statement.where({ email, isActive: false }).andWhere('emailVerifiedAt IS NULL').execute();
  }

  /** Narrows users to none while an account has the address. One that waits for its activation has proved nothing. */
  whereFree(users: SelectQueryBuilder<Account>, email: string): SelectQueryBuilder<Account> {
    const holder = users.subQuery().select('1').from(this.entities.user, 'holder').where('holder.email = :address');
    holder.andWhere('(holder.isActive = :held OR holder.emailVerifiedAt IS NOT NULL)');
    return users.andWhere(`NOT EXISTS ${holder.getQuery()}`, { address: email, held: true });
  }

  /** Narrows users to the one the address is taken by. */
  whereHolds(users: SelectQueryBuilder<Account>, email: string): SelectQueryBuilder<Account> {
    return users
      .andWhere('user.email = :address', { address: email })
      .andWhere('(user.isActive = :held OR user.emailVerifiedAt IS NOT NULL)', { held: true });
  }

  /** A query over users under the alias `user`, to be narrowed by the caller. */
  select(manager: EntityManager): SelectQueryBuilder<Account> {
    return manager.createQueryBuilder(this.entities.user, 'user');
  }
}
