import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { flawsOf, hasBrowser, launchBrowser } from './support/browser.js';
import { tokenIn } from './support/mailbox.js';
import { SampleVisitor } from './support/sample-visitor.js';
import { mailedLink, type Sample, startSample, statusOf } from './support/sample-app.js';
import { PASSWORD } from './support/test-app.js';

const NEW_PASSWORD = 'a new and rather long passphrase';
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
  "form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

const [first = 'express', last = first] = (['express', 'fastify'] as const).filter((name) =>
  inject('legs').available.includes(name),
);
/** One application per mode, between them on every adapter. */
const ADAPTERS = { B: first, C: last, D: last };
type Mode = keyof typeof ADAPTERS;

const samples = {} as Record<Mode, Sample>;

beforeAll(async () => {
  const start = async (mode: Mode): Promise<Sample> =>
    (samples[mode] = await startSample({ AUTH_MODE: mode, HTTP_ADAPTER: ADAPTERS[mode] }));
  await Promise.all((Object.keys(ADAPTERS) as Mode[]).map(start));
});
afterAll(async () => {
  await Promise.all(Object.values(samples).map((sample) => sample.stop()));
});

describe.each(['B', 'C'] as const)('the files of the web page, in mode %s', (mode) => {
  it(`are served on ${ADAPTERS[mode]}, each as what it is, under a strict policy`, async () => {
    const types: Record<string, string> = {};
    const paths = ['/'];
    for (let path = paths.shift(); path; path = paths.shift()) {
      const { status, headers, text } = await samples[mode].app.client.get(path);
      expect([path, status, headers.get('content-security-policy')]).toEqual([path, 200, CONTENT_SECURITY_POLICY]);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      types[path] = headers.get('content-type')!;
      const named = Array.from(text.matchAll(/(?:href=|src=|from )["']\.(\/[\w.]+)["']/g), ([, name]) => name!);
      paths.push(...named.filter((name) => !types[name] && !paths.includes(name)));
    }
    const expected = Object.keys(types).map((path) => [path, TYPES[path.split('.')[1] ?? 'html']]);
    expect(types).toEqual(Object.fromEntries(expected));
    expect(Object.keys(types)).toEqual(expect.arrayContaining(['/style.css', '/api.js', '/links.js']));
    expect((await samples[mode].app.client.get('/style.css?v=2')).status).toBe(200);
  });

  it.each(['/unknown.js', '/App.js', '/app%2ejs', '/index.html', '/main.js', '/..%2fmain.js', '/constructor'])(
    `%s is not found on ${ADAPTERS[mode]}`,
    async (path) => {
      const { status, headers } = await samples[mode].app.client.get(path);
      expect([status, headers.get('content-type')]).toEqual([404, expect.stringContaining('application/json')]);
    },
  );
});

describe.skipIf(!hasBrowser())('a newcomer who clicks through the page in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  const arrive = (link: string): Promise<SampleVisitor> =>
    SampleVisitor.arrive(browser, link, [PASSWORD, NEW_PASSWORD]);

  it('mode B: signs up, activates by the mailed link, looks round, logs out and in again', async () => {
    const { B: sample } = samples;
    const email = 'newcomer@example.org';
    const tab = await arrive(sample.origin);
    expect(await tab.page.locator('#banner').innerText()).toContain('Mode B (local-smtp)');
    for (const call of ['protected', 'verifiedOnly']) expect((await tab.press(call)).says).toContain('401');
    expect((await tab.press('optional')).says).toContain('as a stranger');
    await tab.fill('signup', { 'E-mail address': email, Password: PASSWORD, Name: 'SampleVisitor' });
    const signup = await tab.press('signup');
    expect([signup.status, signup.body.user_id, await tab.isSignedIn()]).toEqual([201, null, false]);
    expect(signup.says).toContain('Look in your inbox');
    expect(await tab.leave()).toEqual([]);

    const opened = await arrive(mailedLink(await sample.mailbox.waitFor(email), sample));
    expect(await opened.outcome('activate').innerText()).toContain('nothing was sent yet');
    expect([opened.page.url(), await opened.page.locator('.exchange').count()]).toEqual([`${sample.origin}/`, 0]);
    const activated = await opened.press('activate');
    expect([activated.status, await opened.isSignedIn()]).toEqual([200, true]);
    expect((await opened.press('me')).says).toContain(`You are ${email}.`);
    for (const call of ['protected', 'verifiedOnly']) expect((await opened.press(call)).says).toContain('Let in');
    expect((await opened.press('optional')).says).toContain('recognised');
    const { access_token: access, refresh_token: refresh } = (await opened.press('refresh')).body;
    // Only the refresh token must be another one: access tokens issued within the same second are the same.
    expect(refresh).not.toBe(activated.body.refresh_token);
    expect((await opened.press('logout')).status).toBe(204);
    expect([await opened.isSignedIn(), await statusOf(sample, access)]).toEqual([false, 401]);
    expect((await opened.press('protected')).status).toBe(401);

    await opened.fill('login', { 'E-mail address': email, Password: PASSWORD });
    expect([(await opened.press('login')).status, await opened.isSignedIn()]).toEqual([200, true]);
    await opened.page.reload();
    expect(await opened.isSignedIn()).toBe(false);
    expect(await opened.leave()).toEqual([]);
  });

  it('mode B: forgets the password, sets a new one by the mailed link, and logs out everywhere', async () => {
    const { B: sample } = samples;
    const email = 'forgetful@example.org';
    await sample.app.client.post('/auth/signup', { email, password: PASSWORD });
    const token = tokenIn(await sample.mailbox.waitFor(email));
    const elsewhere: string = (await sample.app.client.post('/auth/activate', { token })).body.access_token;
    expect(await statusOf(sample, elsewhere)).toBe(200);

    const tab = await arrive(sample.origin);
    await tab.fill('requestPasswordReset', { 'E-mail address': email });
    expect((await tab.press('requestPasswordReset')).says).toContain('Look in your inbox');
    await tab.follow(mailedLink(await sample.mailbox.waitFor(email, 2), sample));
    await tab.fill('confirmPasswordReset', { 'New password': 'short' });
    expect((await tab.press('confirmPasswordReset')).status).toBe(400);
    expect(await tab.page.locator('#reset-password-problem').isVisible()).toBe(true);
    expect(await statusOf(sample, elsewhere)).toBe(200);
    await tab.fill('confirmPasswordReset', { 'New password': NEW_PASSWORD });
    const { status, body } = await tab.press('confirmPasswordReset');
    expect([status, await tab.isSignedIn(), await statusOf(sample, elsewhere)]).toEqual([200, true, 401]);
    expect((await tab.press('logoutAll')).status).toBe(204);
    expect([await tab.isSignedIn(), await statusOf(sample, body.access_token)]).toEqual([false, 401]);
    for (const [password, expected] of [
      [PASSWORD, 401],
      [NEW_PASSWORD, 200],
    ] as const) {
      await tab.fill('login', { 'E-mail address': email, Password: password });
      expect((await tab.press('login')).status).toBe(expected);
    }
    expect(await tab.leave()).toEqual([]);
  });

  it('mode C: finds every link in the answer, and it works', async () => {
    const { C: sample } = samples;
    const email = 'reader@example.org';
    const tab = await arrive(sample.origin);
    await tab.fill('signup', { 'E-mail address': email, Password: PASSWORD });
    expect((await tab.press('signup')).body.activation_url).toContain(`${sample.origin}/#activate=`);
    await tab.outcome('signup').getByRole('link').first().click();
    expect(await tab.outcome('activate').innerText()).toContain('nothing was sent yet');
    await tab.fill('resendActivation', { 'E-mail address': email });
    await tab.press('resendActivation');
    await tab.outcome('resendActivation').getByRole('link').first().click();
    expect([(await tab.press('activate')).status, await tab.isSignedIn()]).toEqual([200, true]);
    await tab.fill('requestPasswordReset', { 'E-mail address': email });
    await tab.press('requestPasswordReset');
    await tab.page.locator('.exchange[open] pre a').click();
    await tab.fill('confirmPasswordReset', { 'New password': NEW_PASSWORD });
    expect((await tab.press('confirmPasswordReset')).status).toBe(200);
    expect(await tab.leave()).toEqual([]);
    expect(sample.mailbox.mails).toEqual([]);
  });

  it('mode D: is signed in at once, with an address that nobody has verified', async () => {
    const { D: sample } = samples;
    const tab = await arrive(sample.origin);
    await tab.fill('signup', { 'E-mail address': 'quick@example.org', Password: PASSWORD });
    expect([(await tab.press('signup')).status, await tab.isSignedIn()]).toEqual([201, true]);
    expect((await tab.press('me')).says).toContain('You are quick@example.org.');
    expect([(await tab.press('protected')).status, (await tab.press('verifiedOnly')).status]).toEqual([200, 403]);
    expect(await tab.leave()).toEqual([]);
    expect(sample.mailbox.mails).toEqual([]);
  });

  it('the page is whole and legible, narrow and wide, light and dark, and its demo routes look alike', async () => {
    const tab = await arrive(samples.B.origin);
    const routes = ['protected', 'verifiedOnly', 'optional', 'role'];
    for (const call of routes) await tab.press(call);
    expect(await flawsOf(tab.page)).toEqual([]);
    for (const width of [390, 900, 1280]) {
      await tab.page.setViewportSize({ width, height: 800 });
      const boxes = await Promise.all(routes.map((call) => tab.page.locator(`[data-call="${call}"]`).boundingBox()));
      const sizes = new Set(boxes.map((box) => `${Math.round(box!.width)} x ${Math.round(box!.height)}`));
      expect([width, [...sizes]]).toEqual([width, [expect.any(String)]]);
    }
    expect(await tab.leave()).toEqual([]);
  });
});
