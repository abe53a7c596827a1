import type { DataSource, TableColumnOptions } from 'typeorm';

/** The codes by which a driver tells what went wrong: SQLSTATE, a name of the server or of the driver. */
interface ErrorCodes {
  /** Serialization failure, deadlock, lock time-out, busy file: the same statements may succeed when run again. */
  readonly transient: RegExp;
  /** Somebody else has locked the whole database. */
  readonly locked?: RegExp;
  /** A unique index refused the row. */
  readonly uniqueViolation: RegExp;
  /** A foreign key refused the change: other rows refer to the row, or the row it refers to is gone. */
  readonly foreignKeyViolation: RegExp;
  /** Of these, what a statement that adds a row meets where the row it refers to is gone. */
  readonly missingReference: RegExp;
  /** The database is shutting down, has no connection or no room to spare, or takes no writes for now. */
  readonly unavailable: RegExp;
  /** The same, where the driver, or TypeORM's part of it, throws a plain error without a code. */
  readonly unavailableMessage: RegExp;
}

/** How a driver tells that tables are not what statements expect, each matched against its code, a space, and its message. */
interface SchemaFaults {
  readonly missingTable: RegExp;
  readonly missingColumn: RegExp;
  /** The database account may not do that to the table. */
  readonly forbidden: RegExp;
  /** Nobody may write: a replica, a server in read-only mode, a file without write permission. */
  readonly readOnly: RegExp;
}

/**
 * Everything in which the supported databases differ and which TypeORM leaves to its caller. Adding a database means one
 * more of these, and its leg in the tests.
 *
 * MariaDB and MySQL share one: the driver `mysql` runs on either server (and so does `mariadb`), so the name of a driver
 * does not tell them apart, and whatever stands here must be right on both.
 */
export interface Dialect {
  /** True where TypeORM has one connection for all callers of a data source, so that they share transactions. */
  readonly sharesOneConnection: boolean;
  /**
   * Ends a SELECT whose rows must not change until the transaction is over. Written here, as TypeORM chooses it by the
   * name of the driver and by the number of the server's version.
   */
  readonly shareLock: string;
  /** True where an insert can change a row in its place and return it (`ON CONFLICT … RETURNING`). */
  readonly returnsChangedRows: boolean;
  /** True where a statement that writes can also read what others have written: a writing `WITH`, a count in `RETURNING`. */
  readonly composesWrites: boolean;
  /** True where a placeholder says which parameter it is (`$1`); `?` takes the next one. */
  readonly hasNumberedPlaceholders: boolean;
  /** What a text column needs to be compared byte by byte: usual collations take `é` for `e` and `A` for `a`. */
  readonly binaryText: Pick<TableColumnOptions, 'charset' | 'collation'>;
  /** Where the character set of a text is chosen, if it can be anything but Unicode. */
  readonly textIsKept: 'by column' | 'by database' | 'as Unicode';
  /** True where a unique constraint is nothing but a unique index, and TypeORM names it as one. */
  readonly hasUniqueIndexesOnly: boolean;
  /** Length of a text column that refers to a UUID; undefined where such a column needs none. */
  readonly uuidTextLength?: string;
  /** True where a column is added or changed by making the table anew and dropping the old one. */
  readonly rebuildsChangedTables: boolean;
  /** True where a boolean may be kept as 0 and 1, since it can be compared with a number. */
  readonly comparesBooleansWithNumbers: boolean;
  readonly errors: ErrorCodes;
  readonly schemaFaults: SchemaFaults;
}

const SQLITE: Dialect = {
  sharesOneConnection: true,
  // The whole file has one writer, and ours queue up.
  shareLock: '',
  returnsChangedRows: true,
  composesWrites: false,
  hasNumberedPlaceholders: false,
  textIsKept: 'as Unicode',
  binaryText: {},
  hasUniqueIndexesOnly: false,
  rebuildsChangedTables: true,
  comparesBooleansWithNumbers: true,
  // https://www.sqlite.org/rescode.html
  errors: {
    transient: /^SQLITE_(BUSY|LOCKED)/,
    locked: /^SQLITE_(BUSY|LOCKED)/,
    uniqueViolation: /^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY)$/,
    // A key with ON DELETE RESTRICT refuses as a trigger does.
    foreignKeyViolation: /^SQLITE_CONSTRAINT_(FOREIGNKEY|TRIGGER)$/,
    missingReference: /^SQLITE_CONSTRAINT_FOREIGNKEY$/,
    unavailable: /^SQLITE_(CANTOPEN|IOERR|FULL|READONLY|NOMEM)/,
    unavailableMessage: /connection is not open/i,
  },
  // One code for all of it.
  schemaFaults: {
    missingTable: /^SQLITE_ERROR no such table/,
    missingColumn: /^SQLITE_ERROR (no such column|table .* has no column)/,
    forbidden: /^SQLITE_(AUTH|PERM)\b/,
    readOnly: /^SQLITE_READONLY/,
  },
};

