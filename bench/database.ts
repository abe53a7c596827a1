import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { authLimitTable, userTable, userTokenTable } from '../lib/index.js';
import { loadArgon2Engine } from '../lib/engine/passwords/argon2-engine.js';
import { connectToServer, type DatabaseKind, serverUrl } from '../test/support/database-servers.js';
import { User, UserToken } from './entities.js';

/** More than there are logins in flight, so that no two of them are the same account's. */
const ACCOUNTS = 256;

export const PASSWORD = 'correct horse battery staple';

/** What production uses: OWASP's first choice of parameters for Argon2id. */
export const HASHING = { memoryKib: 19_456, timeCost: 2 };

/** A database of this run's own, with the tables and some active accounts that share {@link PASSWORD}. */
export interface BenchDatabase {
  readonly options: DataSourceOptions;
  readonly emails: readonly string[];
  /** The stored hash of {@link PASSWORD}. */
  readonly phc: string;
  drop(): Promise<void>;
}

/** Nothing answers where the server should be. */
export class DatabaseMissing extends Error {}

/**
 * Makes the database.
 * @throws DatabaseMissing where its server cannot be reached
 */
export async function createDatabase(kind: DatabaseKind): Promise<BenchDatabase> {
  const { options, drop } = kind === 'sqlite' ? await createFile() : await createOnServer(kind);
  const emails = Array.from({ length: ACCOUNTS }, (_, index) => `user${index}@example.com`);
  const phc = await (await loadArgon2Engine()).hash(PASSWORD, HASHING);
  try {
    await fill(options, emails, phc);
  } catch (error) {
    await drop();
    throw error;
  }
  return { options, emails, phc, drop };
}

async function fill(options: DataSourceOptions, emails: string[], passwordHash: string): Promise<void> {
  const dataSource = await new DataSource({
    ...options,
    entities: [User, UserToken],
  } as DataSourceOptions).initialize();
  try {
    const runner = dataSource.createQueryRunner();
    await runner.createTable(userTable(runner, { name: 'users', idType: 'uuid' }));
    await runner.createTable(authLimitTable(runner, { name: 'auth_limits' }));
    await runner.createTable(userTokenTable(runner, { name: 'user_tokens', userTable: 'users', userIdType: 'uuid' }));
    await runner.release();
    const now = new Date();
    const rest = { passwordHash, isActive: true, emailVerifiedAt: now, createdAt: now, updatedAt: now };
    await dataSource.getRepository(User).insert(emails.map((email) => ({ ...rest, id: uuidv7(), email })));
  } finally {
    await dataSource.destroy();
  }
}

async function createFile(): Promise<Pick<BenchDatabase, 'options' | 'drop'>> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'));
  return {
    options: { type: 'better-sqlite3', database: join(directory, 'bench.sqlite'), enableWAL: true },
    drop: () => rm(directory, { recursive: true, force: true }),
  };
}

async function createOnServer(kind: 'postgres' | 'mariadb'): Promise<Pick<BenchDatabase, 'options' | 'drop'>> {
  const name = `gatehouse_bench_${randomBytes(6).toString('hex')}`;
  await onServer(kind, `CREATE DATABASE ${name}${kind === 'mariadb' ? ' CHARACTER SET utf8mb4' : ''}`);
  const url = serverUrl(kind);
  url.pathname = `/${name}`;
  return {
    options: { type: kind, url: url.href },
    drop: () => onServer(kind, `DROP DATABASE IF EXISTS ${name}${kind === 'postgres' ? ' WITH (FORCE)' : ''}`),
  };
}

async function onServer(kind: Exclude<DatabaseKind, 'sqlite'>, statement: string): Promise<void> {
  const server = await connectToServer(kind).catch((error: unknown) => {
    throw isRefusal(error) ? new DatabaseMissing(`${kind}: nothing answers at ${serverUrl(kind).host}`) : error;
  });
  try {
    await server.query(statement);
  } finally {
    await server.destroy();
  }
}

/** Drivers wrap what the socket says, one refusal for each address of a name. */
function isRefusal(error: unknown): boolean {
  const { code, cause, errors = [] } = error as { code?: unknown; cause?: unknown; errors?: unknown[] };
  return (
    code === 'ECONNREFUSED' || code === 'ENOTFOUND' || [cause, ...errors].some((inner) => inner && isRefusal(inner))
  );
}
