import { Controller, Post, Req, Res } from '@nestjs/common';
import { Authenticated, AuthService, CookieWithdrawal, CurrentSession, type Principal } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from './support/client.js';
import { cookiesOf } from './support/cookie-jar.js';
import { Visitor } from './support/cookie-visitor.js';
import { claimsOf } from './support/jwt.js';
import { tokenIn } from './support/mailbox.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const ACCESS = '__Host-gatehouse-access';
const REFRESH = '__Secure-gatehouse-refresh';
const CSRF = '__Host-gatehouse-csrf';
const OWN = { 'sec-fetch-site': 'same-origin' };

/** A route of an application that ends sessions by itself. */
@Controller('kiosk')
class KioskController {
  constructor(
    private readonly auth: AuthService,
    private readonly withdrawal: CookieWithdrawal,
  ) {}

  @Post('close')
  @Authenticated()
  async close(
    @CurrentSession() { userId }: Principal,
    @Req() request: { headers: Record<string, string> },
    @Res({ passthrough: true }) response: { status(code: number): unknown },
  ): Promise<void> {
    await this.auth.logoutAll(userId);
    this.withdrawal.afterEndOf({ userId }, request, response);
    response.status(204);
  }
}

const deliveries = (['express', 'fastify'] as const).flatMap((adapter) =>
  (['cookie', 'both'] as const).map((delivery) => ({ delivery, adapter })),
);

/** What sessions of an account end by, for whoever has a token of one of them, or a reset link. */
type Ending = (t: TestApp, one: Session, cookie: Record<string, string>) => Promise<Answer>;

/** A session, by all that a browser has of it. */
interface Session {
  email: string;
  id: string;
  access: string;
  refresh: string;
  csrf: string;
}

const withBearer = ({ access }: Session, cookie: Record<string, string>) => ({
  bearer: access,
  headers: { ...cookie, ...OWN },
});

const END_ALL: Record<string, Ending> = {
  'logout of all devices': (t, one, cookie) => t.client.post('/auth/logout-all', undefined, withBearer(one, cookie)),
  'a route of the application': (t, one, cookie) => t.client.post('/kiosk/close', undefined, withBearer(one, cookie)),
  'the deletion of the account': (t, one, cookie) =>
    t.client.request('DELETE', '/auth/me', { current_password: PASSWORD }, withBearer(one, cookie)),
  'a password reset': async (t, { email }, cookie) => {
    await t.client.post('/auth/password-reset/request', { email });
    const body = { token: await resetToken(t, email), new_password: 'a new and rather long passphrase' };
    return t.client.post('/auth/password-reset/confirm', body, { headers: { ...cookie, ...OWN } });
  },
};
const endSession = (t: TestApp, by: Session, id: string, cookie: Record<string, string>) =>
  t.client.request('DELETE', `/auth/sessions/${id}`, undefined, withBearer(by, cookie));
const ENDINGS: Record<string, Ending> = {
  ...END_ALL,
  'the end of the own session': (t, one, cookie) => endSession(t, one, one.id, cookie),
};

/** Of the newest mail. */
async function resetToken(t: TestApp, email: string): Promise<string> {
  await t.mailIsDone();
  return tokenIn(t.mailbox.to(email).at(-1)!);
}

const cookies = (values: Record<string, string>) => ({
  cookie: Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join('; '),
});
const cookiesOfSession = ({ access, refresh, csrf }: Session) =>
  cookies({ [ACCESS]: access, [REFRESH]: refresh, [CSRF]: csrf });

const withoutAccess = ({ refresh, csrf }: Session) => cookies({ [REFRESH]: refresh, [CSRF]: csrf });

const cleared = (answer: Answer) => cookiesOf(answer).map(({ name, value, maxAge }) => [name, value, maxAge]);
const ALL_CLEARED = [ACCESS, REFRESH, CSRF].map((name) => [name, '', 0]);

/** What a guarded route and a refresh answer. */
const ENDED = [401, 401];
const ALIVE = [200, 200];

