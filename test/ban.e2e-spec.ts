import { HttpException, Injectable, ServiceUnavailableException } from '@nestjs/common';
import { AuthError, AuthHooks, type LoginContext } from 'nestjs-gatehouse';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Answer } from './support/client.js';
import { CookieJar, cookiesOf } from './support/cookie-jar.js';
import type { User } from './support/users-plain.js';
import { tokenIn } from './support/mailbox.js';
import { tokenRows, userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp, type TestAppOptions } from './support/test-app.js';
import { stacks } from './support/stacks.js';

const NEW_PASSWORD = 'another fine passphrase';

/** What the hook answers a banned account: the module's own refusal, the application's, or a failure. */
const REFUSALS = {
  LOGIN_REFUSED: { thrown: () => new AuthError('LOGIN_REFUSED'), status: 403, says: { code: 'LOGIN_REFUSED' } },
  'an exception of the application': {
    thrown: () => new HttpException('Pay your bill first.', 402),
    status: 402,
    says: { message: 'Pay your bill first.' },
  },
} as const;

const FAILURES = {
  'an error': { thrown: () => new Error('the table of bans is away'), status: 500 },
  'an exception with status 503': { thrown: () => new ServiceUnavailableException(), status: 503 },
} as const;

/** Bans by address, and whom it was asked about. */
@Injectable()
class Bans extends AuthHooks<User> {
  static banned = new Set<string>();
  static thrown: () => Error = REFUSALS.LOGIN_REFUSED.thrown;
  static asked: { via: string; email: string; isActive: boolean; hasHash: boolean; ip: string | null }[] = [];

  override beforeLogin({ user, via, device }: LoginContext<User>): void {
    const { email, isActive } = user;
    Bans.asked.push({ via, email, isActive, hasHash: 'passwordHash' in user, ip: device.ip });
    if (Bans.banned.has(email)) throw Bans.thrown();
  }
}

/** The application, and every way in to it. */
function withBans(choice: TestAppOptions = {}) {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({ ...choice, options: { ...choice.options, hooks: Bans } });
  });
  afterAll(() => t.close());
  beforeEach(() => {
    Bans.banned.clear();
    Bans.asked = [];
  });
  const post = (path: string, body: object, headers = {}) => t.client.post(path, body, { headers });
  return {
    t: () => t,
    post,
    ban: (email: string, thrown: () => Error = REFUSALS.LOGIN_REFUSED.thrown) => {
      Bans.thrown = thrown;
      Bans.banned.add(email);
    },
    signUp: (email: string) => post('/auth/signup', { email, password: PASSWORD }),
    logIn: (email: string, password = PASSWORD) => post('/auth/login', { email, password }),
    refresh: (refresh_token: string) => post('/auth/refresh', { refresh_token }),
    /** The token of the last of `count` mails. */
    mailed: async (email: string, count = 1) => tokenIn(await t.mailbox.waitFor(email, count)),
    resetLink: async (email: string) => {
      const { length } = t.mailbox.to(email);
      await post('/auth/password-reset/request', { email });
      return tokenIn(await t.mailbox.waitFor(email, length + 1));
    },
    opens: async (bearer: string) => (await t.client.get('/demo/protected', { bearer })).status,
    /** How many sessions of an account would be served. */
    liveSessions: async (email: string) =>
      (await tokenRows(t, email, 'session')).filter(({ revokedAt }) => revokedAt === null).length,
    ways: () => Bans.asked.map(({ via }) => via),
  };
}

/** Refused as the hook says, with nothing in the answer that opens a route. */
function expectRefused(answer: Answer, { status, says }: { status: number; says: object }): void {
  expect([answer.status, answer.body]).toEqual([status, expect.objectContaining(says)]);
  expect(answer.text).not.toMatch(/eyJ|access_token|refresh_token/);
  expect(answer.headers.get('cache-control')).toBe('no-store');
}

