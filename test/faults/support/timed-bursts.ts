import { setTimeout as pause } from 'node:timers/promises';
import { shuffled } from './timed-comparison.js';
import type { TimedClient } from './timed-client.js';
import { AGAIN, BURSTS } from './timed-flows.js';
import { KNOWN, newAddress } from './timed-people.js';

/** How many requests start at the same moment. */
export const BURST = 100;
/** Until the mails that a burst has caused are sent: they are the cost of that burst, not of the next. */
const PAUSE_MS = 1_500;

export interface BurstTimes {
  /** Of each answer, by arm. */
  times: ReadonlyMap<string, readonly number[]>;
  /** How many were turned away with 503, by arm. */
  busy: ReadonlyMap<string, number>;
}

/** Bursts that are all about addresses without an account, or all about those with one, each of another; in turns. */
export async function timesOfBursts(
  client: TimedClient,
  name: keyof typeof BURSTS,
  rounds: number,
): Promise<BurstTimes> {
  const ask = BURSTS[name];
  const arms: ReadonlyMap<string, (index: number) => string> = new Map([
    ['nobody', newAddress],
    [AGAIN, newAddress],
    ['known', KNOWN],
  ]);
  const times = new Map([...arms.keys()].map((arm) => [arm, [] as number[]]));
  const busy = new Map([...arms.keys()].map((arm) => [arm, 0]));
  // The first opens the connections.
  for (let round = -1; round < rounds; round++) {
    for (const arm of shuffled([...arms.keys()])) {
      const requests = Array.from({ length: BURST }, (_, index) => ask(() => arms.get(arm)!(index))());
      const answers = await Promise.all(requests.map((timed) => client.timeUnlessBusy(timed)));
      await pause(PAUSE_MS);
      if (round < 0) continue;
      const answered = answers.filter((each) => each !== undefined);
      times.get(arm)!.push(...answered);
      busy.set(arm, busy.get(arm)! + answers.length - answered.length);
    }
  }
  return { times, busy };
}
