import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, inParallel, visible } from './support/client.js';
import { availableDatabases } from './support/databases.js';
import { stacks } from './support/stacks.js';
import { User, UserToken } from './support/users-plain.js';
import { claimsOf, forgeJwt, headerOf } from './support/jwt.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

interface Pair {
  access_token: string;
  refresh_token: string;
}

/** What the tests do to sessions, on one application. */
function actions(t: TestApp) {
  const rows = t.dataSource.getRepository(UserToken);
  return {
    /** A user of its own for each test, with the one session that its login opened. */
    user: async (email: string): Promise<Pair> => t.activeUser(email),
    login: async (email: string): Promise<Pair> =>
      (await t.client.post('/auth/login', { email, password: PASSWORD })).body,
    refresh: ({ refresh_token }: Pair) => t.client.post('/auth/refresh', { refresh_token }),
    /** The status of a guarded route for the holder of the pair. */
    access: async ({ access_token }: Pair) => (await t.client.get('/demo/bare', { bearer: access_token })).status,
    rowOf: (pair: Pair) => rows.findOneByOrFail({ id: String(claimsOf(pair.refresh_token)['sid']) }),
    sessions: (email: string) => rows.countBy({ purpose: 'session', user: { email } }),
    /** The notices about a stolen token: owed, and arrived. */
    reuseNotices: async (email: string) => {
      await t.mailIsDone();
      const owed = await rows.countBy({ purpose: 'session-reuse-notice', user: { email } });
      const arrived = t.mailbox.to(email).filter(({ subject }) => subject === 'We logged out one of your devices');
      expect(arrived).toHaveLength(owed);
      return owed;
    },
  };
}

function expectEnded(answer: Answer): void {
  expect(answer.status).toBe(401);
  expect(answer.body).toEqual({
    statusCode: 401,
    code: 'SESSION_INVALID_TOKEN',
    message: 'The session has ended; log in again.',
  });
  expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  expect(answer.headers.get('cache-control')).toBe('no-store');
}

