import { areaUnderCurve } from '../../support/auc.js';
import type { TimedClient } from './timed-client.js';
import type { TimedFlow } from './timed-flows.js';

const WARM_UP = 20;

/** How well the times of one arm tell it from `nobody`. */
export interface Comparison {
  arm: string;
  /** One half tells nothing, 0 and 1 tell everything. */
  area: number;
  /** Milliseconds between the medians. */
  shift: number;
}

/** Asks in turns, in an order that is drawn anew each turn: what slows the machine down slows every arm down alike. */
export async function timesOf(
  client: TimedClient,
  { arms }: TimedFlow,
  count: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const names = [...arms.keys()];
  for (let index = 0; index < WARM_UP; index++) await client.time(arms.get(names[index % names.length]!)!());
  const times = new Map(names.map((name) => [name, [] as number[]]));
  for (let turn = 0; turn < count; turn++) {
    for (const name of shuffled(names)) times.get(name)!.push(await client.time(arms.get(name)!()));
  }
  return times;
}

/** Every arm against the first. */
export function compare(times: ReadonlyMap<string, readonly number[]>): Comparison[] {
  const [[, reference], ...others] = [...times] as [[string, readonly number[]], ...[string, readonly number[]][]];
  return others.map(([arm, known]) => ({
    arm,
    area: areaUnderCurve(reference, known),
    shift: median(known) - median(reference),
  }));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
}

export function shuffled<T>(items: readonly T[]): T[] {
  const all = [...items];
  for (let index = all.length - 1; index > 0; index--) {
    const other = Math.floor(Math.random() * (index + 1));
    [all[index], all[other]] = [all[other]!, all[index]!];
  }
  return all;
}
