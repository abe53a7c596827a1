/** How often somebody may ask for something. */
export interface HitBudget {
  /** Hits within a window. A whole number from 0 to {@link MOST_HITS}. */
  readonly limit: number;
  /** The window, from its first hit. In whole milliseconds. */
  readonly windowMs: number;
  /** How long the first hit too many keeps everything out; 0 where that is until the window ends. In whole milliseconds. */
  readonly blockMs: number;
}

/** What became of a hit. */
export interface HitVerdict {
  /** Those of the window; of those that were too many, only the first. */
  readonly hits: number;
  readonly isBlocked: boolean;
  /** Until the window ends, or the block. In milliseconds. */
  readonly endsInMs: number;
}

/** The highest limit a row can count to. */
export const MOST_HITS = 1_000_000;

/*
 * What a row keeps of a key is one integer, as in limit.ts, and for the same reason: `end * 2^21 + hits * 2 + blocked`,
 * where `end` is when the window ends, or the block. 62 bits, until the year 2109: more than a double holds, so that it is
 * a bigint here, and text where a driver would make a number of it.
 */
const END = 21n;
const HITS = 1_048_575n;

/** The state that the first hit of a window makes. */
export function firstHit({ limit, windowMs, blockMs }: HitBudget, now: number): bigint {
  if (limit > 0) return state(now + windowMs, 1, false);
  return state(now + (blockMs || windowMs), 1, true);
}

/** The state that a hit makes of the one in `column`, as SQL. */
export function stateAfterHit(column: string, budget: HitBudget, now: number): string {
  const { limit, blockMs } = budget;
  // Without a block the window ends when it would have: only the hit and the mark are added.
  const blocked = blockMs > 0 ? String(state(now + blockMs, limit + 1, true)) : `${column} + 3`;
  return (
    `CASE WHEN (${column} >> ${END}) <= ${now} THEN ${firstHit(budget, now)} ` +
    `WHEN (${column} & 1) = 1 THEN ${column} ` +
    `WHEN ((${column} >> 1) & ${HITS}) < ${limit} THEN ${column} + 2 ` +
    `ELSE ${blocked} END`
  );
}

/** What the state that a hit has left says of that hit. */
export function verdictOfHit(left: bigint, now: number): HitVerdict {
  return {
    hits: Number((left >> 1n) & HITS),
    isBlocked: (left & 1n) === 1n,
    endsInMs: Math.max(0, Number(left >> END) - now),
  };
}

function state(end: number, hits: number, isBlocked: boolean): bigint {
  return (BigInt(end) << END) + BigInt(hits * 2 + (isBlocked ? 1 : 0));
}
