import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cleanup } from '../lib/store/cleanup.js';
import { availableDatabases } from './support/databases.js';
import { countTokens, tokenRows, userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';
import { type User, UserToken } from './support/users-plain.js';

const DAY = 24 * 3600;

describe.each(availableDatabases())('the cleanup on %s', (database) => {
  let t: TestApp;
  let cleanup: Cleanup;
  beforeAll(async () => {
    t = await createTestApp({ mode: 'C', database });
    cleanup = t.app.get(Cleanup, { strict: false });
  });
  afterAll(() => t.close());

  it('deletes what expired more than a day ago, and nothing else', async () => {
    const { refresh_token } = await t.activeUser('stays@example.com');
    await t.client.post('/auth/signup', { email: 'forgets@example.com', password: PASSWORD });
    await t.client.post('/auth/password-reset/request', { email: 'stays@example.com' });
    const session = async () => (await tokenRows(t, 'stays@example.com', 'session')).length;
    const before = await countTokens(t);
    expect([before, await cleanup.run()]).toEqual([4, 0]);

    // The reset link has expired, but not a day ago; the session is kept alive by refreshing.
    t.clock.advance({ seconds: DAY });
    expect(await cleanup.run()).toBe(0);
    const pair = (await t.client.post('/auth/refresh', { refresh_token })).body;
    t.clock.advance({ seconds: DAY });
    expect([await cleanup.run(), await session()]).toEqual([1, 1]);
    expect((await t.client.post('/auth/refresh', pair)).status).toBe(400);
    const next = await t.client.post('/auth/refresh', { refresh_token: pair.refresh_token });
    expect(next.status).toBe(200);

    // Both activation links are gone; the session, refreshed six days later, is older than them and still lives.
    t.clock.advance({ seconds: 6 * DAY });
    const last = await t.client.post('/auth/refresh', { refresh_token: next.body.refresh_token });
    t.clock.advance({ seconds: DAY });
    expect([await cleanup.run(), await session(), await countTokens(t)]).toEqual([2, 1, 1]);
    expect((await t.client.get('/auth/me', { bearer: last.body.access_token })).status).toBe(401);
    expect((await t.client.post('/auth/refresh', { refresh_token: last.body.refresh_token })).status).toBe(200);
  });

  it('keeps the evidence of a replay as long as a replayed token could be genuine', async () => {
    const { refresh_token } = await t.activeUser('robbed@example.com');
    await t.client.post('/auth/refresh', { refresh_token });
    t.clock.advance({ seconds: 60 });
    expect((await t.client.post('/auth/refresh', { refresh_token })).status).toBe(401);
    t.clock.advance({ seconds: 6 * DAY });
    await cleanup.run();
    expect((await tokenRows(t, 'robbed@example.com', 'session'))[0]?.revokedAt).toBeInstanceOf(Date);
  });

  it('walks more rows than one batch holds', async () => {
    const email = 'many@example.com';
    await t.activeUser(email);
    await t.client.post('/auth/password-reset/request', { email });
    const [link] = await tokenRows(t, email, 'password-reset');
    const user = (await userRow(t, email)) as User;
    const another = () => ({
      ...link,
      payload: null,
      user,
      id: randomUUID(),
      tokenHash: randomBytes(32).toString('hex'),
    });
    await t.dataSource.getRepository(UserToken).insert(Array.from({ length: 520 }, another));
    t.clock.advance({ seconds: 3 * DAY });
    expect(await cleanup.run()).toBeGreaterThanOrEqual(520);
    expect(await tokenRows(t, email, 'password-reset')).toEqual([]);
    expect(await tokenRows(t, email, 'session')).toHaveLength(1);
  });
});
