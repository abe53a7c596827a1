import { AuthError, AuthHooks, type LoginContext, type LoginDoneContext, type RuntimeOptions } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, inParallel } from './support/client.js';
import { cookiesOf } from './support/cookie-jar.js';
import { Visitor } from './support/cookie-visitor.js';
import { claimsOf } from './support/jwt.js';
import { tokenRows } from './support/rows.js';
import { stacks } from './support/stacks.js';
import { createTestApp, PASSWORD, type TestApp, type TestAppOptions } from './support/test-app.js';

const ACCESS = '__Host-gatehouse-access';
const REFRESH = '__Secure-gatehouse-refresh';
const CSRF = '__Host-gatehouse-csrf';
const NEW_PASSWORD = 'a quite different passphrase';
const CHANGE = { current_password: PASSWORD, new_password: NEW_PASSWORD };
const REFUSED = [401, 401];
const GOOD = [200, 200];

/** Sees every session that is opened, and refuses those of whom a test bans. */
class Watch extends AuthHooks {
  static banned?: string;
  static readonly opened: { via: string; sessionId: string }[] = [];

  override beforeLogin({ user }: LoginContext): void {
    if (user.email === Watch.banned) throw new AuthError('LOGIN_REFUSED');
  }

  override afterLogin({ via, sessionId }: LoginDoneContext): void {
    Watch.opened.push({ via, sessionId });
  }
}

interface Pair {
  access_token: string;
  refresh_token: string;
}

/** An application, and what the tests do to it. */
function withApp(choice: TestAppOptions, options: RuntimeOptions) {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({ ...choice, options: { ...options, hooks: Watch } });
  });
  afterAll(() => t.close());
  const login = async (email: string, password = PASSWORD): Promise<Pair> =>
    (await t.client.post('/auth/login', { email, password })).body;
  return {
    t: () => t,
    login,
    /** The statuses that the two tokens of a pair get, wherever they came from. */
    use: async ({ access_token, refresh_token }: Pair): Promise<number[]> => [
      (await t.client.get('/demo/bare', { bearer: access_token })).status,
      (await t.client.post('/auth/refresh', { refresh_token })).status,
    ],
    changeBy: (bearer: string) => t.client.post('/auth/password-change', CHANGE, { bearer }),
    /** A browser that is signed in. */
    visitor: async (email: string): Promise<Visitor> => {
      const one = new Visitor(t.client);
      expect((await one.post('/auth/login', { email, password: PASSWORD })).status).toBe(200);
      return one;
    },
    liveSessions: async (email: string) =>
      (await tokenRows(t, email, 'session')).filter(({ revokedAt }) => revokedAt === null),
  };
}

const tokensOf = ({ jar }: Visitor): Pair => ({ access_token: jar.value(ACCESS)!, refresh_token: jar.value(REFRESH)! });
const sessionOf = ({ access_token }: Pair) => claimsOf(access_token)['sid'] as string;

const deliveries = (['cookie', 'both'] as const).flatMap((delivery) => stacks().map((stack) => ({ delivery, stack })));

