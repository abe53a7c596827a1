import {
  Column,
  DataSource,
  Entity,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
  QueryFailedError,
  Table,
  type DataSourceOptions,
  type EntityTarget,
  type MigrationInterface,
  type QueryRunner,
} from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BaseUserToken } from '../lib/platform/data/entities/base-user-token.entity.js';
import { BaseUser, BaseUserWithoutKey } from '../lib/platform/data/entities/base-user.entity.js';
import { addUserColumns, userTableColumns, userTable } from '../lib/platform/data/migrations/user-table.js';
import { addUserTokenColumns, userTokenTable } from '../lib/platform/data/migrations/user-token-table.js';
import { CreateAccounts1790000000000 } from '../sample-app/migrations/1790000000000-create-accounts.js';
import { AddLimits1796000000000 } from '../sample-app/migrations/1796000000000-add-limits.js';
import { AuthEventRow } from '../sample-app/auth-event.entity.js';
import { AuthLimit } from '../sample-app/auth-limit.entity.js';
import { UserToken } from '../sample-app/user-token.entity.js';
import { User } from '../sample-app/user.entity.js';
import { availableDrivers, createDatabase, type TestDatabase } from './support/databases.js';

@Entity('members')
class Member extends BaseUserWithoutKey<number> {
  @PrimaryGeneratedColumn()
  id!: number;
}

@Entity('member_tokens')
class MemberToken extends BaseUserToken {
  @ManyToOne(() => Member, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'member_id' })
  user!: Member;
}

