import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { Authenticated, OptionalAuth, Public } from 'nestjs-gatehouse';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../lib/module/flows.js';
import type { Endpoint } from '../lib/platform/http/endpoint.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';
import { Visitor } from './support/cookie-visitor.js';

const CSRF = '__Host-gatehouse-csrf';
const TRUSTED = 'https://app.example.com';
const FOREIGN = 'https://evil.example';
/** How a browser marks what the page of another site sends. */
const ELSEWHERE: Record<string, string>[] = [
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  { origin: FOREIGN },
];
const CROSS_SITE = [403, 'INPUT_CROSS_SITE'];
const NO_CSRF_TOKEN = [403, 'ACCESS_INVALID_CSRF_TOKEN'];

/** Money in the bank of an application that protects it with the guard. */
@Controller('bank')
class BankController {
  static transfers = 0;

  @Authenticated()
  @Get('balance')
  balance() {
    return { balance: 100 };
  }

  @Authenticated()
  @Post('transfer')
  @HttpCode(200)
  transfer() {
    return { transfers: ++BankController.transfers };
  }

  @OptionalAuth()
  @Post('vote')
  @HttpCode(200)
  vote() {
    return { transfers: ++BankController.transfers };
  }

  @Public()
  @Post('contact')
  @HttpCode(200)
  contact() {
    return { ok: true };
  }
}

