import { Controller, Get, UseGuards } from '@nestjs/common';
import { Throttle, ThrottlerGuard, ThrottlerModule, type ThrottlerStorage } from '@nestjs/throttler';
import {
  AuthThrottlerStorage,
  type LimitStore,
  type RuntimeOptions,
  type StructuralOptions,
  type ThrottledHit,
} from 'nestjs-gatehouse';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MemoryLimits } from '../lib/engine/limits/memory-limits.js';
import { Cleanup } from '../lib/platform/data/store/cleanup.js';
import { LimitCleanup } from '../lib/platform/data/store/limit-cleanup.js';
import { inParallel } from './support/client.js';
import { availableDatabases, availableDrivers } from './support/databases.js';
import { address, createLimitedApp, from } from './support/limited-app.js';
import { createTestApp, type TestApp } from './support/test-app.js';

const LIMIT = 7;
const MINUTE = 60_000;
const NOW = new Date(Date.UTC(2026, 0, 1));

let answered = 0;

/** Routes of the application's own. */
@Controller('reports')
@UseGuards(ThrottlerGuard)
class ReportsController {
  @Get()
  list() {
    answered++;
    return { ok: true };
  }

  @Get('blocking')
  @Throttle({ default: { limit: 2, ttl: MINUTE, blockDuration: 10 * MINUTE } })
  blocking() {
    return { ok: true };
  }

  @Get('refusing')
  @Throttle({ default: { limit: 2, ttl: MINUTE, blockDuration: 0 } })
  refusing() {
    return { ok: true };
  }

  @Get('closed')
  @Throttle({ default: { limit: 0, ttl: MINUTE } })
  closed() {
    return { ok: true };
  }
}

const OWN_LIMITS = {
  imports: [
    ThrottlerModule.forRootAsync({
      inject: [AuthThrottlerStorage],
      // What the guard is handed must be what its package calls a storage.
      useFactory: (storage: AuthThrottlerStorage & ThrottlerStorage) => ({
        throttlers: [{ ttl: MINUTE, limit: LIMIT }],
        storage,
      }),
    }),
  ],
  controllers: [ReportsController],
};

const rowsOf = (t: TestApp) => t.dataSource.query<{ id: string }[]>('SELECT id FROM auth_limits');
const throttled = async (t: TestApp) => (await rowsOf(t)).filter(({ id }) => id.startsWith('throttler:'));

