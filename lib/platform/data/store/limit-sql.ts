import type { LimitBudget } from '../../common/limit.js';

/*
 * What limit.ts does with a state, as SQL over a column. Shifts and masks, since the databases do not agree on the division
 * of integers. Every number is one of ours, and stands in the text: no placeholder has a type that all of them take.
 */

/** The state that the first try of a key makes. */
export function firstState(now: number): number {
  return now * 1024 + 2;
}

/** The state that a try makes of the one in `column`, as {@link afterTry}. */
export function stateAfterTry(column: string, budget: LimitBudget, now: number): string {
  const [at, tries] = [`(${column} >> 10)`, `((${column} >> 1) & 511)`];
  const next = budget.waits ? `${now * 1024} + (${tries} + 1) * 2` : `${column} - (${column} & 1) + 2`;
  return (
    `CASE WHEN ${at} + ${budget.windowMs} <= ${now} THEN ${firstState(now)} ` +
    `WHEN ${tries} >= ${budget.tries} AND ${at} + ${waitOf(tries, budget)} > ${now} THEN ${column} | 1 ` +
    `ELSE ${next} END`
  );
}

/** The state that is left when tries are given back, as {@link withoutTries}. */
export function stateWithoutTries(column: string, returned: number): string {
  const tries = `(${column} & 1022)`;
  return `CASE WHEN ${tries} >= ${2 * returned} THEN ${column} - ${2 * returned} ELSE ${column} - ${tries} END`;
}

/** Whether a state would still count something if so many tries of it were given back. */
export function hasOtherTries(column: string, returned: number): string {
  return `(${column} & 1022) > ${2 * returned}`;
}

/** As {@link waitAfter}, for at least as many tries as are free: one arm for each doubling. */
function waitOf(tries: string, { tries: free, windowMs, waits }: LimitBudget): string {
  if (!waits) return String(windowMs);
  const arms = [`WHEN ${tries} >= ${waits.mostTries} THEN ${windowMs}`];
  const doublings = Math.ceil(Math.log2(waits.longestMs / waits.firstMs));
  for (let doubling = doublings; doubling > 0; doubling--) {
    arms.push(`WHEN ${tries} >= ${free + doubling} THEN ${Math.min(waits.longestMs, waits.firstMs * 2 ** doubling)}`);
  }
  return `(CASE ${arms.join(' ')} ELSE ${waits.firstMs} END)`;
}
