import type { QueryRunner } from 'typeorm';
import { dialectOf } from '../dialect.js';

/**
 * Changes a table so that the rows of other tables that refer to it stay. SQLite changes a table by making it anew, and
 * dropping the old one deletes whatever refers to its rows with ON DELETE CASCADE, unless foreign keys are off: TypeORM
 * turns them off for a migration, this does for everybody else.
 *
 * @throws Error inside a transaction of somebody else, in which SQLite does not let them be turned off
 */
export async function keepingReferences(queryRunner: QueryRunner, change: () => Promise<void>): Promise<void> {
  if (!dialectOf(queryRunner.dataSource).rebuildsChangedTables || !(await enforcesForeignKeys(queryRunner))) {
    return change();
  }
  if (queryRunner.isTransactionActive) {
    throw new Error(
      'SQLite would delete the rows that refer to this table, as foreign keys are on and a transaction has begun. ' +
        'Add the columns in a migration, or before the transaction.',
    );
  }
  await queryRunner.beforeMigration();
  try {
    await change();
  } finally {
    await queryRunner.afterMigration();
  }
}

async function enforcesForeignKeys(queryRunner: QueryRunner): Promise<boolean> {
  const rows = (await queryRunner.query('PRAGMA foreign_keys')) as { foreign_keys: number }[];
  return rows[0]?.foreign_keys === 1;
}
