import { describe, inject } from 'vitest';
import { DATABASE_KINDS, DRIVER_KINDS, type DatabaseKind, type DriverKind } from './database-servers.js';

export type { DatabaseKind } from './database-servers.js';
export { createDatabase, type TestDatabase } from './new-database.js';

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
