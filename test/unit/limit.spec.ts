import { describe, expect, it } from 'vitest';
import { MemoryLimits } from '../../lib/engine/limits/memory-limits.js';
import {
  afterTry,
  type LimitBudget,
  UNTRIED,
  verdictOf,
  waitAfter,
  withoutTries,
} from '../../lib/platform/common/limit.js';

const NOW = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
const PASSWORDS: LimitBudget = {
  tries: 5,
  windowMs: 720 * HOUR,
  waits: { firstMs: 1000, longestMs: 900_000, mostTries: 100 },
};

describe('wrong passwords', () => {
  it('are free five times, then wait a second, and twice as long after each, up to a quarter of an hour', () => {
    const seconds = Array.from({ length: 18 }, (_, tries) => waitAfter(tries, PASSWORDS) / 1000);
    expect(seconds).toEqual([0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
  });

  it('end after a hundred, for as long as they are remembered', () => {
    let [state, now] = [UNTRIED, NOW];
    for (let tries = 0; tries < 100; tries++) {
      state = afterTry(state, PASSWORDS, now);
      expect(verdictOf(state, PASSWORDS, now).isAllowed).toBe(true);
      now += 900_000;
    }
    state = afterTry(state, PASSWORDS, now);
    expect(verdictOf(state, PASSWORDS, now)).toMatchObject({ isAllowed: false, tries: 100 });
    const remembered = now - 900_000 + PASSWORDS.windowMs;
    expect(verdictOf(afterTry(state, PASSWORDS, remembered - 1), PASSWORDS, remembered - 1).isAllowed).toBe(false);
    expect(verdictOf(afterTry(state, PASSWORDS, remembered), PASSWORDS, remembered)).toMatchObject({ tries: 1 });
  });

  it('that are refused neither count nor make the wait longer', () => {
    let state = UNTRIED;
    for (let tries = 0; tries < 5; tries++) state = afterTry(state, PASSWORDS, NOW);
    for (let tries = 0; tries < 1000; tries++) state = afterTry(state, PASSWORDS, NOW + 999);
    expect(verdictOf(state, PASSWORDS, NOW + 999)).toEqual({ isAllowed: false, tries: 5, waitMs: 1 });
    expect(verdictOf(afterTry(state, PASSWORDS, NOW + 1000), PASSWORDS, NOW + 1000).isAllowed).toBe(true);
  });
});

describe('counters in memory', () => {
  it('are not pushed out by names that a refused network makes up', async () => {
    const store = new MemoryLimits();
    const take = async (key: string) => (await store.take([{ key, budget: PASSWORDS }], NOW))[0]!.isAllowed;
    for (let tries = 0; tries < 5; tries++) await take('guessed');
    for (let name = 0; name < 100_001; name++) {
      await take(`made-up-${name}`);
      await store.giveBack([{ key: `made-up-${name}`, tries: 1 }]);
    }
    expect(await take('guessed')).toBe(false);
  });
});

describe('a state', () => {
  it('is exact for as long as anybody will use it', () => {
    const year2100 = Date.UTC(2100, 0, 1);
    const state = afterTry(UNTRIED, PASSWORDS, year2100);
    expect(Number.isSafeInteger(state)).toBe(true);
    expect(verdictOf(state, PASSWORDS, year2100).tries).toBe(1);
  });

  it('never has fewer tries than none', () => {
    expect(withoutTries(UNTRIED, 1)).toBe(UNTRIED);
    const once = afterTry(UNTRIED, PASSWORDS, NOW);
    expect(withoutTries(once, 2)).toBe(withoutTries(once, 1));
    expect(withoutTries(once, 'all')).toBe(UNTRIED);
  });
});