describe.each(deliveries)(
  'a password change with cookies ($delivery) on $stack.database with $stack.adapter',
  ({ delivery, stack }) => {
    const on = withApp(stack, { tokenDelivery: delivery });
    let people = 0;
    const account = async () => {
      const email = `p${++people}@example.com`;
      await on.t().activeUser(email);
      return email;
    };

    it('opens another session in the cookies of the same 204, and ends every other one', async () => {
      const email = await account();
      const [one, other] = [await on.visitor(email), await on.visitor(email)];
      const [before, elsewhere, csrf] = [tokensOf(one), tokensOf(other), one.jar.value(CSRF)];
      Watch.opened.length = 0;
      const answer = await one.post('/auth/password-change', CHANGE);
      expect([answer.status, answer.text, answer.headers.get('cache-control')]).toEqual([204, '', 'no-store']);
      expect(cookiesOf(answer).map(({ name, httpOnly = false }) => [name, httpOnly])).toEqual([
        [ACCESS, true],
        [REFRESH, true],
        [CSRF, false],
      ]);
      const after = tokensOf(one);
      expect(sessionOf(after)).not.toBe(sessionOf(before));
      expect(one.jar.value(CSRF)).not.toBe(csrf);
      expect(Watch.opened).toEqual([{ via: 'password-change', sessionId: sessionOf(after) }]);
      expect((await on.liveSessions(email)).map(({ id }) => id)).toEqual([sessionOf(after)]);
      expect(await on.use(before)).toEqual(REFUSED);
      expect(await on.use(elsewhere)).toEqual(REFUSED);
      expect((await other.get('/demo/bare')).status).toBe(401);
      // The replay of the old refresh token was no theft of the new session.
      expect((await one.get('/demo/bare')).status).toBe(200);
      expect((await one.post('/auth/refresh')).status).toBe(200);
      expect((await one.get('/auth/sessions')).body).toMatchObject([{ current: true }]);
      await on.t().mailIsDone();
      const subjects = on
        .t()
        .mailbox.to(email)
        .map(({ subject }) => subject);
      expect(subjects.filter((subject) => subject === 'Your password was changed')).toHaveLength(1);
    });

    it('says that the password was proved, and when', async () => {
      const email = await account();
      const one = await on.visitor(email);
      on.t().clock.advance({ seconds: 60 });
      const since = on.t().clock.now();
      await one.post('/auth/password-change', CHANGE);
      const [session] = await on.liveSessions(email);
      const { amr, authenticatedAt } = session!.payload as { amr: string[]; authenticatedAt: number };
      expect([amr, authenticatedAt >= since]).toEqual([['pwd'], true]);
    });

    it('renews nothing where the change is refused', async () => {
      const email = await account();
      const one = await on.visitor(email);
      const before = tokensOf(one);
      for (const refused of [
        { ...CHANGE, current_password: 'not the password' },
        { ...CHANGE, new_password: 'short' },
      ]) {
        const answer = await one.post('/auth/password-change', refused);
        expect([answer.status, cookiesOf(answer)]).toEqual([400, []]);
      }
      expect(tokensOf(one)).toEqual(before);
      expect((await one.get('/demo/bare')).status).toBe(200);
    });

    it('clears the cookies where a ban lets no other session begin; the password is changed', async () => {
      const email = await account();
      const one = await on.visitor(email);
      Watch.banned = email;
      const answer = await one.post('/auth/password-change', CHANGE);
      Watch.banned = undefined;
      expect([answer.status, answer.body.code]).toEqual([403, 'LOGIN_REFUSED']);
      expect([one.jar.names, await on.liveSessions(email)]).toEqual([[], []]);
      const logins = [PASSWORD, NEW_PASSWORD].map((password) => on.t().client.post('/auth/login', { email, password }));
      expect((await Promise.all(logins)).map(({ status }) => status)).toEqual([401, 200]);
    });

    it('leaves one session of many changes at once', async () => {
      const email = await account();
      const one = await on.visitor(email);
      const cookie = one.jar.header('/auth/password-change');
      const headers = { ...cookie, 'sec-fetch-site': 'same-origin' };
      const answers = await inParallel(10, (index) =>
        on
          .t()
          .client.post('/auth/password-change', { ...CHANGE, new_password: `${NEW_PASSWORD} ${index}` }, { headers }),
      );
      const won = answers.filter(({ status }) => status === 204);
      expect([won.length, answers.filter(({ status }) => ![204, 400, 401].includes(status))]).toEqual([1, []]);
      one.jar.keep(won[0]!);
      expect((await on.liveSessions(email)).map(({ id }) => id)).toEqual([sessionOf(tokensOf(one))]);
    });

    it('of a bearer token beside cookies is judged by the header: it goes on, and the cookies are left alone', async () => {
      const [email, stranger] = [await account(), await account()];
      const [own, beside] = [await on.visitor(email), await on.visitor(stranger)];
      const { access_token: bearer } = tokensOf(own);
      const headers = { ...beside.jar.header('/auth/password-change'), 'sec-fetch-site': 'same-origin' };
      const answer = await on.t().client.post('/auth/password-change', CHANGE, { bearer, headers });
      expect([answer.status, cookiesOf(answer)]).toEqual([204, []]);
      expect([(await own.get('/demo/bare')).status, (await beside.get('/demo/bare')).status]).toEqual(GOOD);
    });
  },
);

describe.each(stacks())('a password change by bearer token on $database with $adapter', (stack) => {
  describe('with session.renewOnPasswordChange', () => {
    const on = withApp(stack, { session: { renewOnPasswordChange: true } as RuntimeOptions['session'] });

    it('answers with a new pair, and refuses every token from before', async () => {
      const email = 'renewed@example.com';
      const other: Pair = await on.t().activeUser(email);
      const own = await on.login(email);
      Watch.opened.length = 0;
      const answer: Answer = await on.changeBy(own.access_token);
      expect([answer.status, answer.body, answer.headers.get('cache-control'), cookiesOf(answer)]).toEqual([
        200,
        {
          access_token: expect.any(String),
          refresh_token: expect.any(String),
          token_type: 'Bearer',
          // Counted in whole seconds, of which one may end in between.
          expires_in: expect.toSatisfy((seconds: number) => seconds === 900 || seconds === 899),
        },
        'no-store',
        [],
      ]);
      expect(sessionOf(answer.body)).not.toBe(sessionOf(own));
      expect(Watch.opened).toEqual([{ via: 'password-change', sessionId: sessionOf(answer.body) }]);
      for (const pair of [own, other]) expect(await on.use(pair)).toEqual(REFUSED);
      expect(await on.use(answer.body)).toEqual(GOOD);
      expect(await on.liveSessions(email)).toHaveLength(1);
    });

    it('keeps the session where the change is refused', async () => {
      const email = 'kept@example.com';
      const own: Pair = await on.t().activeUser(email);
      const wrong = { ...CHANGE, current_password: 'not the password' };
      const answer = await on.t().client.post('/auth/password-change', wrong, { bearer: own.access_token });
      expect([answer.status, await on.use(own)]).toEqual([400, GOOD]);
    });

    it('opens no session for whom a ban holds; those from before have ended', async () => {
      const email = 'banned@example.com';
      const own: Pair = await on.t().activeUser(email);
      Watch.banned = email;
      const answer = await on.changeBy(own.access_token);
      Watch.banned = undefined;
      expect([answer.status, answer.body.code, await on.liveSessions(email)]).toEqual([403, 'LOGIN_REFUSED', []]);
    });
  });

  describe('by default', () => {
    const on = withApp(stack, {});

    it('answers 204 and leaves the tokens it came with', async () => {
      const email = 'default@example.com';
      const other: Pair = await on.t().activeUser(email);
      const own = await on.login(email);
      const answer = await on.changeBy(own.access_token);
      expect([answer.status, answer.text, cookiesOf(answer)]).toEqual([204, '', []]);
      expect([await on.use(own), await on.use(other)]).toEqual([GOOD, REFUSED]);
    });
  });
});