describe.each(['express', 'fastify'] as const)('cross-site requests with cookies on %s', (adapter) => {
  let app: TestApp;
  let visitor: Visitor;
  let stranger: Visitor;
  beforeAll(async () => {
    const options = { tokenDelivery: 'both', trustedOrigins: [TRUSTED, 'http://localhost:5173'] } as const;
    app = await createTestApp({ adapter, mode: 'D', controllers: [BankController], options });
    [visitor, stranger] = [new Visitor(app.client), new Visitor(app.client)];
    await visitor.post('/auth/signup', { email: 'visitor@example.com', password: PASSWORD });
    await stranger.post('/auth/signup', { email: 'stranger@example.com', password: PASSWORD });
  });
  beforeEach(() => {
    BankController.transfers = 0;
  });
  afterAll(() => app.close());

  /** What the visitor's browser sends to the bank from wherever the headers say; status and code of the answer. */
  const act = async (headers: Record<string, string>, path = '/bank/transfer') => {
    const { status, body } = await visitor.post(path, undefined, headers);
    return status === 200 ? [status] : [status, body.code];
  };
  const own = () => app.client.origin;
  const token = (of = visitor) => of.jar.value(CSRF)!;

  describe('decided by what the browser says', () => {
    it.each<[site: string | undefined, origin: string | undefined, outcome: unknown[]]>([
      ['same-origin', undefined, [200]],
      ['same-origin', 'own', [200]],
      ['same-origin', 'null', [200]],
      ['none', undefined, [200]],
      ['same-site', undefined, CROSS_SITE],
      ['same-site', 'own', CROSS_SITE],
      ['same-site', TRUSTED, [200]],
      ['cross-site', undefined, CROSS_SITE],
      ['cross-site', 'own', CROSS_SITE],
      ['cross-site', 'null', CROSS_SITE],
      ['cross-site', FOREIGN, CROSS_SITE],
      ['cross-site', TRUSTED, [200]],
      ['same-origin, cross-site', undefined, CROSS_SITE],
      ['SAME-ORIGIN', undefined, CROSS_SITE],
      ['', undefined, CROSS_SITE],
      [undefined, 'own', [200]],
      [undefined, TRUSTED, [200]],
      [undefined, 'http://localhost:5173', [200]],
      [undefined, FOREIGN, CROSS_SITE],
      [undefined, `${TRUSTED}.evil.example`, CROSS_SITE],
      [undefined, `${TRUSTED}:444`, CROSS_SITE],
      [undefined, 'http://app.example.com', CROSS_SITE],
      [undefined, `${TRUSTED}, ${FOREIGN}`, CROSS_SITE],
      [undefined, 'https://127.0.0.1', CROSS_SITE],
      [undefined, 'http://localhost', CROSS_SITE],
      [undefined, 'garbage', CROSS_SITE],
      [undefined, '', CROSS_SITE],
    ])('Sec-Fetch-Site %s with Origin %s: %o', async (site, origin, outcome) => {
      const headers = {
        ...(site !== undefined && { 'sec-fetch-site': site }),
        ...(origin !== undefined && { origin: origin === 'own' ? own() : origin }),
      };
      expect(await act(headers)).toEqual(outcome);
      // Not even the right token makes a foreign page one of ours.
      expect(await act({ ...headers, 'x-csrf-token': token() })).toEqual(outcome);
      expect(BankController.transfers).toBe(outcome[0] === 200 ? 2 : 0);
    });
  });

  describe('decided by the CSRF token where the browser says nothing', () => {
    it.each([undefined, 'null'])('with Origin %s', async (origin) => {
      const from: Record<string, string> = origin === undefined ? {} : { origin };
      const wrong = [undefined, '', 'garbage', token(stranger), token().slice(0, -1), `${token()}=`, `${token()}, x`];
      for (const given of wrong) {
        expect(await act({ ...from, ...(given !== undefined && { 'x-csrf-token': given }) })).toEqual(NO_CSRF_TOKEN);
      }
      expect(BankController.transfers).toBe(0);
      expect(await act({ ...from, 'x-csrf-token': token() })).toEqual([200]);
    });

    it('which stays the same while the session lives, and is another one for every session', async () => {
      const before = token();
      const refused = await visitor.post('/auth/refresh', undefined, {});
      expect([refused.status, refused.body.code]).toEqual(NO_CSRF_TOKEN);
      expect((await visitor.post('/auth/refresh', undefined, { 'x-csrf-token': before })).status).toBe(200);
      expect(token()).toBe(before);
      const again = new Visitor(app.client);
      await again.post('/auth/login', { email: 'visitor@example.com', password: PASSWORD });
      expect(again.jar.value(CSRF)).not.toBe(before);
      expect((await again.post('/bank/transfer', undefined, { 'x-csrf-token': before })).status).toBe(403);
    });

    it('and not by a token in the cookie alone, or one an attacker put into both places', async () => {
      const { cookie } = visitor.jar.header('/bank/transfer') as { cookie: string };
      const tossed = cookie.replace(token(), token(stranger));
      const headers = { cookie: tossed, 'x-csrf-token': token(stranger) };
      const answer = await app.client.post('/bank/transfer', undefined, { headers });
      expect([answer.status, answer.body.code]).toEqual(NO_CSRF_TOKEN);
    });
  });

  it('reach what only reads, and change nothing there', async () => {
    for (const headers of [{ 'sec-fetch-site': 'cross-site', origin: FOREIGN }, {} as Record<string, string>]) {
      expect((await visitor.get('/bank/balance', headers)).status).toBe(200);
    }
  });

  it('are refused on an optional route too, instead of taken for those of a guest', async () => {
    expect(await act({ 'sec-fetch-site': 'cross-site' }, '/bank/vote')).toEqual(CROSS_SITE);
    expect(await act({}, '/bank/vote')).toEqual(NO_CSRF_TOKEN);
    const guest = await app.client.post('/bank/vote', undefined, { headers: { 'sec-fetch-site': 'cross-site' } });
    expect(guest.status).toBe(200);
  });

  it("are the application's own affair on its public routes", async () => {
    expect(await act({ 'sec-fetch-site': 'cross-site', origin: FOREIGN }, '/bank/contact')).toEqual([200]);
  });

  it('are not let through with the password of a proxy, which browsers repeat by themselves, or without a token', async () => {
    for (const authorization of ['Basic c3RhZ2luZzpzZWNyZXQ=', 'Negotiate YII=', 'Bearer undefined', 'Bearer']) {
      for (const elsewhere of ELSEWHERE) {
        expect(await act({ ...elsewhere, authorization })).toEqual(CROSS_SITE);
        const login = { email: 'stranger@example.com', password: PASSWORD };
        const answer = await app.client.post('/auth/login', login, { headers: { ...elsewhere, authorization } });
        expect([answer.status, answer.body.code, answer.headers.getSetCookie()]).toEqual([...CROSS_SITE, []]);
      }
      expect(await act({ authorization })).toEqual(NO_CSRF_TOKEN);
      expect(await act({ authorization, 'x-csrf-token': token(stranger) })).toEqual(NO_CSRF_TOKEN);
      expect(BankController.transfers).toBe(0);
      expect(await act({ authorization, 'x-csrf-token': token() })).toEqual([200]);
      expect(await act({ authorization, 'sec-fetch-site': 'same-origin' })).toEqual([200]);
      BankController.transfers = 0;
    }
  });

  it('are let through with a bearer token, which no browser adds by itself', async () => {
    const { body } = await new Visitor(app.client).post('/auth/login', {
      email: 'visitor@example.com',
      password: PASSWORD,
    });
    const headers = { authorization: `Bearer ${body.access_token}`, 'sec-fetch-site': 'cross-site', origin: FOREIGN };
    expect(await act(headers)).toEqual([200]);
    expect(await act({ authorization: `Bearer ${body.access_token}` })).toEqual([200]);
    expect((await app.client.post('/auth/logout', undefined, { headers })).status).toBe(204);
    expect((await visitor.get('/bank/balance')).status).toBe(200);
  });

  const tokens = () => app.dataSource.query('SELECT * FROM user_tokens ORDER BY id');
  const changing = Object.values<Endpoint>(ENDPOINTS).filter(({ method, pages }) => method !== 'GET' && !pages);

  it.each(changing.map(({ method, path }) => [method, path]))('are refused by %s %s', async (method, path) => {
    const before = await tokens();
    for (const headers of ELSEWHERE) {
      const mounted = `/${path}`.replace(/:\w+/g, 'x');
      for (const cookies of [{}, visitor.jar.header(mounted)]) {
        const answer = await app.client.send(mounted, {
          method,
          headers: { ...cookies, ...headers, 'content-type': 'application/json' },
          body: JSON.stringify({ email: 'stranger@example.com', password: PASSWORD }),
        });
        expect([answer.status, answer.body.code]).toEqual(CROSS_SITE);
        expect(answer.headers.getSetCookie()).toEqual([]);
        expect(answer.headers.get('cache-control')).toBe('no-store');
      }
    }
    expect(await tokens()).toEqual(before);
  });

  it('cannot log a visitor out', async () => {
    for (const path of ['/auth/logout', '/auth/logout-all', '/auth/refresh']) {
      const silent = await visitor.post(path, undefined, {});
      expect([path, silent.status, silent.body.code]).toEqual([path, ...NO_CSRF_TOKEN]);
      expect(silent.headers.getSetCookie()).toEqual([]);
    }
    expect((await visitor.get('/bank/balance')).status).toBe(200);
    const out = await stranger.post('/auth/logout', undefined, { 'x-csrf-token': token(stranger) });
    expect(out.status).toBe(204);
  });
});

describe.each(['express', 'fastify'] as const)('an application that knows its origin, on %s', (adapter) => {
  let app: TestApp;
  beforeAll(async () => {
    const options = { tokenDelivery: 'cookie', publicUrl: 'https://api.example.com' } as const;
    app = await createTestApp({ adapter, mode: 'D', controllers: [BankController], options });
  });
  afterAll(() => app.close());

  it('compares Origin with it and not with Host, which a proxy may have rewritten', async () => {
    const visitor = new Visitor(app.client);
    await visitor.post('/auth/signup', { email: 'one@example.com', password: PASSWORD });
    const from = async (origin: string) => (await visitor.post('/bank/transfer', undefined, { origin })).status;
    expect(await from('https://api.example.com')).toBe(200);
    expect(await from(app.client.origin)).toBe(403);
    expect(await from('http://api.example.com')).toBe(403);
  });
});
