import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AuthError } from '../../lib/platform/common/auth.errors.js';
import { HashLimiter } from '../../lib/engine/passwords/hash-limiter.js';

/** Work that runs until it is told how to end, and keeps a record of who started. */
function controllableWork(started: string[]) {
  const ends = new Map<string, { resolve: (value: string) => void; reject: (reason: Error) => void }>();
  const work = (name: string) => () => {
    started.push(name);
    return new Promise<string>((resolve, reject) => ends.set(name, { resolve, reject }));
  };
  return {
    work,
    finish: (name: string) => ends.get(name)?.resolve(name),
    fail: (name: string) => ends.get(name)?.reject(new Error(name)),
  };
}

describe('HashLimiter', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('runs as many as configured at once and no more', async () => {
    const limiter = new HashLimiter({ concurrency: 3, queue: 64 });
    let running = 0;
    let peak = 0;
    const work = async () => {
      peak = Math.max(peak, ++running);
      await setImmediate();
      running--;
    };
    await Promise.all(Array.from({ length: 20 }, () => limiter.run(work)));
    expect(peak).toBe(3);
    expect(running).toBe(0);
  });

  it('serves in order of arrival, and a newcomer does not overtake the one whose turn it is', async () => {
    const started: string[] = [];
    const { work, finish } = controllableWork(started);
    const limiter = new HashLimiter({ concurrency: 1, queue: 64 });
    const first = limiter.run(work('first'));
    const second = limiter.run(work('second'));
    const third = limiter.run(work('third'));
    await setImmediate();
    finish('first');
    const newcomer = first.then(() => limiter.run(work('newcomer')));
    await setImmediate();
    expect(started).toEqual(['first', 'second']);
    finish('second');
    await second;
    await setImmediate();
    finish('third');
    await third;
    await setImmediate();
    finish('newcomer');
    await newcomer;
    expect(started).toEqual(['first', 'second', 'third', 'newcomer']);
  });

  it('turns callers away at once, with Retry-After, when the queue is full, and accepts again when it is not', async () => {
    const started: string[] = [];
    const { work, finish } = controllableWork(started);
    const limiter = new HashLimiter({ concurrency: 1, queue: 2 });
    const accepted = ['running', 'waiting 1', 'waiting 2'].map((name) => limiter.run(work(name)));
    const refusal = await limiter.run(work('refused')).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(AuthError);
    expect(refusal).toMatchObject({ code: 'SERVICE_BUSY', retryAfterSeconds: 1 });
    finish('running');
    await accepted[0];
    const late = limiter.run(work('late'));
    for (const name of ['waiting 1', 'waiting 2', 'late']) {
      await setImmediate();
      finish(name);
    }
    await Promise.all([...accepted, late]);
    expect(started).toEqual(['running', 'waiting 1', 'waiting 2', 'late']);
  });

  it('gives the permit of failed work to the next, whether it rejects or throws', async () => {
    const started: string[] = [];
    const { work, fail, finish } = controllableWork(started);
    const limiter = new HashLimiter({ concurrency: 1, queue: 64 });
    const failing = limiter.run(work('failing'));
    const next = limiter.run(work('next'));
    await setImmediate();
    fail('failing');
    await expect(failing).rejects.toThrow('failing');
    await setImmediate();
    finish('next');
    await expect(next).resolves.toBe('next');
    const throwing = limiter.run(() => {
      throw new Error('thrown');
    });
    await expect(throwing).rejects.toThrow('thrown');
    await expect(limiter.run(async () => 'free again')).resolves.toBe('free again');
  });

  it('serves parties in turns: whoever sends many waits behind their own, and others behind one of them', async () => {
    const started: string[] = [];
    const { work, finish } = controllableWork(started);
    const limiter = new HashLimiter({ concurrency: 1, queue: 64 });
    const guesses = ['guess 1', 'guess 2', 'guess 3', 'guess 4'].map((name) => limiter.run(work(name), 'guesser'));
    const owners = [limiter.run(work('owner 1'), 'owner'), limiter.run(work('owner 2'), 'owner')];
    for (const name of ['guess 1', 'guess 2', 'owner 1', 'guess 3', 'owner 2', 'guess 4']) {
      await setImmediate();
      finish(name);
    }
    await Promise.all([...guesses, ...owners]);
    expect(started).toEqual(['guess 1', 'guess 2', 'owner 1', 'guess 3', 'owner 2', 'guess 4']);
  });

  it('gives whoever has fewer waiting the place of the newest of the party that has most, when the queue is full', async () => {
    const started: string[] = [];
    const { work, finish } = controllableWork(started);
    const queued: number[] = [];
    const limiter = new HashLimiter(
      { concurrency: 1, queue: 3 },
      { queued: (change) => queued.push(change), record: () => undefined },
    );
    const [first, second, third, fourth] = [1, 2, 3, 4].map((n) => limiter.run(work(`guess ${n}`), 'guesser'));
    const owner = limiter.run(work('owner'), 'owner');
    await expect(fourth).rejects.toMatchObject({ code: 'SERVICE_BUSY', retryAfterSeconds: 1 });
    // Two and one: an exchange would only turn it round, and who sends most must not gain by it.
    await expect(limiter.run(work('owner too'), 'owner')).rejects.toMatchObject({ code: 'SERVICE_BUSY' });
    await expect(limiter.run(work('guess 5'), 'guesser')).rejects.toMatchObject({ code: 'SERVICE_BUSY' });
    for (const name of ['guess 1', 'guess 2', 'owner', 'guess 3']) {
      await setImmediate();
      finish(name);
    }
    await Promise.all([first, second, third, owner]);
    expect(started).toEqual(['guess 1', 'guess 2', 'owner', 'guess 3']);
    expect(queued.reduce((sum, change) => sum + change, 0)).toBe(0);
    await expect(limiter.run(async () => 'free again')).resolves.toBe('free again');
  });

  it('lets nobody wait when the queue is 0', async () => {
    const { work, finish } = controllableWork([]);
    const limiter = new HashLimiter({ concurrency: 1, queue: 0 });
    const running = limiter.run(work('running'));
    await expect(limiter.run(work('refused'))).rejects.toMatchObject({ code: 'SERVICE_BUSY' });
    finish('running');
    await running;
  });

  it('leaves one thread of the pool to the rest of the process unless told otherwise', () => {
    vi.stubEnv('UV_THREADPOOL_SIZE', '');
    expect(new HashLimiter({ concurrency: 0, queue: 64 }).concurrency).toBe(Math.min(availableParallelism(), 3));
    vi.stubEnv('UV_THREADPOOL_SIZE', '2');
    expect(new HashLimiter({ concurrency: 0, queue: 64 }).concurrency).toBe(1);
    vi.stubEnv('UV_THREADPOOL_SIZE', '1');
    expect(new HashLimiter({ concurrency: 0, queue: 64 }).concurrency).toBe(1);
    expect(new HashLimiter({ concurrency: 7, queue: 64 }).concurrency).toBe(7);
  });
});
