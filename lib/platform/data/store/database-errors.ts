import { QueryFailedError } from 'typeorm';
import { ERROR_CODES } from '../dialect.js';

/** The network to the database: codes of Node.js, the same for every driver. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EPIPE',
  'ENOENT',
]);

/**
 * TypeORM's own complaint about a data source that was destroyed, or not initialized yet; and about a query runner that it
 * has released by itself, since its connection broke between two statements of a transaction.
 */
const CLOSED = /connection is closed|before connection is established|query runner already released/i;

/** True for an error that running the statements again may cure. */
export function isTransient(error: unknown): boolean {
  return hasCode(error, 'transient');
}

/** True where somebody else has locked the whole database, which only a database that is one file knows. */
export function isLocked(error: unknown): boolean {
  return hasCode(error, 'locked');
}

/** True where a unique index refused the row. */
export function isUniqueViolation(error: unknown): boolean {
  return hasCode(error, 'uniqueViolation');
}

/** True where a foreign key refused the change. */
export function isForeignKeyViolation(error: unknown): boolean {
  return hasCode(error, 'foreignKeyViolation');
}

/** True where a row could not be added because the one it refers to is gone; a trigger that refuses is something else. */
export function isMissingReference(error: unknown): boolean {
  return hasCode(error, 'missingReference');
}

/** True where the database as a whole is out of reach. */
export function isUnavailable(error: unknown): boolean {
  if (hasCode(error, 'unavailable') || UNREACHABLE.has(databaseCode(error))) return true;
  if (!(error instanceof Error)) return false;
  const { message } = error;
  return CLOSED.test(message) || ERROR_CODES.some((codes) => codes.unavailableMessage.test(message));
}

/** The driver's code: SQLSTATE, MariaDB's name, SQLite's name or the socket's; empty where there is none. */
export function databaseCode(error: unknown): string {
  const source: unknown = error instanceof QueryFailedError ? error.driverError : error;
  const code = (source as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : '';
}

function hasCode(
  error: unknown,
  meaning: 'transient' | 'locked' | 'uniqueViolation' | 'foreignKeyViolation' | 'missingReference' | 'unavailable',
): boolean {
  const code = databaseCode(error);
  return code !== '' && ERROR_CODES.some((codes) => codes[meaning]?.test(code));
}
