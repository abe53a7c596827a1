import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LimitMeter } from '../../lib/engine/limits/limit-meter.js';
import { PatientStore } from '../../lib/engine/limits/patient-store.js';
import { Returns } from '../../lib/engine/limits/returns.js';
import { type LimitReturn, LimitStore, type LimitVerdict } from '../../lib/platform/common/limit.js';

/** A store of an application's own, which is as slow as it is told to be. */
class SlowStore extends LimitStore {
  readonly given: (readonly LimitReturn[])[] = [];
  answer: Promise<void> = Promise.resolve();

  take(): Promise<LimitVerdict[]> {
    return Promise.resolve([]);
  }

  giveBack(returns: readonly LimitReturn[]): Promise<void> {
    this.given.push(returns);
    return this.answer;
  }
}

describe('tries that are given back', () => {
  let store: SlowStore;
  let returns: Returns;
  beforeEach(() => {
    vi.useFakeTimers();
    store = new SlowStore();
    returns = new Returns(new PatientStore(store), new LimitMeter());
  });
  afterEach(() => vi.useRealTimers());
  it('of a moment go together, each key once', async () => {
    returns.add('network');
    returns.upTo('account', 3);
    returns.add('network');
    returns.upTo('account', 2);
    expect(store.given).toEqual([]);
    await vi.advanceTimersByTimeAsync(50);
    expect(store.given).toEqual([
      [
        { key: 'network', tries: 2 },
        { key: 'account', tries: 3 },
      ],
    ]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(store.given).toHaveLength(1);
  });

  it('of one key do not wait where they are five: other instances count them', () => {
    for (let tries = 0; tries < 12; tries++) returns.add('network');
    expect(store.given).toEqual([[{ key: 'network', tries: 5 }], [{ key: 'network', tries: 5 }]]);
  });

  it('of an account do not wait where they are all', () => {
    returns.upTo('account', 1);
    returns.upTo('account', 'all');
    expect(store.given).toEqual([[{ key: 'account', tries: 'all' }]]);
  });

  it('are known to be missing in the store until it has them', async () => {
    const taken = new AbortController();
    store.answer = once(taken.signal, 'abort').then(() => undefined);
    returns.add('network');
    const sent = returns.send();
    expect([returns.has('network'), returns.has('other')]).toEqual([true, false]);
    taken.abort();
    await sent;
    expect(returns.has('network')).toBe(false);
  });

  it('stay counted where the store cannot take them, and nobody fails for it', async () => {
    store.answer = Promise.reject(new Error('down'));
    returns.add('network');
    await expect(returns.send()).resolves.toBeUndefined();
    expect(returns.has('network')).toBe(false);
  });

  it('are given back before the application ends', async () => {
    returns.add('network');
    await returns.beforeApplicationShutdown();
    expect(store.given).toHaveLength(1);
  });
});
