import { DataSource, type DataSourceOptions } from 'typeorm';

/** A database the package supports. */
export type DatabaseKind = 'sqlite' | 'postgres' | 'mariadb';

/** Every supported database, whether this machine has it or not. */
export const DATABASE_KINDS: readonly DatabaseKind[] = ['sqlite', 'postgres', 'mariadb'];

/** The same, and the MariaDB server through TypeORM's driver `mysql`. */
export type DriverKind = DatabaseKind | 'mysql';

/** Every driver. */
export const DRIVER_KINDS: readonly DriverKind[] = [...DATABASE_KINDS, 'mysql'];

/** Address of the server a test makes its own databases on; the account must be allowed to create databases. */
export function serverUrl(kind: Exclude<DriverKind, 'sqlite'>): URL {
  if (kind === 'postgres') {
    return new URL(process.env['TEST_POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres');
  }
  const url = process.env['TEST_MARIADB_URL'] ?? 'mariadb://root@127.0.0.1:3306/mysql';
  return new URL(url.replace(/^mariadb:/, `${kind}:`));
}

/** Connects to the server itself, for creating and dropping databases and for asking whether it is there. */
export function connectToServer(kind: DriverKind): Promise<DataSource> {
  return new DataSource(serverOptions(kind)).initialize();
}

function serverOptions(kind: DriverKind): DataSourceOptions {
  switch (kind) {
    case 'sqlite':
      return { type: 'better-sqlite3', database: ':memory:' };
    case 'postgres':
      return { type: 'postgres', url: serverUrl(kind).href, connectTimeoutMS: 3000, poolSize: 1 };
    case 'mariadb':
    case 'mysql':
      return { type: kind, url: serverUrl(kind).href, connectTimeout: 3000, poolSize: 1 };
  }
}