describe.each(deliveries)(
  'the cookies beside the end of a session, $delivery with $adapter',
  ({ delivery, adapter }) => {
    let t: TestApp;
    beforeAll(async () => {
      const passwordReset = { loginAfterReset: false };
      const options = { tokenDelivery: delivery, passwordReset } as const;
      const integerKeys = adapter === 'fastify';
      t = await createTestApp({ adapter, integerKeys, controllers: [KioskController], options });
    });
    afterAll(() => t.close());

    let people = 0;
    const logIn = async (email: string): Promise<Session> => {
      const one = new Visitor(t.client);
      expect((await one.post('/auth/login', { email, password: PASSWORD })).status).toBe(200);
      const [access = '', refresh = '', csrf = ''] = [ACCESS, REFRESH, CSRF].map((name) => one.jar.value(name));
      return { email, id: String(claimsOf(access)['sid']), access, refresh, csrf };
    };
    /** Somebody new, signed in. */
    const somebody = async (): Promise<Session> => {
      const email = `somebody-${people++}@example.com`;
      await t.activeUser(email);
      return logIn(email);
    };
    /** Status of a guarded route, and of a refresh. */
    const used = async ({ access, refresh }: Session): Promise<[number, number]> => [
      (await t.client.get('/demo/bare', { bearer: access })).status,
      (await t.client.post('/auth/refresh', { refresh_token: refresh })).status,
    ];

    it.each(Object.entries(ENDINGS))('%s leaves those of another account alone, and their session', async (_, end) => {
      const [mine, theirs] = [await somebody(), await somebody()];
      const answer = await end(t, mine, cookiesOfSession(theirs));
      expect([answer.status, cookiesOf(answer)]).toEqual([204, []]);
      expect(await used(mine)).toEqual(ENDED);
      expect(await used(theirs)).toEqual(ALIVE);
    });

    it.each(Object.entries(END_ALL))('%s clears those of any session of the account', async (_, end) => {
      const mine = await somebody();
      const other = await logIn(mine.email);
      const answer = await end(t, mine, cookiesOfSession(other));
      expect([answer.status, cleared(answer)]).toEqual([204, ALL_CLEARED]);
      for (const each of [mine, other]) expect(await used(each)).toEqual(ENDED);
    });

    it.each(Object.entries(ENDINGS))('%s sets none where the request has none', async (_, end) => {
      const answer = await end(t, await somebody(), {});
      expect([answer.status, cookiesOf(answer)]).toEqual([204, []]);
    });

    it.each(Object.entries(END_ALL))(
      '%s knows them by the refresh token when the other has expired',
      async (_, end) => {
        const [mine, theirs] = [await somebody(), await somebody()];
        const old = await logIn(mine.email);
        t.clock.advance({ seconds: 901 });
        const kept = await end(t, await somebody(), withoutAccess(theirs));
        expect([kept.status, cookiesOf(kept)]).toEqual([204, []]);
        const answer = await end(t, await logIn(mine.email), withoutAccess(old));
        expect([answer.status, cleared(answer)]).toEqual([204, ALL_CLEARED]);
        expect((await used(theirs))[1]).toBe(200);
      },
    );

    it.each(Object.entries(END_ALL))('%s believes no refresh token that another site has planted', async (_, end) => {
      const theirs = await somebody();
      const { access, csrf } = theirs;
      for (const names of [[], [CSRF], [ACCESS, CSRF]]) {
        const mine = await somebody();
        const beside = Object.fromEntries(names.map((name) => [name, name === CSRF ? csrf : access]));
        const answer = await end(t, mine, cookies({ [REFRESH]: mine.refresh, ...beside }));
        expect([answer.status, cookiesOf(answer)]).toEqual([204, []]);
      }
      expect(await used(theirs)).toEqual(ALIVE);
    });

    it('the end of one session in the list clears those of that session alone', async () => {
      const mine = await somebody();
      const [ended, stays] = [await logIn(mine.email), await logIn(mine.email)];
      const beside = await endSession(t, mine, ended.id, cookiesOfSession(stays));
      expect([beside.status, cookiesOf(beside)]).toEqual([204, []]);
      expect(await used(stays)).toEqual(ALIVE);
      const another = await logIn(mine.email);
      const answer = await endSession(t, mine, another.id, cookiesOfSession(another));
      expect([answer.status, cleared(answer)]).toEqual([204, ALL_CLEARED]);
      expect(await used(another)).toEqual(ENDED);
    });

    it('a refusal clears none', async () => {
      const mine = await somebody();
      const wrong = { current_password: 'not the password of anybody' };
      const answers = [
        await t.client.request('DELETE', '/auth/me', wrong, withBearer(mine, cookiesOfSession(mine))),
        await endSession(t, mine, (await somebody()).id, cookiesOfSession(mine)),
      ];
      expect(answers.map((answer) => [answer.status, cookiesOf(answer)])).toEqual([
        [400, []],
        [404, []],
      ]);
      expect(await used(mine)).toEqual(ALIVE);
    });

    it('a refresh by a cookie that is no good clears none of a session that may live', async () => {
      const [mine, theirs] = [await somebody(), await somebody()];
      const [own, csrf] = [`${ACCESS}=${mine.access}; ${REFRESH}=${mine.refresh}`, `${CSRF}=${mine.csrf}`];
      const planted = `${REFRESH}=${theirs.refresh}`;
      const headers = { cookie: `${own}; ${planted}; ${csrf}`, ...OWN };
      const refused = await t.client.post('/auth/refresh', {}, { headers });
      expect([refused.status, refused.body.code, cookiesOf(refused)]).toEqual([401, 'SESSION_INVALID_TOKEN', []]);
      for (const each of [mine, theirs]) expect(await used(each)).toEqual(ALIVE);
    });
  },
);
