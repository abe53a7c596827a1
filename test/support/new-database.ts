import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { type DriverKind, driverOf, type ServerKind, serverUrl } from './database-servers.js';

/** A database of a test's own, empty and gone after {@link TestDatabase.drop}. */
export interface TestDatabase {
  readonly kind: DriverKind;
  /** What a DataSource needs to open it; add the entities. */
  readonly options: DataSourceOptions;
  /** The same as a DATABASE_URL. */
  readonly url: string;
  /** Removes it; close every DataSource first. */
  drop(): Promise<void>;
}

/** Makes a new empty database with a random name: on the server of the tests, or on another one. */
export async function createDatabase(kind: DriverKind, server?: URL): Promise<TestDatabase> {
  return kind === 'sqlite' ? createSqliteFile() : createOnServer(kind, server ?? serverUrl(kind));
}

async function createSqliteFile(): Promise<TestDatabase> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-'));
  const file = join(directory, 'test.sqlite');
  return {
    kind: 'sqlite',
    options: { type: 'better-sqlite3', database: file, enableWAL: true },
    url: `sqlite:${file}`,
    drop: () => rm(directory, { recursive: true, force: true }),
  };
}

/**
 * The collations most servers start with. Those of MariaDB and MySQL take é for e: tests must hold where an application
 * never chose one.
 */
const COLLATION: Record<ServerKind, string> = {
  postgres: '',
  mariadb: ' CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci',
  'mysql-on-mariadb': ' CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci',
  mysql: ' CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci',
};

async function createOnServer(kind: ServerKind, server: URL): Promise<TestDatabase> {
  const name = `gatehouse_${randomBytes(6).toString('hex')}`;
  const type = driverOf(kind);
  await runOnServer(type, server, `CREATE DATABASE ${name}${COLLATION[kind]}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const force = kind === 'postgres' ? ' WITH (FORCE)' : '';
  return {
    kind,
    options: { type, url: url.href },
    url: url.href,
    drop: () => runOnServer(type, server, `DROP DATABASE IF EXISTS ${name}${force}`),
  };
}

async function runOnServer(
  type: 'postgres' | 'mariadb' | 'mysql',
  { href: url }: URL,
  statement: string,
): Promise<void> {
  const timeout = type === 'postgres' ? { type, connectTimeoutMS: 3000 } : { type, connectTimeout: 3000 };
  const server = await new DataSource({ ...timeout, url, poolSize: 1 }).initialize();
  try {
    await server.query(statement);
  } finally {
    await server.destroy();
  }
}
