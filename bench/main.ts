import { parseArgs } from 'node:util';
import { DATABASE_KINDS, type DatabaseKind } from '../test/support/database-servers.js';
import { COMPARISONS } from './comparisons.js';
import { type BenchDatabase, createDatabase } from './database.js';
import { Processes } from './processes.js';
import { describeRun, misses, type Row, toTable, writeTable } from './report.js';

const USAGE = `npm run bench -- [--only login] [--database postgres] [--rounds 5] [--seconds 3] [--profile DIR] [--write]

  --only      one of ${Object.keys(COMPARISONS).join(', ')}; may be repeated
  --database  one of ${DATABASE_KINDS.join(', ')}; may be repeated
  --rounds    rounds of A B A B ..., at least 3
  --seconds   of each measurement
  --profile   writes CPU profiles of the applications into this directory
  --write     puts the table of a full run into docs/performance.md

Exits 1 if a bar is missed.`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    database: { type: 'string', multiple: true },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    profile: { type: 'string' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const names = choose(Object.keys(COMPARISONS) as (keyof typeof COMPARISONS)[], values.only);
const kinds = choose(DATABASE_KINDS, values.database);
const pace = { rounds: Number(values.rounds), seconds: Number(values.seconds) };
const isPartial = values.only !== undefined || values.database !== undefined;
if (values.help || (values.write && isPartial) || !names || !kinds || !(pace.rounds >= 3) || !(pace.seconds > 0)) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}

const rows: Row[] = [];
const skipped: string[] = [];
for (const kind of kinds) {
  let database: BenchDatabase;
  try {
    database = await createDatabase(kind);
  } catch (error) {
    skipped.push(`${kind}: ${error instanceof Error ? error.message || error.name : String(error)}`);
    continue;
  }
  try {
    for (const name of names) rows.push(...(await compare(name, kind, database)));
  } finally {
    await database.drop();
  }
}

rows.sort((a, b) => names.indexOf(a.group as never) - names.indexOf(b.group as never));
const text = `${describeRun(pace)}\n\n${toTable(rows)}`;
console.log(`\n${text}`);
for (const reason of skipped) console.log(`skipped ${reason}`);
if (values.write) {
  if (skipped.length > 0) throw new Error('--write is for full runs, and a database was missing');
  writeTable(new URL('../../../docs/performance.md', import.meta.url), text);
}
if (rows.some(misses) || skipped.length > 0) process.exitCode = 1;

async function compare(name: keyof typeof COMPARISONS, kind: DatabaseKind, database: BenchDatabase): Promise<Row[]> {
  console.log(`measuring ${name} on ${kind} ...`);
  await using processes = new Processes(values.profile);
  return await COMPARISONS[name]({ kind, database, processes, pace });
}

/** The chosen ones; all where none is chosen, undefined where one does not exist. */
function choose<T extends string>(all: readonly T[], chosen?: string[]): readonly T[] | undefined {
  if (!chosen) return all;
  return chosen.every((name) => all.includes(name as T)) ? (chosen as T[]) : undefined;
}
