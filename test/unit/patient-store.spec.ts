import { setImmediate as turn } from 'node:timers/promises';
import { LimitStore, type LimitVerdict } from 'nestjs-gatehouse';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PatientStore } from '../../lib/engine/limits/patient-store.js';

const ALLOWED: LimitVerdict[] = [{ isAllowed: true, tries: 1, waitMs: 0 }];

/** Answers when it is told to. */
class SlowStore extends LimitStore {
  readonly open: (() => void)[] = [];
  take(): Promise<LimitVerdict[]> {
    return new Promise((resolve) => this.open.push(() => resolve(ALLOWED)));
  }
  giveBack(): Promise<void> {
    return new Promise((resolve) => this.open.push(resolve));
  }
}

describe('a limit store that does not answer', () => {
  let slow: SlowStore;
  let store: PatientStore;
  let outcomes: string[];
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    slow = new SlowStore();
    store = new PatientStore(slow);
    outcomes = [];
  });
  afterEach(() => void vi.useRealTimers());

  const ask = (name: string) =>
    void store.take([], 0).then(
      () => outcomes.push(`${name} counted`),
      (error: Error) => outcomes.push(`${name}: ${error.message}`),
    );
  const askMany = (count: number) => {
    for (let index = 0; index < count; index++) ask(`try ${index}`);
  };

  it('is asked five times at once, and by the others in their order', async () => {
    askMany(8);
    await turn();
    expect(slow.open).toHaveLength(5);
    slow.open[3]!();
    slow.open[4]!();
    await turn();
    expect([slow.open.length, outcomes]).toEqual([7, ['try 3 counted', 'try 4 counted']]);
    for (const answer of slow.open) answer();
    await turn();
    for (const answer of slow.open) answer();
    await turn();
    expect(outcomes.slice(2)).toEqual([0, 1, 2, 5, 6, 7].map((index) => `try ${index} counted`));
    vi.advanceTimersByTime(60_000);
    await turn();
    expect(outcomes).toHaveLength(8);
  });

  it('keeps nobody for longer than five seconds, then refuses at once, and nothing piles up', async () => {
    askMany(50);
    vi.advanceTimersByTime(4_999);
    await turn();
    expect(outcomes).toEqual([]);
    vi.advanceTimersByTime(1);
    await turn();
    expect(outcomes).toHaveLength(50);
    expect(new Set(outcomes.map((line) => line.split(': ')[1]))).toEqual(new Set(['the limit store does not answer']));
    for (let round = 0; round < 1000; round++) await expect(store.take([], 0)).rejects.toThrow('does not answer');
    await expect(store.giveBack([])).rejects.toThrow('does not answer');
    expect(slow.open).toHaveLength(5);
  });

  it('is asked again as soon as it has answered once', async () => {
    askMany(5);
    vi.advanceTimersByTime(5_000);
    await turn();
    outcomes = [];
    slow.open[0]!();
    await turn();
    ask('the next');
    await turn();
    slow.open[5]!();
    await turn();
    expect(outcomes).toEqual(['the next counted']);
  });

  it('lets others be served where only some questions have no answer', async () => {
    askMany(4);
    vi.advanceTimersByTime(5_000);
    await turn();
    outcomes = [];
    askMany(3);
    for (let index = 4; index < 7; index++) {
      await turn();
      slow.open[index]!();
    }
    await turn();
    expect(outcomes).toEqual(['try 0 counted', 'try 1 counted', 'try 2 counted']);
  });

  it('may throw where it should reject', async () => {
    slow.take = () => {
      throw new Error('not a promise');
    };
    for (let round = 0; round < 10; round++) await expect(store.take([], 0)).rejects.toThrow('not a promise');
  });
});
