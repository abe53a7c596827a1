import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import type { TokenDeliveryMode } from '../lib/platform/config/settings/delivery-settings.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, inParallel } from './support/client.js';
import { CookieJar, cookiesOf } from './support/cookie-jar.js';
import { claimsOf } from './support/jwt.js';
import { tokenIn } from './support/mailbox.js';
import { RawClient } from './support/raw-client.js';
import { stacks } from './support/stacks.js';
import { createTestApp, PASSWORD, type TestApp, type TestAppOptions } from './support/test-app.js';
import { Visitor } from './support/cookie-visitor.js';

const ACCESS = '__Host-gatehouse-access';
const REFRESH = '__Secure-gatehouse-refresh';
const CSRF = '__Host-gatehouse-csrf';
const NEW_PASSWORD = 'a new and rather long passphrase';
const JWT = /eyJ[\w-]+\.[\w-]+\.[\w-]+/;
const adapters = ['express', 'fastify'] as const;

/** Bytes that look like a space to some, single and in UTF-8; Node itself refuses a few of them in a header. */
const NO_BLANKS = ['\xA0', '\x0B', '\x0C', '\x1C', '\x85', '\xC2\xA0', '\xEF\xBB\xBF', '\xE2\x80\x83', '\xE2\x80\xA8'];

/** An application with a delivery, and whom the tests send to it. */
function withDelivery(tokenDelivery: TokenDeliveryMode, choice: TestAppOptions = {}) {
  let app: TestApp;
  beforeAll(async () => {
    app = await createTestApp({ ...choice, options: { ...choice.options, tokenDelivery } });
  });
  afterAll(() => app.close());
  const visitor = () => new Visitor(app.client);
  return {
    app: () => app,
    visitor,
    /** A visitor who has an account and has logged in. */
    signedIn: async (email: string): Promise<Visitor> => {
      await app.activeUser(email);
      const one = visitor();
      expect((await one.post('/auth/login', { email, password: PASSWORD })).status).toBe(200);
      return one;
    },
    /** The token of the last of `count` mails to an address. */
    mailedToken: async (email: string, count = 1) => tokenIn(await app.mailbox.waitFor(email, count)),
  };
}

/** For how many seconds each cookie of an answer is kept. */
function livesOf(answer: Answer) {
  return cookiesOf(answer).map(({ maxAge }) => maxAge);
}

/** A life in whole seconds that is counted in another second than the token was made in has one less. */
const about = (seconds: number): unknown => expect.toBeOneOf([seconds, seconds - 1]);

/** The three cookies of a session, attribute by attribute. */
function expectCookies(answer: Answer, refreshPath = '/auth'): void {
  const shared = { httpOnly: true, secure: true, sameSite: 'lax' };
  expect(cookiesOf(answer)).toEqual([
    { name: ACCESS, value: expect.stringMatching(JWT), path: '/', maxAge: about(900), ...shared },
    { name: REFRESH, value: expect.stringMatching(JWT), path: refreshPath, maxAge: about(604_800), ...shared },
    {
      name: CSRF,
      value: expect.stringMatching(/^[\w-]{43}$/),
      path: '/',
      maxAge: about(604_800),
      secure: true,
      sameSite: 'lax',
    },
  ]);
  expect(answer.headers.get('cache-control')).toBe('no-store');
}

function expectCleared(answer: Answer): void {
  const shared = { value: '', maxAge: 0, secure: true, sameSite: 'lax' };
  expect(cookiesOf(answer)).toEqual([
    { name: ACCESS, path: '/', httpOnly: true, ...shared },
    { name: REFRESH, path: '/auth', httpOnly: true, ...shared },
    { name: CSRF, path: '/', ...shared },
  ]);
}