const POSTGRESQL: Dialect = {
  sharesOneConnection: false,
  shareLock: ' FOR SHARE',
  returnsChangedRows: true,
  composesWrites: true,
  hasNumberedPlaceholders: true,
  textIsKept: 'by database',
  binaryText: {},
  hasUniqueIndexesOnly: false,
  rebuildsChangedTables: false,
  comparesBooleansWithNumbers: false,
  // https://www.postgresql.org/docs/current/errcodes-appendix.html
  errors: {
    transient: /^(40001|40P01|55P03)$/,
    uniqueViolation: /^23505$/,
    foreignKeyViolation: /^(23503|23001)$/,
    missingReference: /^23503$/,
    // 53: no room on the disk, in memory, or for a connection. 25006: a standby, or a server that was set to read only.
    unavailable: /^(08|53|25006$|57P0[123]$)/,
    unavailableMessage:
      /connection terminated|timeout exceeded when trying to connect|not queryable|after calling end on the pool|driver not connected/i,
  },
  schemaFaults: {
    missingTable: /^(42P01|3F000) /,
    missingColumn: /^42703 /,
    forbidden: /^42501 /,
    readOnly: /^25006 /,
  },
};

const MARIADB_AND_MYSQL: Dialect = {
  sharesOneConnection: false,
  // MySQL 8 has FOR SHARE as well and keeps this as its equal; MariaDB knows no other.
  // https://dev.mysql.com/doc/refman/8.4/en/innodb-locking-reads.html
  shareLock: ' LOCK IN SHARE MODE',
  // MariaDB has it by another name, MySQL not at all.
  returnsChangedRows: false,
  composesWrites: false,
  hasNumberedPlaceholders: false,
  textIsKept: 'by column',
  binaryText: { charset: 'utf8mb4', collation: 'utf8mb4_bin' },
  hasUniqueIndexesOnly: true,
  uuidTextLength: '36',
  rebuildsChangedTables: false,
  comparesBooleansWithNumbers: true,
  // https://mariadb.com/kb/en/mariadb-error-codes/, https://dev.mysql.com/doc/mysql-errors/8.4/en/
  errors: {
    transient: /^ER_(LOCK_DEADLOCK|LOCK_WAIT_TIMEOUT|CHECKREAD)$/,
    uniqueViolation: /^ER_DUP_ENTRY(_WITH_KEY_NAME)?$/,
    foreignKeyViolation: /^ER_(ROW_IS_REFERENCED|NO_REFERENCED_ROW)(_2)?$/,
    missingReference: /^ER_NO_REFERENCED_ROW(_2)?$/,
    // A disk that is full, and a server that only reads (a replica), are among them.
    unavailable:
      /^(ER_(DISK_FULL|RECORD_FILE_FULL|ERROR_ON_WRITE|OUT_OF_RESOURCES|OUTOFMEMORY|OPTION_PREVENTS_STATEMENT|CANT_EXECUTE_IN_READ_ONLY_TRANSACTION|READ_ONLY_MODE|CON_COUNT_ERROR|TOO_MANY_USER_CONNECTIONS|USER_LIMIT_REACHED|SERVER_SHUTDOWN|CONNECTION_KILLED|CLIENT_INTERACTION_TIMEOUT)|PROTOCOL_CONNECTION_LOST)$/,
    unavailableMessage: /closed state|pool is closed|connection is not established/i,
  },
  schemaFaults: {
    missingTable: /^ER_(NO_SUCH_TABLE|BAD_DB_ERROR) /,
    missingColumn: /^ER_BAD_FIELD_ERROR /,
    forbidden: /^ER_(TABLEACCESS|COLUMNACCESS|DBACCESS)_DENIED_ERROR /,
    readOnly: /^ER_(OPTION_PREVENTS_STATEMENT|READ_ONLY_MODE|CANT_EXECUTE_IN_READ_ONLY_TRANSACTION) /,
  },
};

/** By TypeORM's name for the driver. */
const DIALECTS: Readonly<Record<string, Dialect>> = {
  'better-sqlite3': SQLITE,
  postgres: POSTGRESQL,
  'aurora-postgres': POSTGRESQL,
  mariadb: MARIADB_AND_MYSQL,
  mysql: MARIADB_AND_MYSQL,
  'aurora-mysql': MARIADB_AND_MYSQL,
};

/**
 * The dialect of a data source.
 * @throws Error for a database that the module was never tried on
 */
export function dialectOf({ options: { type } }: DataSource): Dialect {
  const dialect = DIALECTS[type];
  if (dialect) return dialect;
  throw new Error(
    `nestjs-gatehouse does not know the database of a data source of type '${type}': its transactions and locks could ` +
      `let two requests win where one may. Use one of ${Object.keys(DIALECTS).join(', ')}.`,
  );
}

/** What an error may mean, whichever database it comes from: no two of them give one code different meanings. */
export const ERROR_CODES: readonly ErrorCodes[] = [SQLITE, POSTGRESQL, MARIADB_AND_MYSQL].map(({ errors }) => errors);