describe.each(stacks())('a ban on $database with $adapter, integer keys: $integerKeys', (variant) => {
  const on = withBans(variant);

  describe.each(Object.entries(REFUSALS))('by %s', (name, refusal) => {
    const address = (local: string) => `${local}-${name.length}@example.com`;

    it('refuses a login, and opens no session', async () => {
      const email = address('login');
      await on.t().activeUser(email);
      const sessions = await on.liveSessions(email);
      on.ban(email, refusal.thrown);
      expectRefused(await on.logIn(email), refusal);
      expect(await on.liveSessions(email)).toBe(sessions);
      // Who does not know the password learns of no ban.
      expect((await on.logIn(email, NEW_PASSWORD)).body.code).toBe('LOGIN_INVALID_CREDENTIALS');
      Bans.banned.clear();
      expect((await on.logIn(email)).status).toBe(200);
    });

    it('refuses the session of a password reset; the password is set, and every session has ended', async () => {
      const email = address('reset');
      const { access_token, refresh_token } = await on.t().activeUser(email);
      on.ban(email, refusal.thrown);
      const confirm = { token: await on.resetLink(email), new_password: NEW_PASSWORD };
      expectRefused(await on.post('/auth/password-reset/confirm', confirm), refusal);
      expect(await on.liveSessions(email)).toBe(0);
      expect(await on.opens(access_token)).toBe(401);
      expectRefused(await on.refresh(refresh_token), refusal);
      // Used up: the work of the link is done.
      expect((await on.post('/auth/password-reset/confirm', confirm)).body.code).toBe('PASSWORD_RESET_ALREADY_DONE');
      expectRefused(await on.logIn(email, NEW_PASSWORD), refusal);
      Bans.banned.clear();
      expect([(await on.logIn(email)).status, (await on.logIn(email, NEW_PASSWORD)).status]).toEqual([401, 200]);
    });

    it.each(['path', 'body'])('refuses the session of an activation by %s; the account is active', async (place) => {
      const email = address(`activation-${place}`);
      await on.signUp(email);
      const token = await on.mailed(email);
      on.ban(email, refusal.thrown);
      const activate = () =>
        place === 'path' ? on.post(`/auth/activate/${token}`, {}) : on.post('/auth/activate', { token });
      expectRefused(await activate(), refusal);
      expect(await userRow(on.t(), email)).toMatchObject({ isActive: true, emailVerifiedAt: expect.any(Date) });
      expect(await on.liveSessions(email)).toBe(0);
      expect((await activate()).body.code).toBe('ACTIVATION_ALREADY_DONE');
      Bans.banned.clear();
      expect((await on.logIn(email)).status).toBe(200);
    });

    it('refuses the session of a reset that activates', async () => {
      const email = address('reset-pending');
      await on.signUp(email);
      await on.mailed(email);
      const token = await on.resetLink(email);
      on.ban(email, refusal.thrown);
      expectRefused(await on.post('/auth/password-reset/confirm', { token, new_password: NEW_PASSWORD }), refusal);
      expect(await userRow(on.t(), email)).toMatchObject({ isActive: true });
      expect(await on.liveSessions(email)).toBe(0);
    });

    it('that begins while somebody is signed in ends the session at its next refresh, for good', async () => {
      const email = address('refresh');
      const { access_token, refresh_token } = await on.t().activeUser(email);
      const other = (await on.logIn(email)).body;
      on.ban(email, refusal.thrown);
      expectRefused(await on.refresh(refresh_token), refusal);
      expect(await on.opens(access_token)).toBe(401);
      expect(await on.liveSessions(email)).toBe(1);
      Bans.banned.clear();
      expect((await on.refresh(refresh_token)).body.code).toBe('SESSION_INVALID_TOKEN');
      // The other device has not asked while the ban stood.
      expect((await on.refresh(other.refresh_token)).status).toBe(200);
    });
  });

  it.each(Object.entries(FAILURES))(
    'that cannot be looked up, by %s, opens nothing and ends nothing',
    async (name, failure) => {
      const email = `failure-${name.length}@example.com`;
      const { access_token, refresh_token } = await on.t().activeUser(email);
      const sessions = await on.liveSessions(email);
      on.ban(email, failure.thrown);
      for (const answer of [await on.logIn(email), await on.refresh(refresh_token)]) {
        expect(answer.status).toBe(failure.status);
        expect(answer.text).not.toMatch(/eyJ|table of bans/);
      }
      expect(await on.opens(access_token)).toBe(200);
      expect(await on.liveSessions(email)).toBe(sessions);
      const confirm = { token: await on.resetLink(email), new_password: NEW_PASSWORD };
      expect((await on.post('/auth/password-reset/confirm', confirm)).status).toBe(failure.status);
      expect(await on.liveSessions(email)).toBe(0);
      Bans.banned.clear();
      // The refresh that failed has not even rotated: its session has only ended with the reset.
      expect((await on.logIn(email, NEW_PASSWORD)).status).toBe(200);
    },
  );

  it('that could not be looked up at a refresh leaves the token as it was', async () => {
    const email = 'again@example.com';
    const { refresh_token } = await on.t().activeUser(email);
    on.ban(email, FAILURES['an error'].thrown);
    expect((await on.refresh(refresh_token)).status).toBe(500);
    Bans.banned.clear();
    on.t().clock.advance({ seconds: 60 });
    expect((await on.refresh(refresh_token)).status).toBe(200);
  });

  it('is asked for once on each way in, which it is told, with the account as it is by then, without a hash', async () => {
    const email = 'ways@example.com';
    await on.signUp(email);
    expect(on.ways()).toEqual([]);
    const { body } = await on.post('/auth/activate', { token: await on.mailed(email) });
    await on.refresh(body.refresh_token);
    await on.logIn(email);
    await on.post('/auth/password-reset/confirm', { token: await on.resetLink(email), new_password: NEW_PASSWORD });
    expect(on.ways()).toEqual(['activation', 'refresh', 'login', 'password-reset']);
    for (const asked of Bans.asked) {
      expect(asked).toMatchObject({ email, isActive: true, hasHash: false, ip: '127.0.0.1' });
    }
  });

  it('is not asked for by what proves nothing', async () => {
    const email = 'proof@example.com';
    const { refresh_token } = await on.t().activeUser(email);
    Bans.asked = [];
    on.ban(email);
    const token = 'A'.repeat(64);
    await on.logIn(email, NEW_PASSWORD);
    await on.post('/auth/activate', { token });
    await on.post('/auth/password-reset/confirm', { token, new_password: NEW_PASSWORD });
    await on.refresh(`${refresh_token}x`);
    await on.refresh(refresh_token.replace(/^[^.]+/, 'eyJhbGciOiJub25lIn0'));
    expect(on.ways()).toEqual([]);
    expect(await on.liveSessions(email)).toBe(1);
  });
});

