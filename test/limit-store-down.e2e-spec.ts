import { Redis } from 'ioredis';
import { RedisLimits } from 'nestjs-gatehouse';
import { type DataSource, DataSource as Source } from 'typeorm';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { type Answer, inParallel } from './support/client.js';
import { availableDatabases, describeOnServers } from './support/databases.js';
import { createLimitedApp, from } from './support/limited-app.js';
import { TcpProxy } from './support/tcp-proxy.js';
import { PASSWORD, type TestApp } from './support/test-app.js';

/** More than a pool has connections. */
const CROWD = 30;
/** Real time. Twice what a store is waited for, on a busy machine. */
const SOON_MS = 15_000;
const EMAIL = 'owner@example.com';

/** What a crowd of logins is answered while nobody can count, and what everything else is meanwhile. */
async function during(t: TestApp, bearer: string) {
  const begun = performance.now();
  const logins = inParallel(CROWD, () => logIn(t));
  const others = await inParallel(CROWD, () => t.client.get('/demo/protected', { bearer }));
  const othersMs = performance.now() - begun;
  const answers = await logins;
  const loginsMs = performance.now() - begun;
  // By now it is known that nobody answers.
  const again = await inParallel(CROWD, () => logIn(t));
  return { logins: [...answers, ...again].map(told), others: others.map(({ status }) => status), othersMs, loginsMs };
}

const logIn = (t: TestApp) => t.client.post('/auth/login', { email: EMAIL, password: PASSWORD }, from('198.51.100.7'));
const told = ({ status, body }: Answer) => `${status} ${status === 200 ? '' : body.code}`.trim();
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describeOnServers('while somebody has locked the limit table on %s', (database) => {
  let t: TestApp | undefined;
  let stranger: DataSource | undefined;
  afterEach(async () => {
    await stranger?.destroy();
    await t?.close();
  });

  it('logins are 503 after some seconds, everything else goes on, and logins again when the lock ends', async () => {
    t = await createLimitedApp({ database });
    const { access_token } = await t.activeUser(EMAIL);
    await t.mailIsDone();
    stranger = await new Source({ ...t.database.options, poolSize: 1 } as typeof t.database.options).initialize();
    const lock = {
      postgres: ['BEGIN', 'LOCK TABLE auth_limits IN ACCESS EXCLUSIVE MODE'],
      mariadb: ['LOCK TABLES auth_limits WRITE'],
      sqlite: [],
    };
    for (const statement of lock[database]) await stranger.query(statement);
    const { logins, others, othersMs, loginsMs } = await during(t, access_token);
    await stranger.query(database === 'postgres' ? 'COMMIT' : 'UNLOCK TABLES');
    expect(logins).toEqual(times(2 * CROWD, '503 SERVICE_UNAVAILABLE'));
    expect(others).toEqual(times(CROWD, 200));
    expect(othersMs).toBeLessThan(4_000);
    expect(loginsMs).toBeLessThan(SOON_MS);
    await expect.poll(async () => told(await logIn(t!)), { timeout: 10_000 }).toBe('200');
  });
});

describe.each(availableDatabases())('while the limit table is not there on %s', (database) => {
  let t: TestApp | undefined;
  afterEach(() => t?.close());

  it('logins are 503, and everything else goes on', async () => {
    t = await createLimitedApp({ database });
    await t.activeUser(EMAIL);
    await t.dataSource.query('ALTER TABLE auth_limits RENAME TO auth_limits_away');
    expect(told(await logIn(t))).toBe('503 SERVICE_UNAVAILABLE');
    const { status } = await t.client.post('/auth/signup', { email: 'new@example.com', password: PASSWORD });
    expect(status).toBe(201);
    await t.mailbox.waitFor('new@example.com');
    expect((await t.client.post('/auth/password-reset/request', { email: EMAIL })).status).toBe(202);
    expect((await t.client.post('/auth/activate', { token: 'x'.repeat(64) })).status).toBe(400);
    await t.dataSource.query('ALTER TABLE auth_limits_away RENAME TO auth_limits');
    expect(told(await logIn(t))).toBe('200');
  });
});

describe.skipIf(!inject('legs').available.includes('redis'))('while Redis is away', () => {
  let t: TestApp | undefined;
  let redis: Redis | undefined;
  const url = new URL(process.env['TEST_REDIS_URL'] ?? 'redis://127.0.0.1:6379');
  const proxy = new TcpProxy({ host: url.hostname, port: Number(url.port || 6379) });
  afterEach(async () => {
    await t?.close();
    redis?.disconnect();
    await proxy.shut();
  });

  it('logins are 503, its client queues next to nothing, and logins go on when it is back', async () => {
    await proxy.open();
    // As an application would have it, which waits for the server and queues meanwhile.
    redis = new Redis({ host: '127.0.0.1', port: proxy.port });
    redis.on('error', () => undefined);
    const prefix = `gatehouse-test-${process.pid}-${Date.now()}:`;
    t = await createLimitedApp({ options: { limitStore: new RedisLimits(redis, prefix), limitEntity: undefined } });
    const { access_token } = await t.activeUser(EMAIL);
    expect(told(await logIn(t))).toBe('200');

    await proxy.shut();
    const { logins, others, othersMs, loginsMs } = await during(t, access_token);
    expect(logins).toEqual(times(2 * CROWD, '503 SERVICE_UNAVAILABLE'));
    expect(others).toEqual(times(CROWD, 200));
    expect(othersMs).toBeLessThan(4_000);
    expect(loginsMs).toBeLessThan(SOON_MS);
    const { offlineQueue, commandQueue } = redis as unknown as Record<string, { length: number }>;
    expect(offlineQueue!.length + commandQueue!.length).toBeLessThan(10);

    await proxy.open();
    await expect.poll(async () => told(await logIn(t!)), { timeout: 15_000 }).toBe('200');
    const keys = await redis.keys(`${prefix}*`);
    if (keys.length > 0) await redis.del(keys);
  });
});