describe.each(stacks())('sessions on $database with $adapter', ({ database, adapter }) => {
  let t: TestApp;
  let on: ReturnType<typeof actions>;
  beforeAll(async () => {
    t = await createTestApp({ database, adapter });
    on = actions(t);
  });
  afterAll(() => t.close());

  describe('refresh', () => {
    it('rotates the token in the one row of the device, however often', async () => {
      let pair = await on.user('rotate@example.com');
      const seen = new Set([pair.refresh_token]);
      for (let round = 1; round <= 5; round++) {
        const answer = await on.refresh(pair);
        expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
        expect(Object.keys(answer.body)).toEqual(['access_token', 'refresh_token', 'token_type', 'expires_in']);
        pair = answer.body;
        seen.add(pair.refresh_token);
        expect(await on.access(pair)).toBe(200);
      }
      expect(seen.size).toBe(6);
      expect(await on.sessions('rotate@example.com')).toBe(1);
      expect(await on.rowOf(pair)).toMatchObject({ generation: 5, revokedAt: null });
    });

    it('gives every tab the very same successor within the grace time, and rotates once', async () => {
      const first = await on.user('tabs@example.com');
      const answers = await inParallel(20, () => on.refresh(first));
      t.clock.advance({ seconds: 8 });
      const late = await on.refresh(first);
      for (const { status, body } of [...answers, late]) {
        expect(status).toBe(200);
        expect(body.refresh_token).toBe(answers[0]!.body.refresh_token);
        expect(body.access_token).toBe(answers[0]!.body.access_token);
      }
      // The only difference: how much of the access token's life is left.
      expect(late.body.expires_in).toBeLessThanOrEqual(892);
      expect(await on.rowOf(first)).toMatchObject({ generation: 1, revokedAt: null });
      expect(await on.reuseNotices('tabs@example.com')).toBe(0);
    });

    it('ends the session for thief and owner when a token is replayed after the grace time', async () => {
      const stolen = await on.user('victim@example.com');
      const current: Pair = (await on.refresh(stolen)).body;
      const elsewhere = await on.login('victim@example.com');
      const stranger = await on.user('stranger@example.com');
      t.clock.advance({ seconds: 11 });
      for (const answer of await inParallel(20, () => on.refresh(stolen))) expectEnded(answer);
      expect(await on.access(current)).toBe(401);
      expectEnded(await on.refresh(current));
      expectEnded(await on.refresh(stolen));
      expect(await on.reuseNotices('victim@example.com')).toBe(1);

      expect(await on.access(elsewhere)).toBe(200);
      expect(await on.access(stranger)).toBe(200);
      expect((await on.refresh(stranger)).status).toBe(200);
      expect(await on.reuseNotices('stranger@example.com')).toBe(0);
    });

    it('ends the session when a token two generations old is replayed, even within the grace time', async () => {
      const first = await on.user('old@example.com');
      const second: Pair = (await on.refresh(first)).body;
      const third: Pair = (await on.refresh(second)).body;
      expectEnded(await on.refresh(first));
      expect(await on.access(third)).toBe(401);
      expectEnded(await on.refresh(third));
      expect(await on.reuseNotices('old@example.com')).toBe(1);
    });

    it('ends with the idle time, which is not taken for theft', async () => {
      const pair = await on.user('idle@example.com');
      t.clock.advance({ seconds: 604_800 - 60 });
      const kept: Pair = (await on.refresh(pair)).body;
      expect(await on.access(kept)).toBe(200);
      t.clock.advance({ seconds: 604_801 });
      expectEnded(await on.refresh(kept));
      expect(await on.access(kept)).toBe(401);
      expect(await on.reuseNotices('idle@example.com')).toBe(0);
    });

    it('answers an access token that expired 401, while the refresh token gives the next', async () => {
      const pair = await on.user('access@example.com');
      t.clock.advance({ seconds: 901 });
      expect(await on.access(pair)).toBe(401);
      expect(await on.access((await on.refresh(pair)).body)).toBe(200);
    });

    it('refuses whatever is no refresh token of ours alike, and the session goes on', async () => {
      const pair = await on.user('garbage@example.com');
      const { refresh_token: genuine, access_token } = pair;
      const foreign = forgeJwt(headerOf(genuine), { ...claimsOf(genuine), gen: 5 }, 'a key of somebody else');
      const garbage = [
        '',
        'garbage',
        'a.b.c',
        access_token,
        foreign,
        `${genuine}x`,
        genuine.slice(0, -1),
        `${genuine} `,
      ];
      const answers = [];
      for (const refresh_token of garbage) answers.push(await t.client.post('/auth/refresh', { refresh_token }));
      for (const answer of answers) {
        expectEnded(answer);
        expect(visible(answer)).toEqual(visible(answers[0]!));
      }
      for (const refresh_token of [undefined, null, 1, true, {}, { $ne: null }, [genuine]]) {
        const answer = await t.client.post('/auth/refresh', { refresh_token });
        expect([answer.status, answer.body.code]).toEqual([400, 'INPUT_INVALID']);
      }
      expect(await on.rowOf(pair)).toMatchObject({ generation: 0, revokedAt: null });
      expect((await on.refresh(pair)).status).toBe(200);
      expect(await on.reuseNotices('garbage@example.com')).toBe(0);
    });

    it('refuses a deactivated user at once, and a user who was deleted, too', async () => {
      const users = t.dataSource.getRepository(User);
      const deactivated = await on.user('deactivated@example.com');
      await users.update({ email: 'deactivated@example.com' }, { isActive: false });
      expectEnded(await on.refresh(deactivated));
      expect(await on.access(deactivated)).toBe(401);
      expect(await on.reuseNotices('deactivated@example.com')).toBe(0);

      const deleted = await on.user('deleted@example.com');
      await t.mailIsDone();
      await users.delete({ email: 'deleted@example.com' });
      expectEnded(await on.refresh(deleted));
      expect(await on.access(deleted)).toBe(401);
      expect((await t.client.post('/auth/logout', { refresh_token: deleted.refresh_token })).status).toBe(204);
    });
  });

  describe('logout', () => {
    const credentials = [
      ['the refresh token', ({ refresh_token }: Pair) => t.client.post('/auth/logout', { refresh_token })],
      [
        'the bearer token',
        ({ access_token }: Pair) => t.client.post('/auth/logout', undefined, { bearer: access_token }),
      ],
    ] as const;

    it.each(credentials)('by %s ends that session and no other; twice is no error', async (by, logout) => {
      const email = `${by.replaceAll(' ', '-')}@example.com`;
      const other = await on.user(email);
      const pair = await on.login(email);
      const answer = await logout(pair);
      expect([answer.status, answer.text, answer.headers.get('cache-control')]).toEqual([204, '', 'no-store']);
      expect(await on.access(pair)).toBe(401);
      expectEnded(await on.refresh(pair));
      expect((await logout(pair)).status).toBe(204);
      expect(await on.access(other)).toBe(200);
      expect((await on.refresh(other)).status).toBe(200);
      expect(await on.reuseNotices(email)).toBe(0);
    });

    it('needs a genuine token', async () => {
      const pair = await on.user('logout@example.com');
      const { refresh_token, access_token } = pair;
      const answers = [
        await t.client.post('/auth/logout'),
        await t.client.post('/auth/logout', {}),
        await t.client.post('/auth/logout', { refresh_token: 'garbage' }),
        await t.client.post('/auth/logout', { refresh_token: access_token }),
        await t.client.post('/auth/logout', {}, { bearer: 'garbage' }),
        await t.client.post('/auth/logout', {}, { bearer: refresh_token }),
        await t.client.post('/auth/logout', { refresh_token: 'garbage' }, { bearer: access_token }),
      ];
      for (const answer of answers) expectEnded(answer);
      expect(await on.access(pair)).toBe(200);
    });
  });

  it('logout-all ends every session of the user, and nobody else’s', async () => {
    const stranger = await on.user('bystander@example.com');
    const pairs = [
      await on.user('all@example.com'),
      await on.login('all@example.com'),
      await on.login('all@example.com'),
    ];
    expect((await t.client.post('/auth/logout-all')).status).toBe(401);
    const answer = await t.client.post('/auth/logout-all', undefined, { bearer: pairs[1]!.access_token });
    expect([answer.status, answer.text, answer.headers.get('cache-control')]).toEqual([204, '', 'no-store']);
    for (const pair of pairs) {
      expect(await on.access(pair)).toBe(401);
      expectEnded(await on.refresh(pair));
    }
    expect(await on.access(stranger)).toBe(200);
  });
});

