import type { EntityManager, EntityMetadata, ObjectLiteral, SelectQueryBuilder } from 'typeorm';

type Column = EntityMetadata['columns'][number];

/**
 * `INSERT … SELECT` in one statement: a row is written for each row of `source`, so none if the condition no longer
 * holds at the moment of writing. TypeORM's query builder has no such insert.
 *
 * @param values constants, by property name of the target
 * @param selected properties of the source under its alias, by property name of the target
 * @returns how many rows were written
 */
export async function insertFromSelect(
  manager: EntityManager,
  target: EntityMetadata,
  values: Readonly<Record<string, unknown>>,
  selected: Readonly<Record<string, string>>,
  source: SelectQueryBuilder<ObjectLiteral>,
): Promise<number> {
  const { driver } = manager.connection;
  const fromSource = target.columns.filter((column) => propertyOf(column) in selected);
  const constants = target.columns.filter((column) => values[propertyOf(column)] !== undefined);
  // TypeORM writes properties before other expressions, whatever the order of the calls: so do the column names.
  source.select([]);
  for (const column of fromSource) source.addSelect(selected[propertyOf(column)]!, `value_of_${column.databaseName}`);
  for (const column of constants) {
    const parameter = `constant_${column.databaseName}`;
    source.addSelect(`:${parameter}`, `value_of_${column.databaseName}`);
    source.setParameter(parameter, driver.preparePersistentValue(values[propertyOf(column)], column));
  }
  const [select, parameters] = source.getQueryAndParameters();
  const table = target.tablePath.split('.').map((part) => driver.escape(part));
  const names = [...fromSource, ...constants].map((column) => driver.escape(column.databaseName));
  return execute(manager, `INSERT INTO ${table.join('.')} (${names.join(', ')}) ${select}`, parameters);
}

/** A join column goes by the name of its relation. */
function propertyOf(column: Column): string {
  return column.relationMetadata?.propertyPath ?? column.propertyPath;
}

async function execute(manager: EntityManager, sql: string, parameters: unknown[]): Promise<number> {
  const runner = manager.queryRunner ?? manager.connection.createQueryRunner();
  try {
    return (await runner.query(sql, parameters, true)).affected ?? 0;
  } finally {
    if (!manager.queryRunner) await runner.release();
  }
}