describe.each(stacks())('delivery by cookie on $database with $adapter', ({ database, adapter }) => {
  const { app, visitor, signedIn, mailedToken } = withDelivery('cookie', { database, adapter });

  it('hands tokens out in cookies and never in a body, wherever a session begins or goes on', async () => {
    const email = 'everywhere@example.com';
    const one = visitor();
    expect(cookiesOf(await one.post('/auth/signup', { email, password: PASSWORD }))).toEqual([]);
    const answers = [await one.post('/auth/activate', { token: await mailedToken(email) })];
    answers.push(await one.post('/auth/login', { email, password: PASSWORD }));
    answers.push(await one.post('/auth/refresh', {}));
    await one.post('/auth/password-reset/request', { email });
    const reset = { token: await mailedToken(email, 2), new_password: NEW_PASSWORD };
    answers.push(await one.post('/auth/password-reset/confirm', reset));
    await one.post('/auth/signup', { email: 'by-path@example.com', password: PASSWORD });
    answers.push(await one.post(`/auth/activate/${await mailedToken('by-path@example.com')}`));
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expectCookies(answer);
      expect(answer.body).toMatchObject({
        access_token: null,
        refresh_token: null,
        token_type: 'Bearer',
        expires_in: 900,
      });
      expect(answer.text).not.toMatch(JWT);
    }
  });

  it('opens the routes of the application, refreshes, and ends, with nothing but the cookies', async () => {
    const one = await signedIn('whole@example.com');
    expect((await one.get('/demo/protected')).status).toBe(200);
    expect((await one.get('/demo/verified-only')).status).toBe(200);
    const before = one.jar.value(REFRESH);
    app().clock.advance({ seconds: 901 });
    expect((await one.get('/demo/protected')).status).toBe(401);
    expect((await one.post('/auth/refresh')).status).toBe(200);
    expect(one.jar.value(REFRESH)).not.toBe(before);
    expect((await one.get('/auth/me')).body.email).toBe('whole@example.com');

    const kept = { ...one.jar.header('/auth/refresh'), 'sec-fetch-site': 'same-origin' };
    const out = await one.post('/auth/logout');
    expect([out.status, out.text]).toEqual([204, '']);
    expectCleared(out);
    expect(one.jar.names).toEqual([]);
    expect((await one.get('/demo/protected')).body.code).toBe('ACCESS_UNAUTHENTICATED');
    const replayed = await app().client.get('/demo/protected', { headers: kept });
    expect(replayed.body.code).toBe('ACCESS_INVALID_TOKEN');
    const refreshed = await app().client.post('/auth/refresh', {}, { headers: kept });
    expect(refreshed.body.code).toBe('SESSION_INVALID_TOKEN');
  });

  it('gives two tabs that refresh at once the same successor', async () => {
    const one = await signedIn('tabs@example.com');
    const headers = { ...one.jar.header('/auth/refresh'), 'sec-fetch-site': 'same-origin' };
    const answers = await inParallel(10, () => app().client.post('/auth/refresh', {}, { headers }));
    const tokens = answers.map((answer) => cookiesOf(answer).map(({ value }) => value));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(new Set(tokens.map((values) => values.join(' '))).size).toBe(1);
  });

  it('ends every session of the account, and clears the cookies of this one', async () => {
    const [one, other] = [await signedIn('all@example.com'), visitor()];
    await other.post('/auth/login', { email: 'all@example.com', password: PASSWORD });
    const out = await one.post('/auth/logout-all');
    expect(out.status).toBe(204);
    expectCleared(out);
    expect((await other.get('/demo/bare')).status).toBe(401);
  });

  it('clears the cookies of the session that is ended in the list of devices, and only of that one', async () => {
    const [one, other] = [await signedIn('devices@example.com'), visitor()];
    await other.post('/auth/login', { email: 'devices@example.com', password: PASSWORD });
    const end = (whose: Visitor) =>
      app().client.send(`/auth/sessions/${String(claimsOf(whose.jar.value(ACCESS)!)['sid'])}`, {
        method: 'DELETE',
        headers: { ...one.jar.header('/auth/sessions'), 'sec-fetch-site': 'same-origin' },
      });
    const ended = await end(other);
    expect([ended.status, cookiesOf(ended)]).toEqual([204, []]);
    expect((await other.get('/demo/bare')).status).toBe(401);
    const own = await end(one);
    expect(own.status).toBe(204);
    expectCleared(own);
  });

  it('clears the cookies of an account that is deleted, but not where the password was wrong', async () => {
    const { jar } = await signedIn('leaving@example.com');
    const leave = (current_password: string) =>
      app().client.send('/auth/me', {
        method: 'DELETE',
        headers: { ...jar.header('/auth/me'), 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
        body: JSON.stringify({ current_password }),
      });
    const refused = await leave('not the password of anybody');
    expect([refused.status, cookiesOf(refused)]).toEqual([400, []]);
    const left = await leave(PASSWORD);
    expect(left.status).toBe(204);
    expectCleared(left);
  });

  it('clears the cookies of a session that has ended elsewhere when they are used to refresh', async () => {
    const [one, other] = [await signedIn('elsewhere@example.com'), visitor()];
    await other.post('/auth/login', { email: 'elsewhere@example.com', password: PASSWORD });
    await other.post('/auth/logout-all');
    expect((await one.get('/demo/optional')).status).toBe(401);
    const refused = await one.post('/auth/refresh');
    expect([refused.status, refused.body.code]).toEqual([401, 'SESSION_INVALID_TOKEN']);
    expectCleared(refused);
    expect((await one.get('/demo/optional')).body).toEqual({ user_id: null });
  });

  it('clears cookies at logout that are no good any more', async () => {
    const headers = { cookie: `${ACCESS}=garbage; ${REFRESH}=garbage`, 'sec-fetch-site': 'same-origin' };
    const answer = await app().client.post('/auth/logout', {}, { headers });
    expect([answer.status, answer.body.code]).toEqual([401, 'SESSION_INVALID_TOKEN']);
    expectCleared(answer);
  });

  it('logs out with the cookie of either token alone', async () => {
    for (const name of [ACCESS, REFRESH]) {
      const one = await signedIn(`${name === ACCESS ? 'access' : 'refresh'}-alone@example.com`);
      const cookies = [name, CSRF].map((each) => `${each}=${one.jar.value(each)}`).join('; ');
      const headers = { cookie: cookies, 'sec-fetch-site': 'same-origin' };
      expect((await app().client.post('/auth/logout', {}, { headers })).status).toBe(204);
      expect((await one.get('/demo/bare')).status).toBe(401);
    }
  });

  it('takes neither of two cookies of the same name', async () => {
    const [mine, theirs] = [await signedIn('victim@example.com'), await signedIn('thief@example.com')];
    const both = (name: string) => [mine, theirs].map(({ jar }) => `${name}=${jar.value(name)}`);
    for (const cookie of [both(ACCESS).join('; '), both(ACCESS).toReversed().join(';')]) {
      for (const path of ['/demo/protected', '/demo/optional']) {
        const answer = await app().client.get(path, { headers: { cookie } });
        expect([answer.status, answer.body.code]).toEqual([401, 'ACCESS_INVALID_TOKEN']);
      }
    }
    const headers = {
      cookie: [...both(REFRESH), `${CSRF}=${mine.jar.value(CSRF)}`].join('; '),
      'sec-fetch-site': 'same-origin',
    };
    expect((await app().client.post('/auth/refresh', {}, { headers })).status).toBe(401);
    for (const one of [mine, theirs]) expect((await one.post('/auth/refresh')).status).toBe(200);
  });

  it('takes no refresh cookie that came without the __Host- cookie of the same session', async () => {
    const [mine, theirs] = [await signedIn('planted@example.com'), await signedIn('planter@example.com')];
    const planted = `${REFRESH}=${theirs.jar.value(REFRESH)}`;
    for (const cookie of [planted, `${planted}; ${CSRF}=${mine.jar.value(CSRF)}`, `${planted}; ${CSRF}=`]) {
      const headers = { cookie, 'sec-fetch-site': 'same-origin' };
      const answer = await app().client.post('/auth/refresh', {}, { headers });
      expect([answer.status, answer.body.code]).toEqual([401, 'SESSION_INVALID_TOKEN']);
      expect((await app().client.post('/auth/logout', {}, { headers })).status).toBe(401);
    }
    expect((await theirs.post('/auth/refresh')).status).toBe(200);
  });

  it('takes no token of one cookie for another, and no cookie under another name', async () => {
    const { jar } = await signedIn('mixed@example.com');
    const token = jar.value(ACCESS)!;
    for (const cookie of [
      `${ACCESS}=${jar.value(REFRESH)}`,
      `${ACCESS}=${jar.value(CSRF)}`,
      `${ACCESS}=`,
      `${ACCESS}="${token}"`,
    ]) {
      const answer = await app().client.get('/demo/optional', { headers: { cookie } });
      expect([cookie, answer.status]).toEqual([cookie, 401]);
    }
    for (const name of ['gatehouse-access', ACCESS.toLowerCase(), `x${ACCESS}`, 'access_token']) {
      const answer = await app().client.get('/demo/optional', { headers: { cookie: `${name}=${token}` } });
      expect([name, answer.body]).toEqual([name, { user_id: null }]);
    }
  });

  it('reads the names of cookies by the grammar of RFC 6265: spaces and tabs stand around them, and nothing else', async () => {
    const [mine, theirs] = [await signedIn('plain@example.com'), await signedIn('sibling@example.com')];
    const raw = new RawClient(app().client.origin);
    /** The body of an answer; undefined where Node itself has refused the bytes. */
    const ask = async (cookie: string): Promise<unknown> => {
      const [head, body] = (await raw.getWithBytes('/demo/optional', `Cookie: ${cookie}`)).split('\r\n\r\n');
      return head!.startsWith('HTTP/1.1 400') ? undefined : JSON.parse(body!);
    };
    const own = `${ACCESS}=${mine.jar.value(ACCESS)}`;
    const { body: me } = await mine.get('/demo/protected');
    for (const blanks of ['', ' ', '\t', ' \t ']) expect(await ask(`a=b;${blanks}${own}${blanks};c=d`)).toEqual(me);
    // A sibling subdomain may set a cookie of such a name, as it is not one with the prefix __Host-.
    for (const other of NO_BLANKS) {
      for (const name of [`${other}${ACCESS}`, `${ACCESS}${other}`, ` ${other}${ACCESS}`]) {
        const planted = `${name}=${theirs.jar.value(ACCESS)}`;
        expect([undefined, { user_id: null }]).toContainEqual(await ask(planted));
        expect([undefined, me]).toContainEqual(await ask(`${own}; ${planted}`));
        expect([undefined, me]).toContainEqual(await ask(`${planted}; ${own}`));
      }
    }
    raw.close();
  });

  it('answers a refresh without any token as an ended session', async () => {
    const answer = await visitor().post('/auth/refresh', {});
    expect([answer.status, answer.body.code]).toEqual([401, 'SESSION_INVALID_TOKEN']);
  });

  it('takes a refresh token in the body as well', async () => {
    const { jar } = await signedIn('by-body@example.com');
    const answer = await visitor().post('/auth/refresh', { refresh_token: jar.value(REFRESH) });
    expect(answer.status).toBe(200);
    expectCookies(answer);
  });

  it('logs no token and no cookie', async () => {
    const one = await signedIn('quiet@example.com');
    const secrets = [ACCESS, REFRESH, CSRF].map((name) => one.jar.value(name)!);
    await one.post('/auth/logout', undefined, { 'sec-fetch-site': 'cross-site' });
    await one.post('/auth/refresh');
    const log = app().logs.lines.join('\n');
    expect(log).not.toMatch(JWT);
    expect(secrets.filter((secret) => log.includes(secret))).toEqual([]);
  });
});