describe.each(availableDrivers())('routes that an application limits in its own database, %s', (database) => {
  let t: TestApp;
  let second: TestApp;
  let client = 0;
  let visitor: ReturnType<typeof from>;
  const advance = (seconds: number) => {
    for (const { clock } of [t, second]) clock.advance({ seconds });
  };
  const get = (path = '', app = t) => app.client.get(`/reports${path}`, visitor);
  const statuses = async (path: string, times: number) => {
    const found: number[] = [];
    for (let time = 0; time < times; time++) found.push((await get(path)).status);
    return found;
  };

  beforeAll(async () => {
    t = await createLimitedApp({ database, ...OWN_LIMITS });
    second = await createLimitedApp({ database, on: t.database, ...OWN_LIMITS });
    for (const { clock } of [t, second]) clock.stopAt(NOW);
  });
  beforeEach(() => {
    visitor = from(address(client++));
  });
  afterAll(async () => {
    await second.close();
    await t.close();
  });

  it('answer exactly as many of 50 parallel requests to two processes as the limit says, for each client', async () => {
    for (let round = 0; round < 3; round++) {
      visitor = from(address(client++));
      answered = 0;
      const answers = await inParallel(50, (index) => get('', index % 2 === 0 ? t : second));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(LIMIT);
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(50 - LIMIT);
      expect(answered).toBe(LIMIT);
    }
  });

  it('cost one statement each', async () => {
    expect(await t.statements.during(() => get())).toHaveLength(1);
    expect(await t.statements.during(() => get())).toHaveLength(1);
  });

  it('say in the headers of the guard what is left, and how long to wait', async () => {
    const first = await get();
    expect(first.headers.get('x-ratelimit-limit')).toBe(String(LIMIT));
    expect(first.headers.get('x-ratelimit-remaining')).toBe(String(LIMIT - 1));
    expect(first.headers.get('x-ratelimit-reset')).toBe('60');
    for (let time = 1; time < LIMIT; time++) await get();
    const refused = await get();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
  });

  it('are answered again when the window ends, to the millisecond', async () => {
    expect(await statuses('', LIMIT)).not.toContain(429);
    advance(59.999);
    expect(await statuses('', 1)).toEqual([429]);
    // Without a blockDuration the guard takes the window's length, from the first request that was too many.
    advance(59.999);
    expect(await statuses('', 1)).toEqual([429]);
    advance(0.001);
    expect(await statuses('', LIMIT + 1)).toEqual([...Array<number>(LIMIT).fill(200), 429]);
  });

  it('begin a window with its first request', async () => {
    expect(await statuses('/refusing', 1)).toEqual([200]);
    advance(59.999);
    expect(await statuses('/refusing', 2)).toEqual([200, 429]);
    advance(0.001);
    expect(await statuses('/refusing', 3)).toEqual([200, 200, 429]);
  });

  it('stay blocked as long as they are told, however often somebody asks', async () => {
    expect(await statuses('/blocking', 3)).toEqual([200, 200, 429]);
    advance(300);
    const meanwhile = await get('/blocking');
    expect([meanwhile.status, meanwhile.headers.get('retry-after')]).toEqual([429, '300']);
    advance(299.999);
    expect(await statuses('/blocking', 1)).toEqual([429]);
    advance(0.001);
    expect(await statuses('/blocking', 3)).toEqual([200, 200, 429]);
  });

  it('are refused until the window ends where nothing is blocked', async () => {
    expect(await statuses('/refusing', 3)).toEqual([200, 200, 429]);
    advance(59.999);
    const last = await get('/refusing');
    expect([last.status, last.headers.get('retry-after')]).toEqual([429, '1']);
    advance(0.001);
    expect(await statuses('/refusing', 1)).toEqual([200]);
  });

  it('are never answered where the limit is 0', async () => {
    expect(await statuses('/closed', 2)).toEqual([429, 429]);
  });

  it('count beyond what the limits of accounts can, exactly', async () => {
    const storages = [t, second].map(({ app }) => app.get(AuthThrottlerStorage));
    const count = (index: number, limit: number) => storages[index % 2]!.increment('many', MINUTE, limit, 0, 'default');
    const hits = await inParallel(1100, (index) => count(index, 1000));
    expect(hits.filter(({ isBlocked }) => !isBlocked)).toHaveLength(1000);
    // Each request has read a count of its own.
    const counts = hits.filter(({ isBlocked }) => !isBlocked).map(({ totalHits }) => totalHits);
    expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
  });

  it('count to a million, and for a year', async () => {
    const storage = t.app.get(AuthThrottlerStorage);
    const year = 366 * 86_400_000;
    await storage.increment('year', year, 1_000_000, year, 'default');
    // One more than the row says: no test makes a million requests.
    await t.dataSource.query(`UPDATE auth_limits SET state = state + 2 * 999998 WHERE id = '${(await lastKey(t))!}'`);
    const record = (totalHits: number, isBlocked: boolean): ThrottledHit => ({
      totalHits,
      isBlocked,
      timeToExpire: year / 1000,
      timeToBlockExpire: isBlocked ? year / 1000 : 0,
    });
    const again = () => storage.increment('year', year, 1_000_000, year, 'default');
    expect([await again(), await again(), await again()]).toEqual([
      record(1_000_000, false),
      record(1_000_001, true),
      record(1_000_001, true),
    ]);
  });

  it('are counted under keys that name nobody, and that no limit of the module has', async () => {
    const before = await rowsOf(t);
    const own = await t.client.post('/auth/login', { email: 'nobody@example.com', password: 'wrong enough' }, visitor);
    expect(own.status).toBe(401);
    const tries = (await rowsOf(t)).filter(({ id }) => !before.some((row) => row.id === id));
    expect(tries.map(({ id }) => id.split(':')[0]).toSorted()).toEqual(['login', 'login-address']);
    const states = () => t.dataSource.query(`SELECT state FROM auth_limits WHERE id LIKE 'login%' ORDER BY id`);
    const unchanged = await states();
    expect(await statuses('', LIMIT + 1)).toContain(429);
    expect(await states()).toEqual(unchanged);
    // A network that may ask for no more reports may still log in.
    expect((await t.client.post('/auth/login', { email: 'x@example.com', password: 'x' }, visitor)).status).toBe(401);
    for (const { id } of await throttled(t)) expect(id).toMatch(/^throttler:[\w-]{43}$/);
  });

  it('leave rows that the cleanup deletes when they are of no use any more, and none before', async () => {
    const cleanup = t.app.get(Cleanup, { strict: false });
    advance(800 * 86_400);
    await cleanup.run();
    expect(await throttled(t)).toEqual([]);
    expect(await statuses('/blocking', 3)).toEqual([200, 200, 429]);
    advance(599.999);
    await cleanup.run();
    expect(await statuses('/blocking', 1)).toEqual([429]);
    advance(1200);
    await cleanup.run();
    expect(await throttled(t)).toEqual([]);
  });
});

