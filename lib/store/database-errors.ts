import { QueryFailedError } from 'typeorm';

/** Serialization failure, deadlock, lock time-out, busy file: the same statements may succeed when run again. */
const TRANSIENT = new Set(['40001', '40P01', '55P03', 'ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CHECKREAD']);

/** A unique index refused the row. */
const UNIQUE_VIOLATION = new Set(['23505', 'ER_DUP_ENTRY', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY']);

/** The database cannot be reached, is shutting down, or has no connection to spare. */
const UNAVAILABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EPIPE',
  'ENOENT',
  '53300',
  '57P01',
  '57P02',
  '57P03',
  'ER_CON_COUNT_ERROR',
  'ER_SERVER_SHUTDOWN',
  'ER_CONNECTION_KILLED',
  'PROTOCOL_CONNECTION_LOST',
  'SQLITE_CANTOPEN',
  'SQLITE_IOERR',
]);

/** pg reports a lost connection and a full pool, and better-sqlite3 a closed file, as plain errors, by message only. */
const UNAVAILABLE_MESSAGE =
  /connection terminated|timeout exceeded when trying to connect|connection is closed|connection is not open|closed state|pool is closed|not queryable|before connection is established/i;

/** True for an error that running the statements again may cure. */
export function isTransient(error: unknown): boolean {
  return TRANSIENT.has(databaseCode(error)) || isLocked(error);
}

/** True where SQLite refused the statement because somebody else has locked the file. */
export function isLocked(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED)/.test(databaseCode(error));
}

/** True where a unique index refused the row. */
export function isUniqueViolation(error: unknown): boolean {
  return UNIQUE_VIOLATION.has(databaseCode(error));
}

/** True where the database as a whole is out of reach. */
export function isUnavailable(error: unknown): boolean {
  const code = databaseCode(error);
  return (
    UNAVAILABLE.has(code) ||
    code.startsWith('08') ||
    (error instanceof Error && UNAVAILABLE_MESSAGE.test(error.message))
  );
}

/** The driver's code: SQLSTATE, MariaDB's name, SQLite's name or the socket's; empty where there is none. */
export function databaseCode(error: unknown): string {
  const source: unknown = error instanceof QueryFailedError ? error.driverError : error;
  const code = (source as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : '';
}
