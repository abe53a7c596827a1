import { randomUUID } from 'node:crypto';
import { AuthService } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, inParallel, visible } from './support/client.js';
import { claimsOf } from './support/jwt.js';
import { tokenRows, userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';
import { stacks } from './support/stacks.js';

interface Pair {
  access_token: string;
  refresh_token: string;
}

const sessionOf = ({ access_token }: Pair): string => String(claimsOf(access_token)['sid']);

/** What the tests do to the devices of a user, on one application. */
function actions(t: TestApp) {
  const list = async ({ access_token }: Pair) => t.client.get('/auth/sessions', { bearer: access_token });
  return {
    list,
    ids: async (pair: Pair): Promise<string[]> => (await list(pair)).body.map(({ id }: { id: string }) => id),
    end: ({ access_token }: Pair, id: string) =>
      t.client.request('DELETE', `/auth/sessions/${encodeURIComponent(id)}`, undefined, { bearer: access_token }),
    login: async (email: string, userAgent = 'phone'): Promise<Pair> => {
      const headers = { 'user-agent': userAgent };
      return (await t.client.post('/auth/login', { email, password: PASSWORD }, { headers })).body;
    },
    refresh: ({ refresh_token }: Pair) => t.client.post('/auth/refresh', { refresh_token }),
    access: async ({ access_token }: Pair) => (await t.client.get('/demo/bare', { bearer: access_token })).status,
  };
}

function expectNotFound(answer: Answer): void {
  expect([answer.status, answer.body]).toEqual([
    404,
    { statusCode: 404, code: 'SESSION_NOT_FOUND', message: 'There is no such session.' },
  ]);
  expect(answer.headers.get('cache-control')).toBe('no-store');
}

describe.each(stacks())('the list of sessions on $database with $adapter', (stack) => {
  let t: TestApp;
  let elsewhere: TestApp;
  let on: ReturnType<typeof actions>;
  beforeAll(async () => {
    t = await createTestApp(stack);
    elsewhere = await createTestApp({ ...stack, on: t.database, options: { mail: { pollSeconds: 3600 } } });
    on = actions(t);
  });
  afterAll(async () => {
    await elsewhere.close();
    await t.close();
  });

  /** Both processes have the same time. */
  const later = (seconds: number) => [t, elsewhere].forEach(({ clock }) => clock.advance({ seconds }));

  it('shows each device of the user, the one used last first, and nothing that opens anything', async () => {
    const email = 'devices@example.com';
    const first: Pair = await t.activeUser(email);
    later(10);
    const phone = await on.login(email, 'a phone\u00a0of mine');
    later(10);
    const tablet = await on.login(email, 'tablet');
    await t.activeUser('stranger@example.com');
    later(10);
    const refreshedAt = t.clock.now();
    const refreshed: Pair = (await on.refresh(phone)).body;

    const answer = await on.list(refreshed);
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(answer.body.map(({ id }: { id: string }) => id)).toEqual([phone, tablet, first].map(sessionOf));
    expect(answer.body.map(({ current }: { current: boolean }) => current)).toEqual([true, false, false]);
    const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(answer.body[0]).toEqual({
      id: sessionOf(phone),
      created_at: iso,
      last_used_at: iso,
      ip: '127.0.0.1',
      user_agent: 'a phone\u00a0of mine',
      current: true,
    });
    const [{ created_at, last_used_at }, { created_at: began, last_used_at: used }] = answer.body;
    expect(Date.parse(last_used_at) - refreshedAt).toBeLessThan(5000);
    expect(Date.parse(last_used_at) - Date.parse(created_at)).toBeGreaterThanOrEqual(20_000);
    expect(used).toBe(began);
    for (const { access_token, refresh_token } of [first, phone, tablet, refreshed]) {
      expect(answer.text).not.toContain(access_token);
      expect(answer.text).not.toContain(refresh_token);
    }
  });

  it('leaves out what was ended or has expired', async () => {
    const email = 'over@example.com';
    const old: Pair = await t.activeUser(email);
    later(604_000);
    const [gone, left, own] = [await on.login(email), await on.login(email), await on.login(email)];
    expect((await on.ids(own)).toSorted()).toEqual([old, gone, left, own].map(sessionOf).toSorted());
    await t.client.post('/auth/logout', { refresh_token: gone.refresh_token });
    expect((await on.ids(own)).toSorted()).toEqual([old, left, own].map(sessionOf).toSorted());
    later(801);
    expect((await on.ids(own)).toSorted()).toEqual([left, own].map(sessionOf).toSorted());
    expectNotFound(await on.end(own, sessionOf(old)));
    expectNotFound(await on.end(own, sessionOf(gone)));
  });

  it('ends one device, which both its tokens notice on their very next request, in a second process as well', async () => {
    const email = 'lost-phone@example.com';
    const [lost, lostToo]: Pair[] = [await t.activeUser(email), await on.login(email)];
    const own = await on.login(email);
    for (const app of [t, elsewhere]) {
      const there = actions(app);
      const victim = app === t ? lost! : lostToo!;
      expect(await there.access(victim)).toBe(200);
      const answer = await on.end(own, sessionOf(victim));
      expect([answer.status, answer.text, answer.headers.get('cache-control')]).toEqual([204, '', 'no-store']);
      expect(await there.access(victim)).toBe(401);
      expect((await there.refresh(victim)).body.code).toBe('SESSION_INVALID_TOKEN');
    }
    expect(await on.access(own)).toBe(200);
    expect(await on.ids(own)).toEqual([sessionOf(own)]);
    expect((await on.refresh(own)).status).toBe(200);
    await t.mailIsDone();
    // The activation link and nothing else: ending a device oneself is no theft.
    expect(t.mailbox.to(email)).toHaveLength(1);
  });

  it('ends the own session like a logout', async () => {
    const own: Pair = await t.activeUser('self@example.com');
    expect((await on.end(own, sessionOf(own))).status).toBe(204);
    expect(await on.access(own)).toBe(401);
    expect((await on.refresh(own)).status).toBe(401);
    expect((await on.end(own, sessionOf(own))).body.code).toBe('ACCESS_INVALID_TOKEN');
  });

  it('answers a foreign, unknown, malformed or ended session, and what is none, alike, and ends nothing', async () => {
    const own: Pair = await t.activeUser('own@example.com');
    const ended = await on.login('own@example.com');
    await t.client.post('/auth/logout', { refresh_token: ended.refresh_token });
    const foreign: Pair = await t.activeUser('foreign@example.com');
    await t.client.post('/auth/password-reset/request', { email: 'own@example.com' });
    const [link] = await tokenRows(t, 'own@example.com', 'password-reset');
    const { id: userId } = (await userRow(t, 'own@example.com'))!;
    const malformed = ['x', '0', '1', ' ', '*', '%', "' OR 1=1 --", '\0', '\u{1f600}', 'null', 'x'.repeat(90)];
    const twisted = [sessionOf(own).toUpperCase(), `${sessionOf(own)} `, `{${sessionOf(own)}}`];
    const ids = [sessionOf(foreign), sessionOf(ended), randomUUID(), link!.id, String(userId), ...malformed];
    const answers = [];
    for (const id of [...ids, ...twisted]) answers.push(await on.end(own, id));
    for (const answer of answers) {
      expectNotFound(answer);
      expect(visible(answer)).toEqual(visible(answers[0]!));
    }
    expect([await on.access(own), await on.access(foreign)]).toEqual([200, 200]);
    expect((await on.refresh(foreign)).status).toBe(200);
    expect(await tokenRows(t, 'own@example.com', 'password-reset')).toMatchObject([{ revokedAt: null }]);
  });

  it('is for signed-in users only', async () => {
    const own: Pair = await t.activeUser('guarded@example.com');
    const guest = await t.client.request('DELETE', `/auth/sessions/${sessionOf(own)}`);
    expect([guest.status, guest.body.code]).toEqual([401, 'ACCESS_UNAUTHENTICATED']);
    expect((await t.client.get('/auth/sessions')).body.code).toBe('ACCESS_UNAUTHENTICATED');
    const refresh = { access_token: own.refresh_token, refresh_token: '' };
    expect((await on.end(refresh, sessionOf(own))).body.code).toBe('ACCESS_INVALID_TOKEN');
    expect(await on.access(own)).toBe(200);
  });

  it('of 20 parallel requests to end one device lets one end it, and no refresh brings it back', async () => {
    const email = 'race@example.com';
    const own: Pair = await t.activeUser(email);
    const lost = await on.login(email);
    const answers = await inParallel(21, (index) => (index === 10 ? on.refresh(lost) : on.end(own, sessionOf(lost))));
    const [refreshed] = answers.splice(10, 1);
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    answers.filter(({ status }) => status !== 204).forEach(expectNotFound);
    expect([200, 401]).toContain(refreshed!.status);
    const successor: Pair = refreshed!.status === 200 ? refreshed!.body : lost;
    expect(await on.access(successor)).toBe(401);
    expect((await on.refresh(successor)).status).toBe(401);
    expect(await on.ids(own)).toEqual([sessionOf(own)]);
  });

  it('is there for code without HTTP', async () => {
    const email = 'facade@example.com';
    const pair: Pair = await t.activeUser(email);
    const { id } = (await userRow(t, email))!;
    const auth = t.app.get(AuthService, { strict: false });
    expect(await auth.listSessions(id)).toEqual([
      expect.objectContaining({ id: sessionOf(pair), createdAt: expect.any(Date), lastUsedAt: expect.any(Date) }),
    ]);
    await auth.endSession(id, sessionOf(pair));
    expect(await auth.listSessions(id)).toEqual([]);
    await expect(auth.endSession(id, sessionOf(pair))).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    expect(await on.access(pair)).toBe(401);
  });

  it('left no token and no error in the log', () => {
    expect(t.logs.lines.filter((line) => /[Ee]rror|[Ff]ail|eyJ|Bearer /.test(line))).toEqual([]);
  });
});