/** Of the throttler's rows, the one that is kept longest. */
async function lastKey({ dataSource }: TestApp): Promise<string | undefined> {
  const rows = await dataSource.query<{ id: string }[]>(
    `SELECT id FROM auth_limits WHERE id LIKE 'throttler:%' ORDER BY expires_at DESC`,
  );
  return rows[0]?.id;
}

describe.each(availableDatabases())('while %s cannot be reached', (database) => {
  it('nothing that is limited is answered: 503, until it can', async () => {
    const t = await createLimitedApp({ database, ...OWN_LIMITS });
    try {
      expect((await t.client.get('/reports')).status).toBe(200);
      answered = 0;
      await t.dataSource.destroy();
      const refused = await t.client.get('/reports');
      expect([refused.status, refused.body.code, answered]).toEqual([503, 'SERVICE_UNAVAILABLE', 0]);
      await t.dataSource.initialize();
      expect((await t.client.get('/reports')).headers.get('x-ratelimit-remaining')).toBe(String(LIMIT - 2));
    } finally {
      await t.close();
    }
  });
});

describe('an application that injects AuthThrottlerStorage', () => {
  let t: TestApp | undefined;
  afterEach(() => t?.close());
  const start = async (options?: StructuralOptions & RuntimeOptions) => {
    t = undefined;
    t = await createTestApp({ options, ...OWN_LIMITS });
  };

  it.each<[string, LimitStore | undefined]>([
    ['in memory', undefined],
    ['in a store of its own', new MemoryLimits()],
  ])('does not start where tries are counted %s, and there is no table', async (_, limitStore) => {
    await expect(start({ limitStore })).rejects.toThrow(
      /limitEntity: is missing, and AuthThrottlerStorage counts in its table.*Pass the entity to AuthModule/,
    );
  });

  it('counts in the table also where tries are counted elsewhere', async () => {
    t = await createLimitedApp({ ...OWN_LIMITS, options: { limitStore: new MemoryLimits() } });
    await t.client.get('/reports');
    await t.client.post('/auth/login', { email: 'nobody@example.com', password: 'wrong enough' });
    expect((await rowsOf(t)).map(({ id }) => id.split(':')[0])).toEqual(['throttler']);
  });

  it.each([
    ['a limit beyond what a row can count to', MINUTE, 1_000_001],
    ['a limit that is no whole number', MINUTE, 2.5],
    ['a limit below nothing', MINUTE, -1],
    ['no window', 0, 5],
    ['a window without end', Infinity, 5],
  ])('is told of %s', async (_, ttl, limit) => {
    t = await createLimitedApp(OWN_LIMITS);
    const counted = t.app.get(AuthThrottlerStorage).increment('key', ttl, limit, 0, 'short');
    await expect(counted).rejects.toThrow(/throttler "short"/);
    expect(await rowsOf(t)).toEqual([]);
  });

  it('may be at level basic, which cleans its counters up as well', async () => {
    t = await createLimitedApp({ ...OWN_LIMITS, level: 'basic' });
    await t.client.get('/reports');
    const cleanup = t.app.get(LimitCleanup, { strict: false });
    await cleanup.run();
    expect(await rowsOf(t)).toHaveLength(1);
    t.clock.advance({ seconds: 121 });
    await cleanup.run();
    expect(await rowsOf(t)).toEqual([]);
  });
});
