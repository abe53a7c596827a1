import { DATABASE_KINDS, type DatabaseKind } from '../support/database-servers.js';
import { type Fault, type Figure, none, type Size } from './fault.js';
import { type CleanedUp, cleanUp } from './support/cleaned-up.js';
import { CrowdProcess } from './support/crowd.js';
import { ms, quantile, told } from './support/figures.js';

const ROWS = { short: 4_000, whole: 100_000 };
const ROUNDS = { short: 1, whole: 3 };

async function run(size: Size): Promise<Figure[]> {
  const crowd = await CrowdProcess.start();
  try {
    const figures: Figure[] = [];
    for (const kind of DATABASE_KINDS) {
      const found = await cleanUp(kind, crowd, { rows: ROWS[size], rounds: ROUNDS[size] });
      figures.push(...figuresOf(kind, found, size));
    }
    return figures;
  } finally {
    await crowd.stop();
  }
}

function figuresOf(kind: DatabaseKind, found: CleanedUp, size: Size): Figure[] {
  const { without, during, seconds } = found;
  const [usual, busy] = [quantile(without, 0.99), quantile(during, 0.99)];
  const logins = {
    what: `login p99 without and during the cleanup (${kind})`,
    measured: `${ms(usual)} and ${ms(busy)}, of ${without.length} and ${during.length} logins`,
  };
  const rows = ROWS[size].toLocaleString('en');
  const times = seconds.map((each) => each.toFixed(1)).join(', ');
  return [
    // Of so few logins the 99th percentile is the slowest one.
    size === 'short' ? { ...logins, holds: true } : { ...logins, bar: 'less than twice', holds: busy < 2 * usual },
    told(`deleting ${rows} rows under load (${kind})`, `${times} s`),
    none(`expired rows left (${kind})`, found.left),
    none(`live rows and evidence of replays deleted (${kind})`, found.lost),
    none(`logins refused (${kind})`, found.refused),
  ];
}

export const fault: Fault = {
  claim: 'the cleanup deletes 100,000 expired rows under load, and nobody who logs in notices',
  run,
};
