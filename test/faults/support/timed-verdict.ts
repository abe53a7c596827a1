import type { DatabaseKind } from '../../support/database-servers.js';
import type { Figure, Size } from '../fault.js';
import type { Comparison } from './timed-comparison.js';

/**
 * How far an area may be from one half. Where nothing differs, the area of 200 against 200 has a standard deviation of 0.029,
 * so one comparison in 1,900 is further than 0.10 by chance; and a whole run makes about two hundred. So an arm that misses
 * is measured a second time, with new requests, and counts as told apart only if it misses again: by chance that is once in
 * thousands of runs, while what really tells shows again.
 *
 * The short form runs beside other work on two cores. Noise hits arms that are asked in turns alike and leaves their area at
 * one half; with 40 against 40 its deviation is 0.065, and 0.30 is more than four of them, twice in a row: once in 10^10.
 * Medians of so few requests on such a machine may differ by milliseconds for no reason, so no shift is judged there. A
 * stand-in that is not computed, or a mail that is waited for, has an area near 1 on any machine, as the control shows each
 * time; what differs by less than a millisecond, only the whole form on a quiet machine can show.
 */
const TOLERANCE = { short: 0.3, whole: 0.1 };
/** Milliseconds, or this share of a hash: the greater. */
const MOST_SHIFT_MS = 2;
const MOST_SHIFT_OF_HASH = 0.05;

export const NAMES: Record<DatabaseKind, string> = { sqlite: 'SQLite', postgres: 'PostgreSQL', mariadb: 'MariaDB' };

/** True where an arm cannot be told from nobody. */
export function isAlike({ area, shift }: Comparison, size: Size, hashMs: number): boolean {
  const isShifted = size === 'whole' && Math.abs(shift) > mostShift(hashMs);
  return Math.abs(area - 0.5) <= TOLERANCE[size] && !isShifted;
}

const mostShift = (hashMs: number): number => Math.max(MOST_SHIFT_MS, MOST_SHIFT_OF_HASH * hashMs);

/** All arms of one flow in one line, with the one that is furthest. */
export function figureOf(
  name: string,
  kind: DatabaseKind,
  all: readonly Comparison[],
  size: Size,
  hashMs: number,
): Figure {
  const areas = all.map(({ area }) => area);
  const furthest = all.toSorted((a, b) => Math.abs(b.area - 0.5) - Math.abs(a.area - 0.5))[0]!;
  const shift = Math.max(...all.map((each) => Math.abs(each.shift)));
  const [least, most] = [0.5 - TOLERANCE[size], 0.5 + TOLERANCE[size]];
  const range = `AUC ${Math.min(...areas).toFixed(2)} to ${Math.max(...areas).toFixed(2)} (${furthest.arm})`;
  const bar = `${least.toFixed(2)} to ${most.toFixed(2)}`;
  return {
    what: `${name} (${NAMES[kind]})`,
    measured: `${range}, shift ${shift.toFixed(1)} ms`,
    bar: size === 'short' ? bar : `${bar}, ${mostShift(hashMs).toFixed(1)} ms`,
    holds: all.every((each) => isAlike(each, size, hashMs)),
  };
}
