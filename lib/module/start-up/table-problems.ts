import type { StartUpProblem } from '../../platform/config/start-up-error.js';
import type { TableFault, TableRight } from '../../platform/data/schema/table-probe.js';

const PAGE = 'docs/entities-and-migrations.md';

/** What does not work without a right. */
const FOR_WANT_OF: Readonly<Record<TableRight, string>> = {
  SELECT: 'so that nothing in it can be found',
  INSERT: 'so that nothing can be added to it',
  UPDATE: 'so that nothing in it can be changed',
  DELETE: 'so that accounts cannot be deleted, nor what has expired be cleaned up',
};

/** A fault of a table in words: what is wrong, why it matters, and what to do without losing a row. */
export function tableProblem(fault: TableFault): StartUpProblem {
  const { name, tablePath: table } = fault.entity;
  switch (fault.kind) {
    case 'no table':
      return {
        path: name,
        message: `has no table in the database (${table}), so that every request that needs it would fail`,
        fix: `Run the migration that makes it before the application starts (\`migrationsRun: true\`, or \`typeorm migration:run\`); where there is none yet, write one with the table builders, or generate it (${PAGE}).`,
      };
    case 'no column':
      return {
        path: `${name}.${fault.column.propertyPath}`,
        message: `has no column ${fault.column.databaseName} in the table ${table}, so that every statement that names it would fail`,
        fix: `Run the migration that adds the column; where there is none yet, write one that adds it and keeps the rows: addUserColumns() and addUserTokenColumns() do for columns of this module (${PAGE}).`,
      };
    case 'no right':
      return {
        path: name,
        message: `is in a table (${table}) on which the database account of this application may not ${fault.right}, ${FOR_WANT_OF[fault.right]}`,
        fix: `Let the owner of the table run GRANT ${fault.right} ON ${table} for that account, or connect with one that may.`,
      };
    case 'read-only':
      return {
        path: name,
        message: `is in a table (${table}) of a database that can only be read here, so that nobody could sign up or log in`,
        fix: 'Connect to the primary and not to a replica, take the server out of its read-only mode, or let this process write the file of SQLite and its directory.',
      };
  }
}
