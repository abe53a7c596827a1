import { DATABASE_KINDS } from '../support/database-servers.js';
import { type Fault, type Figure, none, type Size } from './fault.js';
import { atMost, told } from './support/figures.js';
import { migrate } from './support/migrated-tables.js';

const ROWS = { short: 3_000, whole: 100_000 };
const seconds = (value: number): string => `${value.toFixed(1)} s`;

async function run(size: Size): Promise<Figure[]> {
  const rows = ROWS[size];
  const count = rows.toLocaleString('en');
  const figures: Figure[] = [];
  for (const kind of DATABASE_KINDS) {
    const found = await migrate(kind, rows);
    figures.push(
      atMost(`up, down and up again with ${count} rows in each table (${kind})`, found.seconds, 60, seconds),
      told(`of that the columns that a later version added (${kind})`, seconds(found.columnsSeconds)),
      atMost(`account columns added to ${count} users of before the module (${kind})`, found.usersSeconds, 60, seconds),
      none(`accounts, sessions, links and events lost or changed (${kind})`, found.lost),
      none(`differences to the entities (${kind})`, found.differences),
    );
  }
  const dropped = 'down drops what its up has made: the counts of tries; and with the first migration, all four tables';
  return [...figures, told('lost by nature', dropped)];
}

export const fault: Fault = {
  claim: 'migrations go up, down and up again on 100,000 rows and lose none but those of the tables that down drops',
  bars: ['C20'],
  run,
};