describe.each(adapters)('delivery by cookie in mode D with %s', (adapter) => {
  const { visitor } = withDelivery('cookie', { mode: 'D', adapter });

  it('opens the session of a signup in cookies', async () => {
    const one = visitor();
    const answer = await one.post('/auth/signup', { email: 'at-once@example.com', password: PASSWORD });
    expect([answer.status, answer.body.access_token, answer.body.refresh_token]).toEqual([201, null, null]);
    expect(answer.text).not.toMatch(JWT);
    expectCookies(answer);
    expect((await one.get('/demo/protected')).status).toBe(200);
  });
});

describe.each(adapters)('delivery by cookie in mode E with %s', (adapter) => {
  const { app, visitor } = withDelivery('cookie', { mode: 'E', adapter });
  const pathIn = async (email: string, count: number) =>
    /\/auth\/\S+/.exec((await app().mailbox.waitFor(email, count)).text!)![0];

  it('sets no cookie with a page', async () => {
    const [email, one] = ['paged@example.com', visitor()];
    await one.post('/auth/signup', { email, password: PASSWORD });
    const pages = [await one.get(await pathIn(email, 1))];
    await one.post('/auth/password-reset/request', { email });
    const reset = await pathIn(email, 2);
    pages.push(await one.get(reset));
    const headers = { 'sec-fetch-site': 'same-origin' };
    pages.push(await app().client.postForm(reset, { new_password: NEW_PASSWORD }, { headers }));
    for (const page of pages) {
      expect([page.status, page.headers.getSetCookie()]).toEqual([200, []]);
      expect(page.text).not.toMatch(JWT);
    }
    expect((await one.post('/auth/login', { email, password: NEW_PASSWORD })).status).toBe(200);
  });
});

