import { LRUCache } from 'lru-cache';
import {
  afterTry,
  hasTries,
  type LimitedKey,
  type LimitReturn,
  LimitStore,
  type LimitVerdict,
  UNTRIED,
  verdictOf,
  withoutTries,
} from '../../platform/common/limit.js';

/** Keys that are remembered, at most: the one that was not tried for longest is forgotten first. About 20 MiB. */
const MOST_KEYS = 100_000;

/** Counts in the memory of the process: each instance for itself, and from nothing after a restart. */
export class MemoryLimits extends LimitStore {
  private readonly states = new LRUCache<string, number>({ max: MOST_KEYS });

  take(keys: readonly LimitedKey[], now: number): Promise<LimitVerdict[]> {
    const verdicts: LimitVerdict[] = [];
    for (const { key, budget } of keys) {
      const state = afterTry(this.states.get(key) ?? UNTRIED, budget, now);
      this.states.set(key, state);
      verdicts.push(verdictOf(state, budget, now));
      if (!verdicts.at(-1)!.isAllowed) break;
    }
    return Promise.resolve(verdicts);
  }

  giveBack(returns: readonly LimitReturn[]): Promise<void> {
    for (const { key, tries } of returns) {
      const left = withoutTries(this.states.get(key) ?? UNTRIED, tries);
      // What counts nothing must not push out what does: a refused network could name account after account.
      if (hasTries(left)) this.states.set(key, left);
      else this.states.delete(key);
    }
    return Promise.resolve();
  }
}