describe.each(stacks())('strict sessions of one hour on $database with $adapter', ({ database, adapter }) => {
  let t: TestApp;
  let on: ReturnType<typeof actions>;
  beforeAll(async () => {
    const options = { jwt: { refreshGraceSeconds: 0, refreshTtlSeconds: 1800 }, session: { maxSeconds: 3600 } };
    t = await createTestApp({ database, adapter, options });
    on = actions(t);
  });
  afterAll(() => t.close());

  it('end when a token is used a second time, however soon', async () => {
    const pair = await on.user('strict@example.com');
    const next = await on.refresh(pair);
    expect(next.status).toBe(200);
    expectEnded(await on.refresh(pair));
    expect(await on.access(next.body)).toBe(401);
    expectEnded(await on.refresh(next.body));
    expect(await on.reuseNotices('strict@example.com')).toBe(1);
  });

  it('end an hour after the login, however often they are refreshed', async () => {
    let pair = await on.user('hour@example.com');
    const end = Number(claimsOf(pair.refresh_token)['auth_time']) + 3600;
    for (const seconds of [1700, 1700, 170]) {
      t.clock.advance({ seconds });
      const answer = await on.refresh(pair);
      expect(answer.status).toBe(200);
      pair = answer.body;
      for (const token of [pair.access_token, pair.refresh_token]) {
        expect(claimsOf(token)['exp']).toBeLessThanOrEqual(end);
      }
    }
    expect(await on.access(pair)).toBe(200);
    t.clock.advance({ seconds: 31 });
    expect(await on.access(pair)).toBe(401);
    expectEnded(await on.refresh(pair));
    expect(await on.reuseNotices('hour@example.com')).toBe(0);
  });
});

describe.each(availableDatabases())('sessions on %s that are older than a new, shorter life', (database) => {
  it('end at the next refresh, and hand out no pair', async () => {
    const before = await createTestApp({ database });
    const options = { session: { maxSeconds: 3600 }, sessionCheck: { cacheSeconds: 300 } };
    const after = await createTestApp({ on: before.database, options });
    try {
      const old = await actions(before).user('old@example.com');
      for (const { clock } of [before, after]) clock.advance({ seconds: 3000 });
      const youngPair = await actions(before).user('young@example.com');
      for (const { clock } of [before, after]) clock.advance({ seconds: 601 });
      const renewed: Pair = (await actions(before).refresh(old)).body;
      const on = actions(after);
      expect(await on.access(renewed)).toBe(200);

      expectEnded(await on.refresh(renewed));
      expect(await on.access(renewed)).toBe(401);
      expect(await actions(before).access(renewed)).toBe(401);
      expectEnded(await on.refresh(renewed));
      expect(await on.reuseNotices('old@example.com')).toBe(0);

      const next = await on.refresh(youngPair);
      expect(next.status).toBe(200);
      expect(await on.access(next.body)).toBe(200);
      const end = Number(claimsOf(youngPair.refresh_token)['auth_time']) + 3600;
      expect(claimsOf(next.body.refresh_token)['exp']).toBe(end);
    } finally {
      await after.close();
      await before.close();
    }
  });
});
