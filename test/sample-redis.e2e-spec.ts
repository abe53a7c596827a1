import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { createDatabase, type TestDatabase } from './support/databases.js';
import { freePort } from './support/free-port.js';
import { Mailbox } from './support/mailbox.js';
import { connectToRedis } from './support/redis-server.js';
import { type SampleProcess, startSampleProcess } from './support/sample-process.js';

const WRONG = { email: 'somebody@example.com', password: 'not the passphrase of anybody' };

describe.skipIf(!inject('legs').available.includes('redis'))('the sample application with REDIS_URL', () => {
  const prefix = `gatehouse-test-${randomUUID()}:`;
  let redis: Redis;
  let database: TestDatabase;
  let mailbox: Mailbox;
  let app: SampleProcess | undefined;

  beforeAll(async () => {
    [redis, database, mailbox] = [await connectToRedis(), await createDatabase('sqlite'), await new Mailbox().goUp()];
  });
  afterEach(() => app?.stop());
  afterAll(async () => {
    const keys = await redis.keys(`${prefix}*`);
    if (keys.length > 0) await redis.del(keys);
    redis.disconnect();
    await mailbox.goDown();
    await database.drop();
  });

  async function start(url: URL): Promise<SampleProcess> {
    const env = { AUTH_LIMITS: 'on', AUTH_LIMITS_LOGIN_WAIT_SECONDS: '3600', REDIS_URL: url.href };
    return (app = await startSampleProcess(database, mailbox, env));
  }

  it(
    'counts tries there, under its prefix, and not in the table; a restart forgets none',
    { timeout: 90_000 },
    async () => {
      const url = new URL(process.env['TEST_REDIS_URL'] ?? 'redis://127.0.0.1:6379');
      url.searchParams.set('keyPrefix', prefix);
      const { client, stop } = await start(url);
      for (let tries = 0; tries < 5; tries++) expect((await client.post('/auth/login', WRONG)).status).toBe(401);
      await stop();
      expect((await (await start(url)).client.post('/auth/login', WRONG)).status).toBe(429);
      expect((await redis.keys(`${prefix}gatehouse:*`)).length).toBe(2);
      const source = await new DataSource({ ...database.options } as never).initialize();
      expect(await source.query('SELECT count(*) AS rows FROM auth_limits')).toEqual([{ rows: 0 }]);
      await source.destroy();
    },
  );

  it('is up while Redis is away, and lets nobody guess', { timeout: 90_000 }, async () => {
    const { client } = await start(new URL(`redis://127.0.0.1:${await freePort()}`));
    expect((await client.get('/health')).status).toBe(200);
    const answers = await Promise.all(Array.from({ length: 3 }, () => client.post('/auth/login', WRONG)));
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
    expect((await client.post('/auth/signup', { ...WRONG, password: 'a long and winding passphrase' })).status).toBe(
      201,
    );
  });
});