describe.each(adapters)('delivery by cookie without login after a reset, with %s', (adapter) => {
  const { signedIn, mailedToken } = withDelivery('cookie', {
    adapter,
    options: { passwordReset: { loginAfterReset: false } },
  });

  it('clears the cookies of the session that the reset ended', async () => {
    const email = 'reset@example.com';
    const one = await signedIn(email);
    await one.post('/auth/password-reset/request', { email });
    const answer = await one.post('/auth/password-reset/confirm', {
      token: await mailedToken(email, 2),
      new_password: NEW_PASSWORD,
    });
    expect(answer.status).toBe(204);
    expectCleared(answer);
  });
});

describe.each(adapters)('delivery by bearer with %s', (adapter) => {
  const { app, mailedToken } = withDelivery('bearer', { adapter });

  it('sets no cookie anywhere, and reads none', async () => {
    const email = 'bearer@example.com';
    const { client } = app();
    const answers = [await client.post('/auth/signup', { email, password: PASSWORD })];
    answers.push(await client.post('/auth/activate', { token: await mailedToken(email) }));
    const login = await client.post('/auth/login', { email, password: PASSWORD });
    const { access_token, refresh_token } = login.body;
    answers.push(login, await client.post('/auth/refresh', { refresh_token }));
    answers.push(await client.post('/auth/logout', {}, { bearer: access_token }));
    answers.push(await client.post('/auth/logout', { refresh_token: 'garbage' }));
    const again = (await client.post('/auth/login', { email, password: PASSWORD })).body;
    answers.push(await client.post('/auth/logout-all', {}, { bearer: again.access_token }));
    expect(answers.map(({ status }) => status)).toEqual([201, 200, 200, 200, 204, 401, 204]);
    expect(answers.flatMap(({ headers }) => headers.getSetCookie())).toEqual([]);

    const { body } = await client.post('/auth/login', { email, password: PASSWORD });
    const cookie = `${ACCESS}=${body.access_token}; ${REFRESH}=${body.refresh_token}`;
    expect((await client.get('/demo/protected', { headers: { cookie } })).body.code).toBe('ACCESS_UNAUTHENTICATED');
    const refused = await client.post('/auth/refresh', {}, { headers: { cookie } });
    expect([refused.status, refused.body.code, refused.body.errors[0].field]).toEqual([
      400,
      'INPUT_INVALID',
      'refresh_token',
    ]);
  });

  it('leaves requests of other sites alone, as nothing they carry acts for anybody', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://app.example.com' };
    await app().activeUser('spa@example.com');
    const login = { email: 'spa@example.com', password: PASSWORD };
    expect((await app().client.post('/auth/login', login, { headers })).status).toBe(200);
  });
});

