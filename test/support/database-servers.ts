import { DataSource, type DataSourceOptions } from 'typeorm';

/** A database that every flow is tested on. */
export type DatabaseKind = 'sqlite' | 'postgres' | 'mariadb';

/** All of them, whether this machine has them or not. */
export const DATABASE_KINDS: readonly DatabaseKind[] = ['sqlite', 'postgres', 'mariadb'];

/** The same, and TypeORM's driver `mysql` on a MySQL server and on the MariaDB server. */
export type DriverKind = DatabaseKind | 'mysql' | 'mysql-on-mariadb';

/** Every driver, on every server it is tested on. */
export const DRIVER_KINDS: readonly DriverKind[] = [...DATABASE_KINDS, 'mysql', 'mysql-on-mariadb'];

/** What is reached over the network. */
export type ServerKind = Exclude<DriverKind, 'sqlite'>;

/** TypeORM's name for the driver. */
export function driverOf(kind: ServerKind): 'postgres' | 'mariadb' | 'mysql' {
  return kind === 'mysql-on-mariadb' ? 'mysql' : kind;
}

/** Address of the server a test makes its own databases on; the account must be allowed to create databases. */
export function serverUrl(kind: ServerKind): URL {
  return new URL(addressOf(kind).replace(/^\w+:/, `${driverOf(kind)}:`));
}

function addressOf(kind: ServerKind): string {
  const env = process.env;
  switch (kind) {
    case 'postgres':
      return env['TEST_POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';
    case 'mysql':
      return env['TEST_MYSQL_URL'] ?? 'mysql://root@127.0.0.1:3307/mysql';
    case 'mariadb':
    case 'mysql-on-mariadb':
      return env['TEST_MARIADB_URL'] ?? 'mariadb://root@127.0.0.1:3306/mysql';
  }
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
    case 'mysql-on-mariadb':
      return {
        type: kind === 'mariadb' ? kind : 'mysql',
        url: serverUrl(kind).href,
        connectTimeout: 3000,
        poolSize: 1,
      };
  }
}
