import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataSourceOptions } from 'typeorm';
import { describe, inject } from 'vitest';
import {
  connectToServer,
  DATABASE_KINDS,
  DRIVER_KINDS,
  driverOf,
  serverUrl,
  type DatabaseKind,
  type DriverKind,
  type ServerKind,
} from './database-servers.js';

export type { DatabaseKind } from './database-servers.js';

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

/**
 * The databases this run can test on, for `describe.each(availableDatabases())('... on %s', (kind) => ...)`.
 * Those that are missing were reported when the run started.
 */
export function availableDatabases(): DatabaseKind[] {
  return available(DATABASE_KINDS);
}

/**
 * The same, MySQL, and MariaDB once more through the driver `mysql`, for tests of what servers or drivers do differently:
 * locks, plans, keys, columns, counts of changed rows. Everywhere else they would tell nothing that `mariadb` does not.
 */
export function availableDrivers(): DriverKind[] {
  return available(DRIVER_KINDS);
}

function available<K extends DriverKind>(kinds: readonly K[]): K[] {
  const legs = inject('legs').available;
  return kinds.filter((kind) => legs.includes(kind));
}

const isServer = (kind: DatabaseKind) => kind !== 'sqlite';
const servers = availableDatabases().filter(isServer);

/**
 * A suite for each database that several connections share, as `describe.each` has it. A machine without any skips
 * them, for Vitest wants every file to have a suite; why was said when the run started.
 */
export const describeOnServers: (name: string, suite: (kind: DatabaseKind) => void) => void = describe
  .skipIf(servers.length === 0)
  .each(servers.length > 0 ? servers : DATABASE_KINDS.filter(isServer));

/** Makes a new empty database with a random name. */
export async function createDatabase(kind: DriverKind): Promise<TestDatabase> {
  return kind === 'sqlite' ? createSqliteFile() : createOnServer(kind);
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

async function createOnServer(kind: ServerKind): Promise<TestDatabase> {
  const name = `gatehouse_${randomBytes(6).toString('hex')}`;
  await runOnServer(kind, `CREATE DATABASE ${name}${COLLATION[kind]}`);
  const url = serverUrl(kind);
  url.pathname = `/${name}`;
  return {
    kind,
    options: { type: driverOf(kind), url: url.href },
    url: url.href,
    drop: () => runOnServer(kind, `DROP DATABASE IF EXISTS ${name}${kind === 'postgres' ? ' WITH (FORCE)' : ''}`),
  };
}

async function runOnServer(kind: DriverKind, statement: string): Promise<void> {
  const server = await connectToServer(kind);
  try {
    await server.query(statement);
  } finally {
    await server.destroy();
  }
}
