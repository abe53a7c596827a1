import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Header, Headers, HttpCode, Post } from '@nestjs/common';
import { Authenticated } from 'nestjs-gatehouse';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasBrowser, launchBrowser } from './support/browser.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const EMAIL = 'visitor@example.com';

/** An application with a page of its own, and something worth forging a request for. */
@Controller('bank')
class BankController {
  static transfers = 0;

  @Get()
  @Header('content-type', 'text/html')
  page() {
    return '<!doctype html><title>Bank</title>';
  }

  @Authenticated()
  @Post('transfer')
  @HttpCode(200)
  transfer() {
    return { transfers: ++BankController.transfers };
  }
}

/** Runs in a page: a request by its script, as status and text. */
function fetchFrom(page: Page, url: string, init: RequestInit): Promise<[number, string]> {
  const request = `fetch(${JSON.stringify(url)}, ${JSON.stringify(init)}).then(async (r) => [r.status, await r.text()])`;
  return page.evaluate<[number, string]>(request);
}

describe.skipIf(!hasBrowser()).each(['express', 'fastify'] as const)('cookies in Chromium, with %s', (adapter) => {
  let app: TestApp;
  let browser: Browser;
  let context: BrowserContext;
  let own: Page;
  let evil: Server;
  let evilPage = '';

  beforeAll(async () => {
    const options = { tokenDelivery: 'cookie' } as const;
    app = await createTestApp({ adapter, mode: 'D', controllers: [BankController], options });
    browser = await launchBrowser();
    evil = createServer((_, response) => response.setHeader('content-type', 'text/html').end(evilPage));
    await new Promise<void>((resolve) => evil.listen(0, resolve));
    context = await browser.newContext();
    own = await context.newPage();
    await own.goto(`${app.client.origin}/bank`);
    const body = JSON.stringify({ email: EMAIL, password: PASSWORD });
    const signup = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
    await fetchFrom(own, '/auth/signup', signup);
  });
  beforeEach(() => {
    BankController.transfers = 0;
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([app.close(), new Promise((resolve) => evil.close(resolve))]);
  });

  /** Opens a page of another site, or of another origin of the same site, and returns its tab. */
  const visit = async (host: 'localhost' | '127.0.0.1', html: string): Promise<Page> => {
    evilPage = `<!doctype html><title>Prizes</title>${html}`;
    const page = await context.newPage();
    await page.goto(`http://${host}:${(evil.address() as AddressInfo).port}/`);
    return page;
  };

  it('are kept, sent, refreshed and cleared, while a script sees nothing but the CSRF token', async () => {
    expect(await fetchFrom(own, '/bank/transfer', { method: 'POST' })).toEqual([200, '{"transfers":1}']);
    expect(await own.evaluate<string>('document.cookie')).toMatch(/^__Host-gatehouse-csrf=[\w-]{43}$/);
    expect((await fetchFrom(own, '/auth/refresh', { method: 'POST' }))[0]).toBe(200);
    const kept = (await context.cookies()).map(({ name, path, httpOnly, secure, sameSite }) => [
      name,
      path,
      httpOnly,
      secure,
      sameSite,
    ]);
    expect(kept.toSorted()).toEqual([
      ['__Host-gatehouse-access', '/', true, true, 'Lax'],
      ['__Host-gatehouse-csrf', '/', false, true, 'Lax'],
      ['__Secure-gatehouse-refresh', '/auth', true, true, 'Lax'],
    ]);
  });

  it.each(['127.0.0.1', 'localhost'] as const)('are of no use to a page of %s on another port', async (host) => {
    const target = `${app.client.origin}/bank/transfer`;
    const form = `<form method="post" action="${target}"><button>Claim your prize</button></form>`;
    const page = await visit(host, form);
    const [answer] = await Promise.all([
      page.waitForResponse(target),
      page.getByRole('button', { name: 'Claim your prize' }).click(),
    ]);
    // To a page of the same site the browser gives the cookies: there the check of the origin is all that stands.
    expect(answer.status()).toBe(host === '127.0.0.1' ? 403 : 401);
    // A tab that is closed while its form's answer is being loaded may never close.
    await page.waitForURL(target);
    await page.close();

    const scripted = await visit(host, '');
    const sent = scripted.waitForResponse(target);
    await scripted.evaluate(`fetch('${target}', { method: 'POST', mode: 'no-cors', credentials: 'include' })`);
    expect([401, 403]).toContain((await sent).status());
    await scripted.close();
    expect(BankController.transfers).toBe(0);
  });

  it('are not replaced by those of another account by a page of another site', async () => {
    const before = await context.cookies();
    const target = `${app.client.origin}/auth/login`;
    const page = await visit('localhost', '');
    const sent = page.waitForResponse(target);
    const body = JSON.stringify({ email: EMAIL, password: PASSWORD });
    await page.evaluate(
      `fetch('${target}', { method: 'POST', mode: 'no-cors', credentials: 'include', body: '${body}' })`,
    );
    expect([403, 415]).toContain((await sent).status());
    await page.close();
    expect(await context.cookies()).toEqual(before);
  });

  it('are gone after a logout', async () => {
    expect((await fetchFrom(own, '/auth/logout', { method: 'POST' }))[0]).toBe(204);
    expect(await context.cookies()).toEqual([]);
    expect((await fetchFrom(own, '/bank/transfer', { method: 'POST' }))[0]).toBe(401);
  });
});

/** Shows what the browser sent. */
@Controller('sent')
class SentController {
  @Get()
  cookie(@Headers('cookie') cookie?: string) {
    return { cookie };
  }
}

describe.skipIf(!hasBrowser()).each(['express', 'fastify'] as const)(
  'a sibling subdomain in Chromium, with %s',
  (adapter) => {
    it('signs nobody in to an account of its own by a name that looks like a __Host- name', async () => {
      const options = { tokenDelivery: 'cookie' } as const;
      const app = await createTestApp({ adapter, mode: 'D', controllers: [SentController], options });
      const signup = await app.client.post('/auth/signup', { email: 'attacker@example.com', password: PASSWORD });
      const [access] = signup.headers.getSetCookie();
      const planted = `\xA0${access!.split(';')[0]}`;
      const sibling = createServer((_, response) => {
        response.setHeader('set-cookie', `${planted}; Domain=example.test; Path=/`);
        // Bytes: with a text Node would write the headers in UTF-8 as well.
        response.end(Buffer.from('Prizes'));
      });
      await new Promise<void>((resolve) => sibling.listen(0, resolve));
      const browser = await launchBrowser('--host-resolver-rules=MAP *.example.test 127.0.0.1');
      const page = await browser.newPage();
      const at = async (host: string, { port }: { port: number | string }, path: string) =>
        (await page.goto(`http://${host}.example.test:${port}${path}`))!.text();
      await at('evil', sibling.address() as AddressInfo, '/');
      const origin = new URL(app.client.origin);
      // It did arrive, as the bytes it was planted with.
      expect(JSON.parse(await at('app', origin, '/sent'))).toEqual({ cookie: planted });
      expect(JSON.parse(await at('app', origin, '/demo/optional'))).toEqual({ user_id: null });
      await browser.close();
      await Promise.all([app.close(), new Promise((resolve) => sibling.close(resolve))]);
    });
  },
);
