import type { DataSource } from 'typeorm';
import type { DriverKind } from './database-servers.js';

/** How a database means to reach one table: by an index, or by reading all of it. */
export interface Access {
  table: string;
  /** Absent where the whole table is read. */
  index?: string;
}

const TABLES = `'users', 'user_tokens'`;

/** Has the database count its rows, so that its plans are those of tables in use. */
export async function analyze(dataSource: DataSource, kind: DriverKind): Promise<void> {
  const isOneForAll = kind === 'sqlite' || kind === 'postgres';
  await dataSource.query(isOneForAll ? 'ANALYZE' : 'ANALYZE TABLE users, user_tokens');
}

/** The indexes of both tables, primary keys included, by the name the plans give them. */
export async function indexes(dataSource: DataSource, kind: DriverKind): Promise<string[]> {
  const rows: { name: string }[] = await dataSource.query(indexQuery(kind));
  return rows.map(({ name }) => name);
}

function indexQuery(kind: DriverKind): string {
  switch (kind) {
    case 'sqlite':
      return `SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name IN (${TABLES})`;
    case 'postgres':
      return `SELECT indexname AS name FROM pg_indexes WHERE tablename IN (${TABLES})`;
    default:
      return `SELECT DISTINCT index_name AS name FROM information_schema.statistics
               WHERE table_schema = DATABASE() AND table_name IN (${TABLES})`;
  }
}

/** How a database means to carry out a statement. */
export async function plan(
  dataSource: DataSource,
  kind: DriverKind,
  sql: string,
  parameters: unknown[],
): Promise<Access[]> {
  switch (kind) {
    case 'sqlite':
      return sqlitePlan(await dataSource.query(`EXPLAIN QUERY PLAN ${sql}`, parameters));
    case 'postgres':
      return postgresPlan(await dataSource.query(`EXPLAIN (FORMAT JSON) ${sql}`, parameters));
    case 'mysql':
      // Its tree, which is what it shows unless told otherwise, is for people.
      return tablePlan(await dataSource.query(`EXPLAIN FORMAT=TRADITIONAL ${sql}`, parameters));
    default:
      return tablePlan(await dataSource.query(`EXPLAIN ${sql}`, parameters));
  }
}

/** https://www.sqlite.org/eqp.html: SEARCH goes by an index, SCAN through all rows. */
function sqlitePlan(rows: { detail: string }[]): Access[] {
  return rows.flatMap(({ detail }) => {
    const [, how, table] = /^(SEARCH|SCAN) (\w+)/.exec(detail) ?? [];
    if (!how || !table) return [];
    return [{ table, index: how === 'SEARCH' ? /USING (?:COVERING )?INDEX (\w+)/.exec(detail)?.[1] : undefined }];
  });
}

interface PostgresNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
  Plans?: PostgresNode[];
}

/** An index without a condition is walked from end to end: as good as a scan of the table. */
function postgresPlan([{ 'QUERY PLAN': plans }]: [{ 'QUERY PLAN': { Plan: PostgresNode }[] }]): Access[] {
  const visit = (node: PostgresNode): Access[] => {
    const below = (node.Plans ?? []).flatMap(visit);
    // An update changes, and a bitmap heap scan fetches, what the nodes below it found; other scans do the finding.
    const finds = node['Node Type'].endsWith('Scan') && node['Node Type'] !== 'Bitmap Heap Scan';
    const table = node['Relation Name'] ?? node['Index Name'];
    if (!finds || !table) return below;
    return [{ table, index: node['Index Cond'] && node['Index Name'] }, ...below];
  };
  return plans.flatMap(({ Plan }) => visit(Plan));
}

interface TableRow {
  select_type: string;
  table: string | null;
  type: string | null;
  key: string | null;
  Extra: string | null;
}

/** MariaDB and MySQL, https://mariadb.com/kb/en/explain/: ALL reads the table, index reads an index from end to end. */
function tablePlan(rows: TableRow[]): Access[] {
  return rows.flatMap(({ select_type: part, table, type, key, Extra: extra }) => {
    // MySQL lists the table that rows are added to, which nothing is looked up in.
    if (part === 'INSERT') return [];
    // Looked up by a key that is unique, and nobody has it any more: an account that its flow has deleted.
    if (!table && extra && /after reading const tables$|^no matching row in const table$/.test(extra))
      return [{ table: 'const', index: 'PRIMARY' }];
    if (!table || table.startsWith('<')) return [];
    return [{ table, index: type === 'ALL' || type === 'index' ? undefined : (key ?? undefined) }];
  });
}
