import type { TypeOrmModuleOptions } from '@nestjs/typeorm';
import { AuthEventRow } from './auth-event.entity.js';
import { AuthLimit } from './auth-limit.entity.js';
import { CreateAccounts1790000000000 } from './migrations/1790000000000-create-accounts.js';
import { AddTokenColumns1795000000000 } from './migrations/1795000000000-add-token-columns.js';
import { AddLimits1796000000000 } from './migrations/1796000000000-add-limits.js';
import { UserToken } from './user-token.entity.js';
import { User } from './user.entity.js';

const shared = {
  entities: [User, UserToken, AuthEventRow, AuthLimit],
  migrations: [CreateAccounts1790000000000, AddTokenColumns1795000000000, AddLimits1796000000000],
  migrationsRun: true,
};

/**
 * The data source DATABASE_URL names: `sqlite:FILE`, `:memory:`, `postgres://...`, `mysql://...` or `mariadb://...`.
 * DATABASE_POOL_SIZE limits the connections of the latter three. The tables are made by the migrations at start.
 *
 * @throws Error for any other address, without quoting it: it may hold a password
 */
export function databaseOptions(env: NodeJS.ProcessEnv = process.env): TypeOrmModuleOptions {
  const url = env['DATABASE_URL'] || 'sqlite:var/sample.sqlite';
  const [, scheme = '', rest = ''] = /^([a-z]*):(.*)$/.exec(url) ?? [];
  switch (scheme) {
    case '':
    case 'sqlite':
      // `sqlite:FILE` and `sqlite://FILE` alike; `:memory:` is a database that ends with the process.
      return sqlite(scheme === '' ? url : rest.replace(/^\/\//, ''));
    case 'postgres':
    case 'postgresql':
      return { ...shared, type: 'postgres', url, poolSize: poolSize(env) };
    case 'mysql':
    case 'mariadb':
      return { ...shared, type: scheme, url, poolSize: poolSize(env) };
    default:
      throw new Error(`DATABASE_URL starts with ${scheme}: use sqlite:, postgres://, mysql:// or mariadb://.`);
  }
}

function sqlite(file: string): TypeOrmModuleOptions {
  if (file === '') throw new Error('DATABASE_URL names no file: use sqlite:FILE or sqlite::memory:.');
  // With a write-ahead log readers do not wait for the writer.
  return { ...shared, type: 'better-sqlite3', database: file, enableWAL: file !== ':memory:' };
}

function poolSize(env: NodeJS.ProcessEnv): number {
  const size = Number(env['DATABASE_POOL_SIZE'] || 10);
  if (!Number.isInteger(size) || size < 1) throw new Error('DATABASE_POOL_SIZE is a number of connections, 1 or more.');
  return size;
}