class CreateMembers1790000000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(userTable(queryRunner, { name: 'members', idType: 'integer' }));
    await queryRunner.createTable(
      userTokenTable(queryRunner, {
        name: 'member_tokens',
        userTable: 'members',
        userIdType: 'integer',
        userColumn: 'member_id',
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('member_tokens');
    await queryRunner.dropTable('members');
  }
}

@Entity('customers')
class Customer extends BaseUser {
  @Column({ type: 'varchar', length: 100 })
  login!: string;
}

@Entity('customers')
class NamedCustomer extends BaseUser {
  @Column({ type: 'varchar', length: 64, unique: true, nullable: true })
  username!: string | null;
}

/**
 * MariaDB gives `NULL` as the default of a nullable column, and MySQL none. TypeORM's driver `mysql` takes the former for a
 * difference, in the tables that it makes by itself as well.
 */
const FALSE_ALARM = /^ALTER TABLE `\w+` CHANGE `(\w+)` `\1` .*(?<!NOT )NULL$/;

const FIRST_ID = '01890a5d-ac96-774b-bcce-b302099a8057';
const SECOND_ID = '01890a5d-ac96-774b-bcce-b302099a8058';

const userRow = (email: string) => ({ email, passwordHash: 'x', createdAt: new Date(), updatedAt: new Date() });

const kinds = {
  'a UUID key': {
    user: User,
    token: UserToken,
    others: [AuthEventRow],
    migration: CreateAccounts1790000000000,
    userColumn: 'user_id',
  },
  'an integer key': {
    user: Member,
    token: MemberToken,
    others: [],
    migration: CreateMembers1790000000001,
    userColumn: 'member_id',
  },
};

describe.each(availableDrivers())('migrations on %s', (database) => {
  let testDatabase: TestDatabase;
  let dataSource: DataSource;

  beforeEach(async () => {
    testDatabase = await createDatabase(database);
  });

  afterEach(async () => {
    if (dataSource?.isInitialized) await dataSource.destroy();
    await testDatabase.drop();
  });

  async function open(options: Pick<DataSourceOptions, 'entities' | 'migrations'>): Promise<void> {
    dataSource = await new DataSource({ ...testDatabase.options, ...options } as DataSourceOptions).initialize();
  }

  async function schemaDifferences(): Promise<string[]> {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    return upQueries
      .map(({ query }) => query)
      .filter((query) => database !== 'mysql-on-mariadb' || !FALSE_ALARM.test(query));
  }

  async function withQueryRunner<T>(work: (queryRunner: QueryRunner) => Promise<T>): Promise<T> {
    const queryRunner = dataSource.createQueryRunner();
    try {
      return await work(queryRunner);
    } finally {
      await queryRunner.release();
    }
  }

  const tableOf = (entity: EntityTarget<object>): Promise<Table | undefined> =>
    withQueryRunner((queryRunner) => queryRunner.getTable(dataSource.getMetadata(entity).tableName));

  it('make the table that counts tries, up, down and up again, as the entity has it', async () => {
    await open({ entities: [AuthLimit], migrations: [AddLimits1796000000000] });
    await dataSource.runMigrations();
    expect(await schemaDifferences()).toEqual([]);
    const table = await tableOf(AuthLimit);
    expect(table!.indices.map(({ columnNames }) => columnNames.join())).toEqual(['expires_at']);
    await dataSource.undoLastMigration();
    expect(await tableOf(AuthLimit)).toBeUndefined();
    await dataSource.runMigrations();
    expect(await schemaDifferences()).toEqual([]);
  });

  describe.each(Object.entries(kinds))('with %s', (_name, { user, token, others, migration, userColumn }) => {
    beforeEach(() => open({ entities: [user, token, ...others], migrations: [migration] }));

    it('goes up, down and up again, and leaves no difference to the entities', async () => {
      await dataSource.runMigrations();
      expect(await schemaDifferences()).toEqual([]);

      await dataSource.undoLastMigration();
      expect(await tableOf(user)).toBeUndefined();
      expect(await tableOf(token)).toBeUndefined();

      await dataSource.runMigrations();
      expect(await schemaDifferences()).toEqual([]);
    });

    it('makes exactly the indexes the module looks rows up by', async () => {
      await dataSource.runMigrations();

      const table = await tableOf(token);
      const indexed = table!.indices.map(
        ({ columnNames, isUnique }) => `${columnNames.join()}${isUnique ? ' unique' : ''}`,
      );
      expect(indexed.sort()).toEqual(['mail_due_at', 'token_hash unique', userColumn].sort());
      expect((await tableOf(user))!.findColumnByName('email')!.isUnique).toBe(true);
    });

    it('goes down with rows in both tables', async () => {
      await dataSource.runMigrations();
      await insertUserWithToken(user, token);

      await dataSource.undoLastMigration();

      expect(await tableOf(user)).toBeUndefined();
    });

    it('deletes the rows that belong to a deleted user', async () => {
      await dataSource.runMigrations();
      const id = await insertUserWithToken(user, token);
      expect(await dataSource.getRepository(token).count()).toBe(1);

      await dataSource.createQueryBuilder().delete().from(user).where({ id }).execute();

      expect(await dataSource.getRepository(token).count()).toBe(0);
    });
  });

  async function insertUserWithToken(user: EntityTarget<object>, token: EntityTarget<object>): Promise<unknown> {
    const generated = dataSource.getMetadata(user).primaryColumns[0]!.isGenerated;
    const key = generated ? {} : { id: FIRST_ID };
    const result = await dataSource.getRepository(user).insert({ ...key, ...userRow('jo@example.com') });
    const id = generated ? result.identifiers[0]!['id'] : key.id;
    await dataSource.getRepository(token).insert({
      id: SECOND_ID,
      user: { id },
      purpose: 'session',
      createdAt: new Date(),
      expiresAt: new Date(),
    });
    return id;
  }

  describe('text that identifies something', () => {
    beforeEach(async () => {
      await open({ entities: [User, UserToken], migrations: [CreateAccounts1790000000000] });
      await dataSource.runMigrations();
    });

    it.each([
      ['josé@example.com', 'jose@example.com'],
      ['Jo@example.com', 'jo@example.com'],
      ['straße@example.com', 'strasse@example.com'],
    ])('keeps %s and %s apart', async (first, second) => {
      const users = dataSource.getRepository(User);
      await users.insert({ id: FIRST_ID, ...userRow(first) });
      await users.insert({ id: SECOND_ID, ...userRow(second) });

      expect((await users.findOneByOrFail({ email: second })).id).toBe(SECOND_ID);
    });

    it('refuses the same address twice', async () => {
      const users = dataSource.getRepository(User);
      await users.insert({ id: FIRST_ID, ...userRow('jo@example.com') });

      await expect(users.insert({ id: SECOND_ID, ...userRow('jo@example.com') })).rejects.toThrow(QueryFailedError);
    });
  });

  const createNamedCustomers = () =>
    withQueryRunner((queryRunner) =>
      queryRunner.createTable(userTable(queryRunner, { name: 'customers', username: true })),
    );

  describe('usernames', () => {
    beforeEach(() => open({ entities: [NamedCustomer] }));

    it('are a column of the table on demand, and leave no difference to the entity', async () => {
      await createNamedCustomers();
      expect(await schemaDifferences()).toEqual([]);
    });

    it('are unique byte by byte, and may be missing as often as they like', async () => {
      await createNamedCustomers();
      const users = dataSource.getRepository(NamedCustomer);
      const ids = Array.from({ length: 5 }, (_, index) => FIRST_ID.slice(0, -1) + index);
      const insert = (index: number, username: string | null) =>
        users.insert({ id: ids[index]!, username, ...userRow(`${index}@example.com`) });
      await insert(0, 'jose');
      await insert(1, 'josé');
      await insert(2, null);
      await insert(3, null);
      await expect(insert(4, 'jose')).rejects.toThrow(QueryFailedError);
      expect((await users.findOneByOrFail({ username: 'josé' })).id).toBe(ids[1]);
    });

    it('are added to a table with rows, and filled from what they had', async () => {
      await withQueryRunner(async (queryRunner) => {
        await queryRunner.createTable(userTable(queryRunner, { name: 'customers' }));
        await queryRunner.query(
          `INSERT INTO customers (id, email, password_hash, created_at, updated_at)
           VALUES ('${FIRST_ID}', 'jo@example.com', '', 0, 0)`,
        );
        await addUserColumns(queryRunner, 'customers', { username: `'jo'` }, { username: true });
      });

      expect(await schemaDifferences()).toEqual([]);
      const customer = await dataSource.getRepository(NamedCustomer).findOneByOrFail({ username: 'jo' });
      expect(customer.email).toBe('jo@example.com');
    });
  });

  describe('a user table the application already has', () => {
    beforeEach(async () => {
      await open({ entities: [Customer] });
      const columns = [
        { name: 'id', type: dataSource.driver.normalizeType({ type: 'uuid' }), isPrimary: true },
        { name: 'login', type: 'varchar', length: '100' },
      ];
      await withQueryRunner((queryRunner) => queryRunner.createTable(new Table({ name: 'customers', columns })));
    });

    it('gets the columns while it is empty', async () => {
      await withQueryRunner((queryRunner) => queryRunner.addColumns('customers', userTableColumns(queryRunner)));

      expect(await schemaDifferences()).toEqual([]);
    });

    it('gets the columns and their values when it has rows', async () => {
      await dataSource.query(`INSERT INTO customers (id, login) VALUES ('${FIRST_ID}', 'Jo@Example.com')`);

      await withQueryRunner((queryRunner) =>
        addUserColumns(queryRunner, 'customers', {
          email: 'lower(login)',
          password_hash: "''",
          created_at: '1000',
          updated_at: '1000',
        }),
      );

      expect(await schemaDifferences()).toEqual([]);
      const customer = await dataSource.getRepository(Customer).findOneByOrFail({ login: 'Jo@Example.com' });
      expect(customer).toMatchObject({ email: 'jo@example.com', createdAt: new Date(1000), emailVerifiedAt: null });
      expect(Boolean(customer.isActive)).toBe(false);
    });

    it('says which columns existing rows need a value for', async () => {
      await expect(
        withQueryRunner((queryRunner) => addUserColumns(queryRunner, 'customers', { password_hash: "''" })),
      ).rejects.toThrow('email, created_at, updated_at');
    });
  });

  const notes = () => dataSource.query<{ text: string }[]>('SELECT text FROM notes');
  const addTokenColumns = (table: string) => withQueryRunner((queryRunner) => addUserTokenColumns(queryRunner, table));

  async function expectUpgraded(): Promise<void> {
    expect(await schemaDifferences()).toEqual([]);
    expect(await dataSource.getRepository(UserToken).find()).toMatchObject([
      { id: SECOND_ID, purpose: 'session', attempts: 0 },
    ]);
    expect(await notes()).toEqual([{ text: 'kept' }]);
  }

  const upgradeInTransaction = () =>
    dataSource.transaction(({ queryRunner }) => addUserTokenColumns(queryRunner!, 'user_tokens'));

  describe('a token table of an earlier version', () => {
    /** With a session in it, and a row of the application that goes when the session goes. */
    beforeEach(async () => {
      await open({ entities: [User, UserToken], migrations: [CreateAccounts1790000000000] });
      await dataSource.runMigrations();
      await insertUserWithToken(User, UserToken);
      await withQueryRunner(async (queryRunner) => {
        await queryRunner.beforeMigration();
        await queryRunner.dropColumn('user_tokens', 'attempts');
        await queryRunner.afterMigration();
        const { type, length } = (await queryRunner.getTable('user_tokens'))!.findColumnByName('id')!;
        const columns = [
          { name: 'text', type: 'varchar', length: '10' },
          { name: 'token_id', type, length },
        ];
        const toToken = {
          columnNames: ['token_id'],
          referencedTableName: 'user_tokens',
          referencedColumnNames: ['id'],
        };
        const foreignKeys = [{ ...toToken, onDelete: 'CASCADE' }];
        await queryRunner.createTable(new Table({ name: 'notes', columns, foreignKeys }));
        await queryRunner.query(`INSERT INTO notes (text, token_id) VALUES ('kept', '${SECOND_ID}')`);
      });
    });

    it('gets the columns it lacks, keeps its rows and what refers to them, and may be upgraded twice', async () => {
      await addTokenColumns('user_tokens');
      await addTokenColumns('user_tokens');
      await expectUpgraded();
      // Foreign keys are on again.
      await dataSource.getRepository(UserToken).deleteAll();
      expect(await notes()).toEqual([]);
    });

    it.skipIf(database === 'sqlite')('is upgraded within a transaction too', async () => {
      await expect(upgradeInTransaction()).resolves.toBeUndefined();
      await expectUpgraded();
    });

    it.runIf(database === 'sqlite')('is left as it was where foreign keys cannot be turned off', async () => {
      await expect(upgradeInTransaction()).rejects.toThrow(/SQLite would delete the rows that refer to this table/);
      expect(await notes()).toEqual([{ text: 'kept' }]);
    });

    it('is told from a table that is missing, and from one of something else', async () => {
      await expect(addTokenColumns('user_tokes')).rejects.toThrow('no table user_tokes');
      await expect(addTokenColumns('users')).rejects.toThrow(/users has no purpose, expires_at, so it is not a table/);
    });
  });

  it('columns added to a user table delete no rows that refer to it', async () => {
    await open({ entities: [User, UserToken], migrations: [CreateAccounts1790000000000] });
    await dataSource.runMigrations();
    await insertUserWithToken(User, UserToken);
    await withQueryRunner(async (queryRunner) => {
      await queryRunner.query('UPDATE users SET username = NULL');
      await queryRunner.beforeMigration();
      await queryRunner.dropColumn('users', 'username');
      await queryRunner.afterMigration();
      await addUserColumns(queryRunner, 'users', { username: `'jo'` }, { username: true });
    });
    expect(await dataSource.getRepository(UserToken).count()).toBe(1);
  });
});
