/** One thing that is measured: a rate or a latency. */
export type Measure = (seconds: number) => Promise<number>;

/** How long to measure. */
export interface Pace {
  rounds: number;
  /** Of each measurement in each round. */
  seconds: number;
}

/**
 * Measures A B C A B C ..., after a warm-up of each. Whatever else the machine does then touches all of them alike,
 * and figures of one round may be divided by each other.
 */
export async function interleave<Name extends string>(
  measures: Record<Name, Measure>,
  { rounds, seconds }: Pace,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(measures) as Name[];
  const figures = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (const name of names) await measures[name](Math.min(seconds, 2));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) figures[name].push(await measures[name](seconds));
  }
  return figures;
}

export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The ratio of each round. */
export function ratiosOf(measured: readonly number[], reference: readonly number[]): number[] {
  return measured.map((figure, round) => figure / reference[round]!);
}