describe.each(adapters)('delivery by both with %s', (adapter) => {
  const { app, signedIn } = withDelivery('both', { adapter });

  it('hands the same pair out in the body and in cookies, and takes either', async () => {
    const one = await signedIn('both@example.com');
    const answer = await one.post('/auth/refresh');
    expectCookies(answer);
    expect(answer.body).toMatchObject({
      access_token: one.jar.value(ACCESS),
      refresh_token: one.jar.value(REFRESH),
      expires_in: 900,
    });
    expect((await one.get('/demo/protected')).status).toBe(200);
    const bearer = answer.body.access_token;
    expect((await app().client.get('/demo/protected', { bearer })).status).toBe(200);
    const out = await app().client.post('/auth/logout', {}, { bearer });
    expect(out.status).toBe(204);
    expectCleared(out);
    expect((await one.get('/demo/protected')).status).toBe(401);
  });
});

/** Headers that state nobody: of a proxy in front, and what scripts make of a token they do not have. */
const SCHEMES_OF_OTHERS = ['Basic c3RhZ2luZzpzZWNyZXQ=', 'Digest username="a.b.c"', 'Negotiate YII=', ''];
const NO_TOKENS = ['Bearer undefined', 'Bearer null', 'Bearer [object Object]', 'Bearer'];

