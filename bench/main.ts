import { parseArgs } from 'node:util';
import { DATABASE_KINDS, type DatabaseKind } from '../test/support/database-servers.js';
import { COMPARISONS } from './comparisons.js';
import { type BenchDatabase, createDatabase, DatabaseMissing } from './database.js';
import { Processes } from './processes.js';
import { describeRun, isMissing, misses, type Row, toTable, writeTable } from './report.js';

const USAGE = `npm run bench -- [--short] [--only login] [--database postgres] [--rounds 5] [--seconds 3] [--profile DIR] [--write]

  --short     tries everything once, in less than a minute: whether there is a figure, not how good it is
  --only      one of ${Object.keys(COMPARISONS).join(', ')}; may be repeated
  --database  one of ${DATABASE_KINDS.join(', ')}; may be repeated
  --rounds    rounds of A B A B ..., at least 3
  --seconds   of each measurement
  --profile   writes CPU profiles of the applications into this directory
  --write     puts the table of a full run into docs/performance.md

Exits 1 if a figure or a database is missing, or a bar is missed; with --short only if a figure is missing.`;

/** Enough for a figure of everything. */
const SHORT = { rounds: 1, seconds: 0.2 };

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
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
const pace = values.short ? SHORT : { rounds: Number(values.rounds), seconds: Number(values.seconds) };
const isSound = values.short || (pace.rounds >= 3 && pace.seconds > 0);
const isPartial = values.short || values.only !== undefined || values.database !== undefined;
if (values.help || (values.write && isPartial) || !names || !kinds || !isSound) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}

const occasion = describeRun(pace);
const rows: Row[] = [];
const skipped: string[] = [];
for (const kind of kinds) {
  let database: BenchDatabase;
  try {
    database = await createDatabase(kind);
  } catch (error) {
    if (!(error instanceof DatabaseMissing)) throw error;
    skipped.push(error.message);
    continue;
  }
  try {
    for (const name of names) rows.push(...(await compare(name, kind, database)));
  } finally {
    await database.drop();
  }
}

rows.sort((a, b) => names.indexOf(a.group as never) - names.indexOf(b.group as never));
const text = `${occasion}\n\n${toTable(rows)}`;
console.log(`\n${text}`);
for (const reason of skipped) console.log(`skipped ${reason}`);
const missing = rows.filter(isMissing);
for (const { measured, setting } of missing) console.error(`no figure: ${measured}, ${setting}`);
if (values.write) {
  if (skipped.length > 0) throw new Error('--write is for full runs, and a database was missing');
  writeTable(new URL('../../../docs/performance.md', import.meta.url), text);
}
// A busy machine makes figures bad, but it does not make them go away.
const isBad = !values.short && (rows.some(misses) || skipped.length > 0);
if (missing.length > 0 || rows.length === 0 || isBad) process.exitCode = 1;

async function compare(name: keyof typeof COMPARISONS, kind: DatabaseKind, database: BenchDatabase): Promise<Row[]> {
  // What a start takes does not depend on the database: the first there is will do.
  if (name === 'startUp' && rows.some(({ group }) => group === name)) return [];
  console.log(`measuring ${name} on ${kind} ...`);
  await using processes = new Processes(values.profile);
  return await COMPARISONS[name]({ kind, database, processes, pace, isShort: values.short });
}

/** The chosen ones; all where none is chosen, undefined where one does not exist. */
function choose<T extends string>(all: readonly T[], chosen?: string[]): readonly T[] | undefined {
  if (!chosen) return all;
  return chosen.every((name) => all.includes(name as T)) ? (chosen as T[]) : undefined;
}
