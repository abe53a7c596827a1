import type { EntityManager, EntityMetadata, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { dialectOf } from '../dialect.js';

type Column = EntityMetadata['columns'][number];

/** Where a column of the new row takes its value from the row it is written for. */
export interface SelectedColumn {
  /** Property of the target; a join column goes by the name of its relation. */
  property: string;
  /** Property of the source, under its alias. */
  from: string;
}

/** What came of it: how many rows were written, and what was to be read of them. */
export interface InsertedRows {
  affected: number;
  records: Record<string, unknown>[];
}

/**
 * `INSERT … SELECT` in one statement: a row is written for each row of `source`, so none if the condition no longer
 * holds at the moment of writing. TypeORM's query builder has no such insert.
 *
 * @param values constants, by property name of the target
 * @param isLocked true locks the rows of `source`: the statement waits for a change of them that is under way, and judges
 * what it left
 * @param returning SQL for what is read of each row that was written, where the database can
 */
export async function insertFromSelect(
  manager: EntityManager,
  target: EntityMetadata,
  values: Readonly<Record<string, unknown>>,
  selected: SelectedColumn,
  source: SelectQueryBuilder<ObjectLiteral>,
  isLocked: boolean,
  returning = '',
): Promise<InsertedRows> {
  const { driver } = manager.connection;
  const { hasNumberedPlaceholders, shareLock } = dialectOf(manager.connection);
  const key = target.columns.filter((column) => propertyOf(column) === selected.property);
  const constants = target.columns.filter((column) => values[propertyOf(column)] !== undefined);
  const parameters = constants.map((column) => driver.preparePersistentValue(values[propertyOf(column)], column));
  const [select, conditions] = source.select(selected.from, 'selected').getQueryAndParameters();
  // Placeholders without a number take the parameters in turn: the constants stand before the conditions.
  const first = hasNumberedPlaceholders ? conditions.length : 0;
  const placeholders = constants.map((_, index) => driver.createParameter('', first + index));
  const [list = '', ...rest] = select.split(' FROM ');
  const table = target.tablePath.split('.').map((part) => driver.escape(part));
  const names = [...key, ...constants].map((column) => driver.escape(column.databaseName));
  const found = `${[list, ...placeholders].join(', ')} FROM ${rest.join(' FROM ')}${isLocked ? shareLock : ''}`;
  return execute(
    manager,
    `INSERT INTO ${table.join('.')} (${names.join(', ')}) ${found}${returning}`,
    hasNumberedPlaceholders ? [...conditions, ...parameters] : [...parameters, ...conditions],
  );
}

/** A join column goes by the name of its relation. */
function propertyOf(column: Column): string {
  return column.relationMetadata?.propertyPath ?? column.propertyPath;
}

async function execute(manager: EntityManager, sql: string, parameters: unknown[]): Promise<InsertedRows> {
  const runner = manager.queryRunner ?? manager.connection.createQueryRunner();
  try {
    const { affected = 0, records } = await runner.query(sql, parameters, true);
    return { affected, records };
  } finally {
    if (!manager.queryRunner) await runner.release();
  }
}