const deliveries = adapters.flatMap((adapter) =>
  (['cookie', 'both'] as const).map((delivery) => ({ delivery, adapter })),
);

describe.each(deliveries)(
  'cookies beside an Authorization header, $delivery with $adapter',
  ({ delivery, adapter }) => {
    let t: TestApp;
    beforeAll(async () => {
      t = await createTestApp({ mode: 'D', adapter, options: { tokenDelivery: delivery } });
    });
    afterAll(() => t.close());

    const OWN = { 'sec-fetch-site': 'same-origin' };
    /** Somebody who has just signed up, and whose requests carry those headers. */
    const newcomer = async (name: string, headers: Record<string, string> = OWN): Promise<Visitor> => {
      const one = new Visitor(t.client, headers);
      const answer = await one.post('/auth/signup', { email: `${name}@example.com`, password: PASSWORD });
      expect([answer.status, one.jar.names]).toEqual([201, [CSRF, ACCESS, REFRESH].toSorted()]);
      return one;
    };
    const sessionOf = ({ jar }: Visitor): Record<string, string> => ({ ...jar.header('/auth/logout'), ...OWN });
    /** Status of a guarded route, and of a refresh, for whoever kept those cookies. */
    const used = async (headers: Record<string, string>): Promise<[number, number]> => [
      (await t.client.get('/demo/bare', { headers })).status,
      (await t.client.post('/auth/refresh', {}, { headers })).status,
    ];
    const ENDED = [401, 401];
    const ALIVE = [200, 200];
    const logOut = (headers: Record<string, string>, body: object = {}) =>
      t.client.post('/auth/logout', body, { headers });

    it('count where it states nobody, for guard and refresh alike', async () => {
      for (const [index, authorization] of [...SCHEMES_OF_OTHERS, ...NO_TOKENS].entries()) {
        const one = await newcomer(`proxied-${index}`, { ...OWN, authorization });
        for (let round = 0; round < 2; round++) {
          expect([authorization, (await one.get('/demo/protected')).status]).toEqual([authorization, 200]);
          expect((await one.get('/demo/optional')).body.user_id).not.toBeNull();
          expect((await one.post('/auth/refresh')).status).toBe(200);
        }
      }
    });

    it('do not count where it states a token, good or bad, and the header is judged alone', async () => {
      const [one, other] = [await newcomer('stated'), await newcomer('other')];
      const genuine = other.jar.value(ACCESS)!;
      for (const stated of ['a.b.c', genuine.slice(0, -1), `${genuine}, Bearer ${genuine}`, `"${genuine}"`]) {
        const headers = { ...sessionOf(one), authorization: `Bearer ${stated}` };
        for (const path of ['/demo/bare', '/demo/optional']) {
          const answer = await t.client.get(path, { headers });
          expect([stated, answer.status, answer.body.code]).toEqual([stated, 401, 'ACCESS_INVALID_TOKEN']);
        }
      }
      const headers = { ...sessionOf(one), authorization: `Bearer ${genuine}` };
      const { body } = await t.client.get('/demo/optional', { headers });
      expect(body).toEqual((await other.get('/demo/optional')).body);
    });

    it('are missed as ever where there are none', async () => {
      for (const authorization of [...SCHEMES_OF_OTHERS, ...NO_TOKENS]) {
        const isBearer = authorization.startsWith('Bearer');
        const answer = await t.client.get('/demo/bare', { headers: { authorization } });
        const code = isBearer ? 'ACCESS_INVALID_TOKEN' : 'ACCESS_UNAUTHENTICATED';
        expect([authorization, answer.status, answer.body.code]).toEqual([authorization, 401, code]);
        const optional = await t.client.get('/demo/optional', { headers: { authorization } });
        expect([authorization, optional.status]).toEqual([authorization, isBearer ? 401 : 200]);
      }
    });

    it('name a session that logout ends when it clears them, whatever else the request carries', async () => {
      const dead = await newcomer('dead');
      const expired = dead.jar.value(ACCESS)!;
      t.clock.advance({ seconds: 901 });
      const beside: { name: string; authorization?: string; body?: object }[] = [
        { name: 'basic', authorization: 'Basic c3RhZ2luZzpzZWNyZXQ=' },
        { name: 'undefined', authorization: 'Bearer undefined' },
        { name: 'forged', authorization: 'Bearer a.b.c' },
        { name: 'expired', authorization: `Bearer ${expired}` },
        { name: 'bad-body', body: { refresh_token: 'garbage' } },
        { name: 'access-in-body', body: { refresh_token: expired } },
        { name: 'all', authorization: `Bearer ${expired}`, body: { refresh_token: 'garbage' } },
      ];
      for (const { name, authorization, body } of beside) {
        const kept = sessionOf(await newcomer(name));
        const answer = await logOut({ ...kept, ...(authorization !== undefined && { authorization }) }, body);
        expect([name, answer.status]).toEqual([name, 204]);
        expectCleared(answer);
        expect([name, await used(kept)]).toEqual([name, ENDED]);
      }
      expect((await dead.post('/auth/refresh')).status).toBe(200);
    });

    it('end with the session that is stated, each its own', async () => {
      const [one, other, third] = [await newcomer('cookies'), await newcomer('bearer'), await newcomer('in-body')];
      const [kept, bearer] = [sessionOf(one), sessionOf(other)];
      const answer = await logOut({ ...kept, authorization: `Bearer ${other.jar.value(ACCESS)}` });
      expect(answer.status).toBe(204);
      expectCleared(answer);
      for (const ended of [kept, bearer]) expect(await used(ended)).toEqual(ENDED);

      const last = await newcomer('last');
      const keptToo = sessionOf(last);
      expect((await logOut(keptToo, { refresh_token: third.jar.value(REFRESH) })).status).toBe(204);
      for (const ended of [keptToo, sessionOf(third)]) expect(await used(ended)).toEqual(ENDED);
    });

    it('end by the access token where the refresh token is no good', async () => {
      const one = await newcomer('half');
      const [access, csrf] = [ACCESS, CSRF].map((name) => `${name}=${one.jar.value(name)}`);
      const headers = { ...OWN, cookie: `${access}; ${csrf}; ${REFRESH}=garbage` };
      const kept = sessionOf(one);
      expect((await logOut(headers)).status).toBe(204);
      expect(await used(kept)).toEqual(ENDED);
    });

    it('are left alone by a logout of which nothing shows that a page of ours sent it', async () => {
      const one = await newcomer('left-alone');
      const { 'sec-fetch-site': _, ...silent } = sessionOf(one);
      const foreign = { ...silent, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
      for (const [index, from] of [silent, foreign].entries()) {
        const mine = await newcomer(`mine-${index}`);
        const authorization = `Bearer ${mine.jar.value(ACCESS)}`;
        for (const status of [204, 204]) {
          const answer = await logOut({ ...from, authorization });
          expect([answer.status, cookiesOf(answer)]).toEqual([status, []]);
        }
        expect(await used(sessionOf(mine))).toEqual(ENDED);
        const forged = await logOut({ ...from, authorization: 'Bearer a.b.c' });
        expect([forged.status, forged.body.code, cookiesOf(forged)]).toEqual([401, 'SESSION_INVALID_TOKEN', []]);
      }
      const bad = await logOut(silent, { refresh_token: 'garbage' });
      expect([bad.status, cookiesOf(bad)]).toEqual([401, []]);
      for (const authorization of [...SCHEMES_OF_OTHERS, ...NO_TOKENS]) {
        const codes = [await logOut({ ...silent, authorization }), await logOut({ ...foreign, authorization })];
        expect(codes.map(({ body }) => body.code)).toEqual(['ACCESS_INVALID_CSRF_TOKEN', 'INPUT_CROSS_SITE']);
        expect(codes.flatMap(cookiesOf)).toEqual([]);
      }
      expect(await used(sessionOf(one))).toEqual(ALIVE);
    });

    it('stay for another try where the session could not be ended', async () => {
      const one = await newcomer('stays');
      await t.dataSource.destroy();
      const failed = await one.post('/auth/logout');
      expect([failed.status, failed.body.code, cookiesOf(failed)]).toEqual([503, 'SERVICE_UNAVAILABLE', []]);
      await t.dataSource.initialize();
      const kept = sessionOf(one);
      expectCleared(await one.post('/auth/logout'));
      expect(await used(kept)).toEqual(ENDED);
    });
  },
);

describe.each(adapters)('the cookies with %s', (adapter) => {
  /** An application that sets a cookie of its own on every answer. */
  @Injectable()
  class ThemeCookie implements NestInterceptor {
    intercept(context: ExecutionContext, next: CallHandler) {
      const response = context.switchToHttp().getResponse<{ header(name: string, value: string): unknown }>();
      response.header('Set-Cookie', 'theme=dark; Path=/');
      return next.handle();
    }
  }

  const withCookies = async (choice: TestAppOptions, look: (app: TestApp, login: Answer) => void | Promise<void>) => {
    const app = await createTestApp({ mode: 'D', adapter, ...choice });
    // Lives are whole seconds: no second may begin between a token and its cookie.
    app.clock.stopAt(new Date(app.clock.now()));
    const path = choice.globalPrefix ? `/${choice.globalPrefix}/auth/signup` : '/auth/signup';
    try {
      await look(app, await app.client.post(path, { email: 'one@example.com', password: PASSWORD }));
    } finally {
      await app.close();
    }
  };

  it('leave cookies of the application on the answer', () =>
    withCookies(
      {
        options: { tokenDelivery: 'cookie' },
        providers: [{ provide: APP_INTERCEPTOR, useClass: ThemeCookie }],
      },
      (_app, answer) => expect(cookiesOf(answer).map(({ name }) => name)).toEqual(['theme', ACCESS, REFRESH, CSRF]),
    ));

  it('are limited to the routes as the application mounts them', () =>
    withCookies({ options: { tokenDelivery: 'cookie' }, globalPrefix: 'api/v1' }, (_app, answer) => {
      expectCookies(answer, '/api/v1/auth');
      expect(answer.status).toBe(201);
    }));

  it('end with their tokens', () =>
    withCookies(
      {
        options: {
          tokenDelivery: 'cookie',
          jwt: {
            secret: 'unit-tests-only:9gK3rMy1As6XuOo8LeWc4ItZd0QhFb2V',
            accessTtlSeconds: 60,
            refreshTtlSeconds: 3600,
          },
          session: { maxSeconds: 4000 },
        },
      },
      async ({ client, clock }, answer) => {
        expect(livesOf(answer)).toEqual([60, 3600, 3600]);
        const jar = new CookieJar();
        jar.keep(answer);
        clock.advance({ seconds: 1000 });
        const headers = { ...jar.header('/auth/refresh'), 'sec-fetch-site': 'same-origin' };
        const next = await client.post('/auth/refresh', {}, { headers });
        expect(livesOf(next)).toEqual([60, 3000, 3000]);
        const claims = claimsOf(cookiesOf(next)[1]!.value!);
        expect(Number(claims['exp']) - Number(claims['iat'])).toBe(3000);
      },
    ));

  it('have the SameSite that is configured', () =>
    withCookies(
      {
        options: {
          tokenDelivery: 'cookie',
          cookie: { sameSite: 'none' },
          trustedOrigins: ['https://app.example.com'],
        },
      },
      (_app, answer) => expect(cookiesOf(answer).map(({ sameSite }) => sameSite)).toEqual(Array(3).fill('none')),
    ));

  it('have no prefix and no Secure where the application has no https', () =>
    withCookies({ options: { tokenDelivery: 'cookie', cookie: { secure: false } } }, async ({ client }, answer) => {
      expect(cookiesOf(answer).map(({ name, secure }) => [name, secure])).toEqual([
        ['gatehouse-access', undefined],
        ['gatehouse-refresh', undefined],
        ['gatehouse-csrf', undefined],
      ]);
      const jar = new CookieJar();
      jar.keep(answer);
      expect((await client.get('/demo/protected', { headers: jar.header('/demo/protected') })).status).toBe(200);
    }));
});
