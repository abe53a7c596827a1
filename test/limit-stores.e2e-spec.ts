import type { LimitBudget, LimitStore, LimitVerdict } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { afterTry, UNTRIED, verdictOf } from '../lib/platform/common/limit.js';
import { DatabaseLimits } from '../lib/platform/data/store/limits.store.js';
import { availableLimitStores, createLimitStores, type LimitStores } from './support/limit-stores.js';

const NOW = Date.UTC(2026, 0, 1);
const HOURLY: LimitBudget = { tries: 5, windowMs: 3_600_000 };
const GROWING: LimitBudget = {
  tries: 5,
  windowMs: 30 * 86_400_000,
  waits: { firstMs: 1000, longestMs: 900_000, mostTries: 20 },
};

describe.each(availableLimitStores())('tries counted in %s', (kind) => {
  let made: LimitStores;
  let stores: LimitStore[];
  let last = 0;
  const newKey = () => `login:${String(last++).padStart(43, 'k')}`;
  const take = async (key: string, budget: LimitBudget, now: number, store = stores[0]!): Promise<LimitVerdict> =>
    (await store.take([{ key, budget }], now))[0]!;
  const again = async (key: string) => (await take(key, HOURLY, NOW)).isAllowed;
  beforeAll(async () => {
    made = await createLimitStores(kind, 2);
    ({ stores } = made);
  });
  afterAll(() => made.close());

  it.each([
    ['an hourly budget', HOURLY, [0, 0, 1, 2, 3, 4, 5, 60_000, 3_599_999, 3_600_000, 3_600_001]],
    ['waits that grow', GROWING, Array.from({ length: 60 }, (_, step) => step * step * 700)],
    ['waits without end', GROWING, Array.from({ length: 40 }, (_, step) => step * 901_000)],
    ['what is long forgotten', GROWING, [0, 0, 0, 0, 0, 0, 31 * 86_400_000, 31 * 86_400_000]],
    ['an instance whose clock is behind', GROWING, [5000, 0, 3000, 1000, 5000, 100, 6000, 5900]],
  ] as const)('follow %s to the millisecond', async (_, budget, steps) => {
    const key = newKey();
    let state = UNTRIED;
    for (const step of steps) {
      state = afterTry(state, budget, NOW + step);
      const verdict = await take(key, budget, NOW + step, stores[step % stores.length]);
      expect(verdict, `at ${step} ms`).toEqual(verdictOf(state, budget, NOW + step));
    }
  });

  it.each([
    ['hourly', HOURLY],
    ['growing', GROWING],
  ] as const)('allow exactly the %s budget of 50 parallel tries in two processes', async (_, budget) => {
    for (let round = 0; round < 5; round++) {
      const key = newKey();
      const verdicts = await Promise.all(
        Array.from({ length: 50 }, (__, index) => take(key, budget, NOW, stores[index % stores.length])),
      );
      expect(verdicts.filter(({ isAllowed }) => isAllowed)).toHaveLength(budget.tries);
      expect(verdicts.filter(({ waitMs }) => waitMs > 0).length).toBeGreaterThanOrEqual(45);
    }
  });

  it('count several keys in turn, each by its own budget, until one is refused', async () => {
    const [one, other] = [newKey(), newKey()];
    for (const order of ['the order of the keys', 'another']) {
      const five = { key: `${one}${order}`.slice(0, 64), budget: HOURLY };
      const two = { key: `${other}${order}`.slice(0, 64), budget: { ...HOURLY, tries: 2 } };
      const keys = order === 'another' ? [two, five] : [five, two];
      const rounds = await Promise.all(
        Array.from({ length: 8 }, (_, index) => stores[index % stores.length]!.take(keys, NOW)),
      );
      const allowed = (index: number) => rounds.filter((verdicts) => verdicts[index]?.isAllowed).length;
      const tried = (index: number) => rounds.filter((verdicts) => verdicts[index]).length;
      expect([allowed(0), allowed(1), tried(0), tried(1)]).toEqual(order === 'another' ? [2, 2, 8, 2] : [5, 2, 8, 5]);
      // What came after a refusal was not counted.
      let left = 0;
      while ((await take(five.key, HOURLY, NOW)).isAllowed) left++;
      expect(left).toBe(order === 'another' ? 3 : 0);
    }
  });

  it('give tries back, one, several or all of them, and none of a key that has fewer', async () => {
    const [one, three, all, more, untried] = [newKey(), newKey(), newKey(), newKey(), newKey()];
    for (const key of [one, three, all]) for (let tries = 0; tries < 6; tries++) await take(key, HOURLY, NOW);
    await take(more, HOURLY, NOW);
    await stores[0]!.giveBack([
      { key: one, tries: 1 },
      { key: three, tries: 3 },
      { key: all, tries: 'all' },
      { key: more, tries: 2 },
      { key: untried, tries: 1 },
    ]);
    expect([await again(one), await again(one)]).toEqual([true, false]);
    expect([await again(three), await again(three), await again(three), await again(three)]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    const fresh = [all, more, untried].map(async (key) => {
      let allowed = 0;
      while (await again(key)) allowed++;
      return allowed;
    });
    expect(await Promise.all(fresh)).toEqual([5, 5, 5]);
  });

  it('are taken and given back in parallel without a deadlock, whichever key was first', async () => {
    const [older, newer] = ['login:', 'login-address:'].map((rule) => `${rule}${'d'.repeat(43)}`) as [string, string];
    const budget = { ...HOURLY, tries: 500 };
    // A scan meets the rows as they lie, which is not the order that tries are counted in.
    for (const key of [older, newer]) await take(key, budget, NOW);
    const keys = [older, newer].map((key) => ({ key, budget, tries: 1 }));
    for (let round = 0; round < 8; round++) {
      const took = Array.from({ length: 50 }, async (_, index) => {
        const store = stores[index % stores.length]!;
        const start = performance.now();
        const inSomeOrder = index % 8 < 4 ? keys : keys.toReversed();
        await (index % 4 < 2 ? store.take(inSomeOrder, NOW) : store.giveBack(inSomeOrder));
        return performance.now() - start;
      });
      // PostgreSQL notices a deadlock after a second.
      expect(Math.max(...(await Promise.all(took)))).toBeLessThan(900);
    }
  });

  it('are forgotten by the cleanup when nothing depends on them', async () => {
    const store = stores[0]!;
    if (!(store instanceof DatabaseLimits)) return;
    const [old, live] = [newKey(), newKey()];
    await store.deleteExpired(NOW + 365 * 86_400_000);
    await take(old, HOURLY, NOW);
    await take(live, GROWING, NOW);
    expect(await store.deleteExpired(NOW + HOURLY.windowMs - 1)).toBe(0);
    expect(await store.deleteExpired(NOW + HOURLY.windowMs)).toBe(1);
    expect((await take(live, GROWING, NOW)).tries).toBe(2);
  });

  it('leave nothing that the next cleanup keeps, where all of them were given back', async () => {
    const store = stores[0]!;
    if (!(store instanceof DatabaseLimits)) return;
    const [one, all, half] = [newKey(), newKey(), newKey()];
    await store.deleteExpired(NOW + 365 * 86_400_000);
    for (const key of [one, all, half, half]) await take(key, GROWING, NOW);
    await store.giveBack([one, all, half].map((key) => ({ key, tries: key === all ? ('all' as const) : 1 })));
    expect(await store.deleteExpired(NOW)).toBe(2);
    expect((await take(half, GROWING, NOW)).tries).toBe(2);
    // One that is tried again meanwhile stays.
    await store.giveBack([{ key: half, tries: 'all' }]);
    expect((await take(half, GROWING, NOW)).tries).toBe(1);
    expect(await store.deleteExpired(NOW)).toBe(0);
  });
});
