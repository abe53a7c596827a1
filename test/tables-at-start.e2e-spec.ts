import { randomBytes } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions, type MigrationInterface, type QueryRunner } from 'typeorm';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectToServer, type DatabaseKind } from './support/database-servers.js';
import { availableDatabases, createDatabase, describeOnServers, type TestDatabase } from './support/databases.js';
import { createFourTables, opened, startOn } from './support/starting-app.js';

/** Changes a database as an administrator would. */
async function change(database: TestDatabase, ...statements: string[]): Promise<void> {
  const source = await new DataSource(database.options).initialize();
  for (const statement of statements) await source.query(statement);
  await source.destroy();
}

async function withTables(database: TestDatabase): Promise<TestDatabase> {
  const source = await new DataSource(database.options).initialize();
  await createFourTables(source.createQueryRunner());
  await source.destroy();
  return database;
}

const pathsIn = (error?: { problems: readonly { path: string }[] }) => error?.problems.map(({ path }) => path);

@Injectable()
class MigratingService implements OnModuleInit {
  constructor(@InjectDataSource() private readonly source: DataSource) {}

  async onModuleInit(): Promise<void> {
    await createFourTables(this.source.createQueryRunner());
  }
}

@Module({ providers: [MigratingService] })
class MigratingModule {}

class FourTables1700000000000 implements MigrationInterface {
  up(runner: QueryRunner): Promise<void> {
    return createFourTables(runner);
  }
  async down(): Promise<void> {
    await Promise.resolve();
  }
}

describe.each(availableDatabases())('at start on %s', (kind) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase(kind);
  });
  afterEach(() => database.drop());

  it('tables that are as they should be are no matter, and nothing is written into them', async () => {
    await withTables(database);
    const { error, lines } = await startOn(database);
    expect(error).toBeUndefined();
    expect(lines.filter((line) => /table/i.test(line) && !line.startsWith('level='))).toEqual([]);
    const source = await new DataSource(database.options).initialize();
    for (const table of ['users', 'user_tokens', 'auth_events', 'auth_limits']) {
      expect(await source.query(`SELECT * FROM ${table}`)).toEqual([]);
    }
    await source.destroy();
  });

  it('every table that is missing is named at once, with what makes it', async () => {
    const { error } = await startOn(database);
    expect(pathsIn(error)).toEqual(['User', 'UserToken', 'AuthEventRow', 'AuthLimit']);
    expect(error!.problems[0]!.message).toBe(
      'has no table in the database (users), so that every request that needs it would fail',
    );
    for (const { fix } of error!.problems) expect(fix).toMatch(/^Run the migration/);
    expect(error!.message).not.toMatch(/drop|delete|synchronize/i);
  });

  it('every column that is missing is named at once, of each table', async () => {
    await withTables(database);
    await change(
      database,
      'ALTER TABLE users DROP COLUMN name',
      'ALTER TABLE user_tokens DROP COLUMN attempts',
      'ALTER TABLE user_tokens DROP COLUMN payload',
      'ALTER TABLE auth_events DROP COLUMN detail',
      'ALTER TABLE auth_limits DROP COLUMN state',
    );
    const { error } = await startOn(database);
    const paths = ['User.name', 'UserToken.attempts', 'UserToken.payload', 'AuthEventRow.detail', 'AuthLimit.state'];
    expect(pathsIn(error)?.toSorted()).toEqual(paths.toSorted());
    expect(error!.message).toContain('UserToken.attempts: has no column attempts in the table user_tokens');
    expect(error!.message).toContain('addUserTokenColumns()');
  });

  it('they are not looked at where the application says so', async () => {
    const { error } = await startOn(database, { options: { checkTables: false } });
    expect(error).toBeUndefined();
  });

  it('tables of another level are not asked for', async () => {
    await withTables(database);
    await change(database, 'DROP TABLE user_tokens');
    const { error } = await startOn(database, { level: 'basic' });
    expect(error).toBeUndefined();
  });

  it('a module that migrates in onModuleInit has its way, also where it is imported later', async () => {
    const { error } = await startOn(database, { imports: [MigratingModule] });
    expect(error).toBeUndefined();
  });

  it('migrationsRun has its way, and so has a main.ts that migrates before it listens', async () => {
    const byTypeOrm = opened(database, { migrations: [FourTables1700000000000], migrationsRun: true });
    expect((await startOn(byTypeOrm)).error).toBeUndefined();
    await change(
      database,
      'DROP TABLE user_tokens',
      'DROP TABLE users',
      'DROP TABLE auth_events',
      'DROP TABLE auth_limits',
    );
    const byMain = await startOn(database, {}, (source) => createFourTables(source.createQueryRunner()));
    expect(byMain.error).toBeUndefined();
  });

  it('a database that went away after connecting is no missing table', async () => {
    await withTables(database);
    const { error, lines } = await startOn(database, {}, async (source) => {
      await source.destroy();
    });
    expect(error).toBeUndefined();
    expect(lines.filter((line) => line.startsWith('The tables were not checked'))).toEqual([
      'The tables were not checked, as the database could not be asked (it is out of reach). AuthModule',
    ]);
  });
});

