import { AuthService } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inParallel } from './support/client.js';
import { availableDatabases, availableDrivers } from './support/databases.js';
import { claimsOf } from './support/jwt.js';
import { tokenRows, userRow } from './support/rows.js';
import { stacks } from './support/stacks.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const LIMIT = 3;
const CROWD = 50;

interface Pair {
  access_token: string;
  refresh_token: string;
}

const sessionOf = ({ access_token }: Pair): string => String(claimsOf(access_token)['sid']);

async function login({ client }: TestApp, email: string): Promise<Pair> {
  const answer = await client.post('/auth/login', { email, password: PASSWORD });
  expect(answer.status).toBe(200);
  return answer.body;
}

const access = async ({ client }: TestApp, { access_token }: Pair): Promise<number> =>
  (await client.get('/demo/bare', { bearer: access_token })).status;

/** The sessions of an account that were not ended, the newest last. */
async function liveSessions(t: TestApp, email: string): Promise<string[]> {
  const rows = await tokenRows(t, email, 'session');
  const live = rows.filter(({ revokedAt }) => revokedAt === null);
  return live.toSorted((one, other) => one.createdAt.getTime() - other.createdAt.getTime()).map(({ id }) => id);
}

describe.each(stacks())('the number of sessions per account on $database with $adapter', (stack) => {
  let t: TestApp;
  let elsewhere: TestApp;
  const later = (seconds: number): void => [t, elsewhere].forEach(({ clock }) => clock.advance({ seconds }));

  beforeAll(async () => {
    const options = { session: { maxPerAccount: LIMIT } };
    t = await createTestApp({ ...stack, options });
    // It remembers sessions, which must not keep one alive that it has ended itself.
    const remembering = { ...options, sessionCheck: { cacheSeconds: 60 }, mail: { pollSeconds: 3600 } };
    elsewhere = await createTestApp({ ...stack, on: t.database, options: remembering });
  });
  afterAll(async () => {
    await elsewhere.close();
    await t.close();
  });

  it('is kept: one more ends the one used least recently, on its very next request', async () => {
    const email = 'owner@example.com';
    const first: Pair = await t.activeUser(email);
    later(10);
    const second = await login(t, email);
    later(10);
    const third = await login(t, email);
    later(10);
    const refreshed: Pair = (await t.client.post('/auth/refresh', { refresh_token: first.refresh_token })).body;
    later(10);
    expect(await access(elsewhere, second)).toBe(200);
    const fourth = await login(elsewhere, email);
    expect(await access(elsewhere, second)).toBe(401);
    expect((await t.client.post('/auth/refresh', { refresh_token: second.refresh_token })).status).toBe(401);
    for (const pair of [refreshed, third, fourth]) expect(await access(t, pair)).toBe(200);
    expect(await liveSessions(t, email)).toEqual([refreshed, third, fourth].map(sessionOf));
  });

  it('counts what is live: neither expired nor ended sessions, nor those of others', async () => {
    const email = 'counted@example.com';
    const stranger: Pair = await t.activeUser('stranger@example.com');
    const ended: Pair = await t.activeUser(email);
    expect((await t.client.post('/auth/logout', { refresh_token: ended.refresh_token })).status).toBe(204);
    const expired = await login(t, email);
    later(604_801);
    const live = [await login(t, email), await login(t, email), await login(t, email)];
    for (const pair of live) expect(await access(t, pair)).toBe(200);
    expect(await liveSessions(t, email)).toEqual([expired, ...live].map(sessionOf));
    expect(await liveSessions(t, 'stranger@example.com')).toEqual([sessionOf(stranger)]);
  });

  it('holds on every way in, and ends no link', async () => {
    const email = 'every-way@example.com';
    const first: Pair = await t.activeUser(email);
    later(1);
    await t.client.post('/auth/password-reset/request', { email });
    const { id } = (await userRow(t, email))!;
    const auth = t.app.get(AuthService, { strict: false });
    for (let number = 0; number < LIMIT; number++) await auth.signIn(id, { amr: ['hwk'] });
    expect(await access(t, first)).toBe(401);
    expect(await liveSessions(t, email)).toHaveLength(LIMIT);
    expect(await tokenRows(t, email, 'password-reset')).toMatchObject([{ revokedAt: null }]);
  });
});

describe.each(availableDrivers())('parallel logins to one account on %s', (database) => {
  it('of two processes leave the newest sessions, as many as the limit, and none fails', async () => {
    const options = { session: { maxPerAccount: LIMIT } };
    const t = await createTestApp({ database, options });
    const elsewhere = await createTestApp({
      database,
      on: t.database,
      options: { ...options, mail: { pollSeconds: 3600 } },
    });
    const email = 'crowd@example.com';
    const first: Pair = await t.activeUser(email);
    [t, elsewhere].forEach(({ clock }) => clock.advance({ seconds: 10 }));
    const pairs = await inParallel(CROWD, (index) => login(index % 2 === 0 ? t : elsewhere, email));
    const newest = (await tokenRows(t, email, 'session'))
      .toSorted((one, other) => one.createdAt.getTime() - other.createdAt.getTime() || (one.id < other.id ? -1 : 1))
      .map(({ id }) => id);
    expect(newest).toHaveLength(CROWD + 1);
    const live = await liveSessions(t, email);
    expect(live.toSorted()).toEqual(newest.slice(-LIMIT).toSorted());
    const answers = await Promise.all([first, ...pairs].map((pair) => access(t, pair)));
    expect(answers.filter((status) => status === 200)).toHaveLength(LIMIT);
    expect([...t.logs.lines, ...elsewhere.logs.lines].filter((line) => /ER_|40P01|40001|SQLITE_/.test(line))).toEqual(
      [],
    );
    await elsewhere.close();
    await t.close();
  }, 60_000);
});

it.each(availableDatabases())(
  'is kept where it is so high that most logins are far from it, on %s',
  async (database) => {
    const t = await createTestApp({ database, options: { session: { maxPerAccount: 40 } } });
    const email = 'many@example.com';
    await t.activeUser(email);
    t.clock.stopAt(new Date());
    for (let number = 0; number < 45; number++) {
      t.clock.advance({ seconds: 1 });
      await login(t, email);
      expect((await liveSessions(t, email)).length).toBe(Math.min(number + 2, 40));
    }
    await inParallel(CROWD, () => login(t, email));
    expect(await liveSessions(t, email)).toHaveLength(40);
    await t.close();
  },
);

it('is not limited with 0, and then costs no statement', async () => {
  const t = await createTestApp({ options: { session: { maxPerAccount: 0 } } });
  const email = 'without@example.com';
  await t.activeUser(email);
  const statements = await t.statements.during(async () => void (await login(t, email)));
  expect(statements.map((sql) => /^\w+/.exec(sql)![0])).toEqual(['SELECT', 'INSERT']);
  for (let number = 0; number < 51; number++) await login(t, email);
  expect(await liveSessions(t, email)).toHaveLength(53);
  await t.close();
});
