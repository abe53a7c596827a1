import { DataSource, type DataSourceOptions } from 'typeorm';

/** A database the package supports. */
export type DatabaseKind = 'sqlite' | 'postgres' | 'mariadb';

/** Every supported database, whether this machine has it or not. */
export const DATABASE_KINDS: readonly DatabaseKind[] = ['sqlite', 'postgres', 'mariadb'];

/** Address of the server a test makes its own databases on; the account must be allowed to create databases. */
export function serverUrl(kind: Exclude<DatabaseKind, 'sqlite'>): URL {
  return kind === 'postgres'
    ? new URL(process.env['TEST_POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres')
    : new URL(process.env['TEST_MARIADB_URL'] ?? 'mariadb://root@127.0.0.1:3306/mysql');
}

/** Connects to the server itself, for creating and dropping databases and for asking whether it is there. */
export function connectToServer(kind: DatabaseKind): Promise<DataSource> {
  return new DataSource(serverOptions(kind)).initialize();
}

function serverOptions(kind: DatabaseKind): DataSourceOptions {
  switch (kind) {
    case 'sqlite':
      return { type: 'better-sqlite3', database: ':memory:' };
    case 'postgres':
      return { type: 'postgres', url: serverUrl(kind).href, connectTimeoutMS: 3000, poolSize: 1 };
    case 'mariadb':
      return { type: 'mariadb', url: serverUrl(kind).href, connectTimeout: 3000, poolSize: 1 };
  }
}