/** An account of the database server that may do no more than is said, on tables that are there. */
async function restricted(kind: DatabaseKind, database: TestDatabase, grants: Record<string, string>) {
  const name = `gatehouse_${randomBytes(5).toString('hex')}`;
  const isPostgres = kind === 'postgres';
  const grantee = isPostgres ? name : `'${name}'@'%'`;
  const server = await connectToServer(kind);
  await server.query(isPostgres ? `CREATE ROLE ${name} LOGIN` : `CREATE USER ${grantee} IDENTIFIED BY 'ops'`);
  await server.destroy();
  const schema = new URL(database.url).pathname.slice(1);
  const statements = Object.entries(grants).map(
    ([table, rights]) => `GRANT ${rights} ON ${isPostgres ? table : `${schema}.${table}`} TO ${grantee}`,
  );
  await change(database, ...statements);
  const url = new URL(database.url);
  url.username = name;
  url.password = isPostgres ? '' : 'ops';
  return {
    database: opened(database, { url: url.href }),
    remove: async () => {
      const again = await connectToServer(kind);
      if (isPostgres) await change(database, `DROP OWNED BY ${name}`);
      await again.query(isPostgres ? `DROP ROLE ${name}` : `DROP USER ${grantee}`);
      await again.destroy();
    },
  };
}

const ALL = 'SELECT, INSERT, UPDATE, DELETE';

describeOnServers('the rights of the database account at start on %s', (kind) => {
  let database: TestDatabase;
  let remove: () => Promise<void>;
  beforeEach(async () => {
    database = await withTables(await createDatabase(kind));
  });
  afterEach(async () => {
    await remove();
    await database.drop();
  });

  async function startWith(grants: Record<string, string>) {
    const account = await restricted(kind, database, grants);
    remove = account.remove;
    return startOn(account.database);
  }

  it('are enough where it may do what the module does, and no more than add to the audit trail', async () => {
    const { error, lines } = await startWith({ users: ALL, user_tokens: ALL, auth_limits: ALL, auth_events: 'INSERT' });
    expect(error).toBeUndefined();
    expect(lines.filter((line) => /GRANT|not checked/.test(line))).toEqual([]);
  });

  it('are named where they are missing, each with the GRANT', async () => {
    const { error } = await startWith({
      users: 'SELECT, INSERT, DELETE',
      user_tokens: 'SELECT, UPDATE, DELETE',
      auth_limits: 'INSERT, UPDATE, DELETE',
      auth_events: 'SELECT',
    });
    expect(error!.problems.map(({ path, fix }) => `${path} ${/GRANT \w+ ON \S+/.exec(fix)![0]}`)).toEqual(
      expect.arrayContaining([
        'User GRANT UPDATE ON users',
        'UserToken GRANT INSERT ON user_tokens',
        'AuthEventRow GRANT INSERT ON auth_events',
        'AuthLimit GRANT SELECT ON auth_limits',
      ]),
    );
    expect(error!.message).not.toContain(new URL(database.url).password || 'ops@');
  });

  it('to delete may be missing, which the log says', async () => {
    const { error, lines } = await startWith({
      users: 'SELECT, INSERT, UPDATE',
      user_tokens: ALL,
      auth_limits: ALL,
      auth_events: 'INSERT',
    });
    expect(error).toBeUndefined();
    expect(lines.filter((line) => line.includes('GRANT'))).toEqual([
      expect.stringMatching(/^User: is in a table \(users\) .* may not DELETE, .* GRANT DELETE ON users /),
    ]);
  });
});

describe('a database that can only be read', () => {
  const open: TestDatabase[] = [];
  afterAll(async () => {
    for (const database of open) await database.drop();
  });

  it.each(availableDatabases().filter((kind) => kind !== 'mariadb'))('is named at start on %s', async (kind) => {
    const database = await withTables(await createDatabase(kind));
    open.push(database);
    const readOnly: Record<string, object> = {
      sqlite: { readonly: true, enableWAL: false },
      postgres: { extra: { options: '-c default_transaction_read_only=on' } },
    };
    if (kind === 'sqlite') await chmod(String((database.options as { database: string }).database), 0o444);
    const { error } = await startOn(opened(database, readOnly[kind]!));
    expect(pathsIn(error)).toEqual(['User', 'UserToken', 'AuthEventRow', 'AuthLimit']);
    expect(error!.message).toContain('can only be read');
  });
});

describeOnServers('a table that a migration elsewhere has locked on %s', (kind) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await withTables(await createDatabase(kind));
  });
  afterEach(() => database.drop());

  it('holds no start up for long', async () => {
    const other = await new DataSource(database.options as DataSourceOptions).initialize();
    const runner = other.createQueryRunner();
    const lock =
      kind === 'postgres' ? ['BEGIN', 'LOCK TABLE users IN ACCESS EXCLUSIVE MODE'] : ['LOCK TABLES users WRITE'];
    for (const statement of lock) await runner.query(statement);
    const began = performance.now();
    const started = startOn(database, {}).finally(() => other.destroy());
    // The application cannot close before its statement has its answer.
    setTimeout(() => void runner.query(kind === 'postgres' ? 'ROLLBACK' : 'UNLOCK TABLES'), 8_000);
    const { error, lines } = await started;
    expect(error).toBeUndefined();
    expect(lines.find((line) => line.startsWith('The tables were not checked'))).toContain('did not answer in time');
    expect(performance.now() - began).toBeLessThan(25_000);
  });
});