describe.each(['express', 'fastify'] as const)('a ban in mode D with %s', (adapter) => {
  const on = withBans({ mode: 'D', adapter });

  it.each(Object.entries(REFUSALS))(
    'by %s refuses the session of a signup; the account is there',
    async (name, refusal) => {
      const email = `signup-${name.length}@example.com`;
      on.ban(email, refusal.thrown);
      expectRefused(await on.signUp(email), refusal);
      expect(on.ways()).toEqual(['signup']);
      expect(await userRow(on.t(), email)).toMatchObject({ isActive: true });
      expect(await tokenRows(on.t(), email)).toEqual([]);
      expect((await on.signUp(email)).body.code).toBe('SIGNUP_EMAIL_TAKEN');
      Bans.banned.clear();
      expect((await on.logIn(email)).status).toBe(200);
    },
  );
});

describe('a ban at level basic', () => {
  const on = withBans({ level: 'basic' });

  it('refuses the token of a signup and of a login', async () => {
    const email = 'basic@example.com';
    on.ban(email);
    expectRefused(await on.signUp(email), REFUSALS.LOGIN_REFUSED);
    expectRefused(await on.logIn(email), REFUSALS.LOGIN_REFUSED);
    expect(on.ways()).toEqual(['signup', 'login']);
    Bans.banned.clear();
    expect(await on.opens((await on.logIn(email)).body.access_token)).toBe(200);
  });
});

describe.each(['express', 'fastify'] as const)('a ban in mode E with %s', (adapter) => {
  const on = withBans({ mode: 'E', adapter });

  it('is not asked for by the pages, which open no session', async () => {
    const email = 'page@example.com';
    await on.signUp(email);
    on.ban(email);
    const activated = await on.t().client.get(`/auth/activate/${await on.mailed(email)}`);
    expect([activated.status, cookiesOf(activated)]).toEqual([200, []]);
    const form = { new_password: NEW_PASSWORD, confirm_password: NEW_PASSWORD };
    const reset = await on.t().client.postForm(`/auth/password-reset/${await on.resetLink(email)}`, form);
    expect([reset.status, cookiesOf(reset)]).toEqual([200, []]);
    expect(on.ways()).toEqual([]);
    expect(await on.liveSessions(email)).toBe(0);
    expectRefused(await on.logIn(email, NEW_PASSWORD), REFUSALS.LOGIN_REFUSED);
  });

  it('is asked for by the JSON requests beside them', async () => {
    const email = 'json@example.com';
    await on.signUp(email);
    on.ban(email);
    expectRefused(await on.post(`/auth/activate/${await on.mailed(email)}`, {}), REFUSALS.LOGIN_REFUSED);
    expect(await on.liveSessions(email)).toBe(0);
  });
});

describe.each(['express', 'fastify'] as const)('a ban with tokens in cookies and %s', (adapter) => {
  const on = withBans({ adapter, options: { tokenDelivery: 'cookie' } });
  const pathOfRefresh = '/auth/refresh';

  /** Logs in, and gives the cookies. */
  const signedIn = async (email: string): Promise<CookieJar> => {
    await on.t().activeUser(email);
    const jar = new CookieJar();
    jar.keep(await on.logIn(email));
    return jar;
  };
  const refresh = (jar: CookieJar) =>
    on.post(pathOfRefresh, {}, { ...jar.header(pathOfRefresh), 'sec-fetch-site': 'same-origin' });

  it('clears the cookies of the session it ends, and sets none', async () => {
    const jar = await signedIn('cookie@example.com');
    on.ban('cookie@example.com');
    const answer = await refresh(jar);
    expectRefused(answer, REFUSALS.LOGIN_REFUSED);
    expect(cookiesOf(answer).map(({ value, maxAge }) => [value, maxAge])).toEqual([
      ['', 0],
      ['', 0],
      ['', 0],
    ]);
    expect(cookiesOf(await on.logIn('cookie@example.com'))).toEqual([]);
    const confirm = { token: await on.resetLink('cookie@example.com'), new_password: NEW_PASSWORD };
    const reset = await on.post('/auth/password-reset/confirm', confirm);
    expectRefused(reset, REFUSALS.LOGIN_REFUSED);
    expect(cookiesOf(reset)).toEqual([]);
  });

  it('leaves the cookies where it could not be looked up', async () => {
    const jar = await signedIn('kept@example.com');
    on.ban('kept@example.com', FAILURES['an error'].thrown);
    const answer = await refresh(jar);
    expect([answer.status, cookiesOf(answer)]).toEqual([500, []]);
    Bans.banned.clear();
    expect((await refresh(jar)).status).toBe(200);
  });
});
