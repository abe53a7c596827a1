import { DataSource, type DataSourceOptions } from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { connectToServer } from './support/database-servers.js';
import { availableDatabases, availableDrivers, createDatabase, type TestDatabase } from './support/databases.js';
import { AuthEventRow, createFourTables, opened, startOn } from './support/starting-app.js';
import { AuthLimit } from './support/limit-stores.js';
import { createTestApp } from './support/test-app.js';
import { User, UserToken } from './support/users-plain.js';

const open: TestDatabase[] = [];

afterEach(async () => {
  for (const database of open.splice(0)) await database.drop();
});

/** An empty database, made as `create` says. */
async function databaseMade(kind: 'postgres' | 'mariadb', create: string): Promise<TestDatabase> {
  const database = await createDatabase(kind);
  open.push(database);
  const name = new URL(database.url).pathname.slice(1);
  const server = await connectToServer(kind);
  await server.query(`DROP DATABASE ${name}`);
  await server.query(`CREATE DATABASE ${name} ${create}`);
  await server.destroy();
  return database;
}

/** Makes the tables by the builders, or as `synchronize` does, and changes them. */
async function prepare(database: TestDatabase, synchronize: boolean, ...statements: string[]): Promise<void> {
  const entities = [User, UserToken, AuthEventRow, AuthLimit];
  const source = await new DataSource({ ...database.options, entities } as DataSourceOptions).initialize();
  if (synchronize) await source.synchronize();
  else await createFourTables(source.createQueryRunner());
  for (const statement of statements) await source.query(statement);
  await source.destroy();
}

const ABOUT_TEXT = /character set|collation|keeps text as|connection to the database speaks/;

/** What the start says of text. */
async function said(database: Pick<TestDatabase, 'options'>): Promise<string[]> {
  const { error, lines } = await startOn(database);
  expect(error).toBeUndefined();
  return lines.filter((line) => ABOUT_TEXT.test(line));
}

const has = (kind: string) => (availableDatabases() as string[]).includes(kind);

it.each(availableDrivers())('nothing is said at start of tables that the builders made on %s', async (kind) => {
  const database = await createDatabase(kind);
  open.push(database);
  await prepare(database, false);
  expect(await said(database)).toEqual([]);
});

describe.skipIf(!has('mariadb'))('at start on MariaDB', () => {
  it.each(['utf8mb4_unicode_ci', 'utf8mb4_general_ci'])(
    '%s is named where it identifies somebody',
    async (collation) => {
      const database = await databaseMade('mariadb', `CHARACTER SET utf8mb4 COLLATE ${collation}`);
      await prepare(database, true);
      const lines = await said(database);
      expect(lines.map((line) => line.split(' takes')[0])).toEqual([
        `User.email: the collation ${collation}`,
        `UserToken.tokenHash: the collation ${collation}`,
        `AuthLimit.id: the collation ${collation}`,
      ]);
      for (const line of lines) expect(line).toMatch(/in a migration, which keeps the rows/);
    },
  );

  it.each(['latin1', 'utf8mb3'])(
    '%s is named where it holds what people type, also beside the builders',
    async (charset) => {
      const database = await databaseMade('mariadb', `CHARACTER SET ${charset}`);
      await prepare(database, false);
      expect(await said(database)).toEqual([
        expect.stringMatching(`^User.name: the character set ${charset} cannot hold every letter .* utf8mb4`),
      ]);
    },
  );

  it('a connection that cannot carry every letter is named', async () => {
    const database = await databaseMade('mariadb', 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
    await prepare(database, true);
    expect(await said(opened(database, { charset: 'latin1' }))).toEqual([
      expect.stringMatching(/^The connection to the database speaks latin1, .* `charset: 'utf8mb4'`/),
    ]);
  });

  it('what the warning says to do ends it, and keeps the rows', async () => {
    const database = await databaseMade('mariadb', 'CHARACTER SET utf8mb3');
    await prepare(
      database,
      false,
      "INSERT INTO users (id, email, password_hash, created_at, updated_at, name) VALUES (UUID(), 'a@example.com', '', 0, 0, 'Zoë')",
      'ALTER TABLE users MODIFY name varchar(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
    );
    expect(await said(database)).toEqual([]);
    const t = await createTestApp({ on: database, mode: 'D' });
    expect(await t.dataSource.query('SELECT name FROM users')).toEqual([{ name: 'Zoë' }]);
    const signup = { email: 'b@example.com', password: 'correct horse battery staple', name: 'Ann 🐎' };
    expect((await t.client.post('/auth/signup', signup)).status).toBe(201);
    await t.close();
  });
});

describe.skipIf(!has('postgres'))('at start on PostgreSQL', () => {
  it.each(['LATIN1', 'SQL_ASCII'])('a database of %s is named', async (encoding) => {
    const create = `ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`;
    const database = await databaseMade('postgres', create);
    await prepare(database, false);
    expect(await said(database)).toEqual([
      expect.stringMatching(`^The database keeps text as ${encoding}, .* ENCODING 'UTF8', restore a dump`),
    ]);
  });

  it('a collation that folds letters is named where it identifies somebody, and nowhere else', async () => {
    const database = await createDatabase('postgres');
    open.push(database);
    await prepare(
      database,
      false,
      "CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level1', deterministic = false)",
      'ALTER TABLE users ALTER COLUMN email TYPE varchar(254) COLLATE folding',
      'ALTER TABLE users ALTER COLUMN name TYPE varchar(100) COLLATE folding',
    );
    expect(await said(database)).toEqual([expect.stringMatching(/^User\.email: the collation folding takes/)]);
  });
});
