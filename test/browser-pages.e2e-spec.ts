import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flawsOf, hasBrowser, launchBrowser, openPage, type WatchedPage } from './support/browser.js';
import { freePort } from './support/free-port.js';
import { userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const NEW_PASSWORD = 'a new and rather long passphrase';
const LOGIN_URL = 'https://app.example.com/login';
/** The longest word on a page: it must not make a narrow page scroll sideways. */
const LONG_DOMAIN = `${'a-very-long-label-of-a-domain'.repeat(2)}.example.org`;

async function startApp(confirm: boolean): Promise<TestApp> {
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  return createTestApp({ mode: 'E', port, options: { publicUrl, loginUrl: LOGIN_URL, activation: { confirm } } });
}

/** The link in the last of `count` mails to an address, as it was mailed. */
async function mailedLink(t: TestApp, email: string, count = 1): Promise<string> {
  const { text } = await t.mailbox.waitFor(email, count);
  return /http:\/\/\S+/.exec(text!)![0];
}

async function activationLink(t: TestApp, email: string): Promise<string> {
  await t.client.post('/auth/signup', { email, password: PASSWORD });
  return mailedLink(t, email);
}

async function resetLink(t: TestApp, email: string): Promise<string> {
  await t.activeUser(email);
  await t.client.post('/auth/password-reset/request', { email });
  return mailedLink(t, email, 2);
}

async function changeLink(t: TestApp, from: string, to: string): Promise<string> {
  const { access_token: bearer } = await t.activeUser(from);
  await t.client.post('/auth/email-change/request', { new_email: to, current_password: PASSWORD }, { bearer });
  return mailedLink(t, to);
}

async function logIn(t: TestApp, email: string, password: string): Promise<number> {
  return (await t.client.post('/auth/login', { email, password })).status;
}

const heading = (page: Page) => page.locator('h1').textContent();

async function submit(page: Page, password: string, repeated: string): Promise<void> {
  await page.getByLabel('New password', { exact: true }).fill(password);
  await page.getByLabel('Repeat the new password').fill(repeated);
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Set new password' }).click()]);
}

/** Types a password into both fields. */
async function fill(page: Page, password: string): Promise<void> {
  await page.getByLabel('New password', { exact: true }).fill(password);
  await page.getByLabel('Repeat the new password').fill(password);
}

/** Presses a place as a hand does: nothing waits for the button to take it. */
async function pressButton(page: Page): Promise<void> {
  const { x, y, width, height } = (await page.getByRole('button').boundingBox())!;
  await page.mouse.click(x + width / 2, y + height / 2);
}

/** Nobody is logged in by a page, and a page does nothing but what it must. */
async function expectQuiet({ page, problems }: WatchedPage): Promise<void> {
  expect(problems).toEqual([]);
  expect(await page.context().cookies()).toEqual([]);
  expect(await page.content()).not.toMatch(/eyJ[\w-]+\./);
}

describe.skipIf(!hasBrowser())('the pages of mode E in Chromium', () => {
  let browser: Browser;
  let direct: TestApp;
  let confirming: TestApp;
  let evil: Server;
  /** What the page of another site does next. */
  let evilPage = '';

  beforeAll(async () => {
    [browser, direct, confirming] = await Promise.all([launchBrowser(), startApp(false), startApp(true)]);
    evil = createServer((_, response) => response.setHeader('content-type', 'text/html').end(evilPage));
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([direct.close(), confirming.close(), new Promise((resolve) => evil.close(resolve))]);
  });

  describe.each([true, false])('with JavaScript %s', (javaScriptEnabled) => {
    const suffix = javaScriptEnabled ? 'js' : 'no-js';

    it('the mailed link activates, and leads to a page that says so', async () => {
      const email = `activate-${suffix}@example.org`;
      const tab = await openPage(browser, direct.client.origin, { javaScriptEnabled });
      await tab.page.goto(await activationLink(direct, email));
      expect(await heading(tab.page)).toBe('Your account is active');
      expect(await tab.page.getByRole('link', { name: 'Go to login' }).getAttribute('href')).toBe(LOGIN_URL);
      expect(await logIn(direct, email, PASSWORD)).toBe(200);
      await tab.page.reload();
      expect(await heading(tab.page)).toBe('Your account is already active');
      await expectQuiet(tab);
      await tab.close();
    });

    it('with AUTH_ACTIVATION_CONFIRM nothing happens before the button is clicked', async () => {
      const email = `confirm-${suffix}@example.org`;
      const tab = await openPage(browser, confirming.client.origin, { javaScriptEnabled });
      await tab.page.goto(await activationLink(confirming, email));
      expect((await userRow(confirming, email))!.isActive).toBe(false);
      const button = tab.page.getByRole('button', { name: 'Activate account' });
      await Promise.all([tab.page.waitForEvent('load'), button.click()]);
      expect(await heading(tab.page)).toBe('Your account is active');
      expect(await logIn(confirming, email, PASSWORD)).toBe(200);
      await expectQuiet(tab);
      await tab.close();
    });

    it('the reset form explains what it refuses, takes a good password, and works once', async () => {
      const email = `reset-${suffix}@example.org`;
      const tab = await openPage(browser, direct.client.origin, { javaScriptEnabled });
      const { page } = tab;
      const link = await resetLink(direct, email);
      await page.goto(link);
      expect(await page.locator('strong').textContent()).toBe('r…@example.org');

      await submit(page, NEW_PASSWORD, `${NEW_PASSWORD}!`);
      expect(await page.getByRole('alert').textContent()).toBe('The two passwords differ.');
      await submit(page, 'password1234', 'password1234');
      expect(await page.getByRole('alert').textContent()).toMatch(/common|guess/i);
      expect(await logIn(direct, email, PASSWORD)).toBe(200);

      await submit(page, NEW_PASSWORD, NEW_PASSWORD);
      expect(await heading(page)).toBe('Your password is changed');
      expect([await logIn(direct, email, NEW_PASSWORD), await logIn(direct, email, PASSWORD)]).toEqual([200, 401]);
      await page.goto(link);
      expect(await heading(page)).toBe('Your password is changed');
      await expectQuiet(tab);
      await tab.close();
    });

    it('an address is changed by a button, taken back by another, and neither link acts by itself', async () => {
      const [old, address] = [`old-${suffix}@example.org`, `new-${suffix}@example.org`];
      const tab = await openPage(browser, direct.client.origin, { javaScriptEnabled });
      const { page } = tab;
      const press = (name: string) =>
        Promise.all([page.waitForEvent('load'), page.getByRole('button', { name }).click()]);
      const link = await changeLink(direct, old, address);
      await page.goto(link);
      expect(await page.locator('main').textContent()).toContain('n…@example.org');
      expect(await logIn(direct, old, PASSWORD)).toBe(200);
      await press('Confirm new address');
      expect(await heading(page)).toBe('Your address is changed');
      expect([await logIn(direct, address, PASSWORD), await logIn(direct, old, PASSWORD)]).toEqual([200, 401]);

      await page.goto(await mailedLink(direct, old, 2));
      expect(await heading(page)).toBe('Take your account back');
      expect(await logIn(direct, address, PASSWORD)).toBe(200);
      await press('Take my account back');
      expect(await heading(page)).toBe('You have your account back');
      expect([await logIn(direct, address, PASSWORD), await logIn(direct, old, PASSWORD)]).toEqual([401, 401]);
      await page.goto(await mailedLink(direct, old, 3));
      expect(await heading(page)).toBe('Choose a new password');
      await expectQuiet(tab);
      await tab.close();
    });

    it('a password that is too short does not leave the browser', async () => {
      const tab = await openPage(browser, direct.client.origin, { javaScriptEnabled });
      const link = await resetLink(direct, `short-${suffix}@example.org`);
      await tab.page.goto(link);
      const posts: string[] = [];
      tab.page.on('request', (request) => posts.push(request.method()));
      await tab.page.getByLabel('New password', { exact: true }).fill('short');
      await tab.page.getByLabel('Repeat the new password').fill('short');
      await tab.page.getByRole('button').click();
      expect([tab.page.url(), posts]).toEqual([link, []]);
      await tab.close();
    });
  });

  it('a button takes one click, however often it is clicked', async () => {
    const reset = await resetLink(direct, 'double@example.org');
    const change = await changeLink(direct, 'double-old@example.org', 'double-new@example.org');
    for (const link of [reset, change]) {
      const tab = await openPage(browser, direct.client.origin);
      const { page } = tab;
      await page.goto(link);
      if (link === reset) await fill(page, NEW_PASSWORD);
      // The page stays, as it does while the answer is awaited, and what it would send is counted.
      await page.evaluate(
        'sent = 0; document.forms[0].addEventListener("submit", (event) => { event.preventDefault(); sent++; })',
      );
      for (let press = 0; press < 5; press++) await pressButton(page);
      expect(await page.evaluate('sent')).toBe(1);
      await tab.close();
    }
  });

  it('a button works by the keyboard, and again after each error', async () => {
    const tab = await openPage(browser, direct.client.origin, { javaScriptEnabled: false });
    const { page } = tab;
    await page.goto(await resetLink(direct, 'keys@example.org'));
    // The browser itself refuses the first, the server the second.
    await fill(page, 'short');
    await page.getByRole('button').click();
    expect(await heading(page)).toBe('Choose a new password');
    await fill(page, 'password1234');
    await Promise.all([page.waitForEvent('load'), page.getByRole('button').click()]);
    expect(await page.getByRole('alert').textContent()).toMatch(/common|guess/i);
    await fill(page, NEW_PASSWORD);
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').textContent()).toBe('Set new password');
    await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
    expect(await heading(page)).toBe('Your password is changed');
    await tab.close();
  });

  it('every page is whole and legible, narrow and wide, light and dark', async () => {
    const email = `long@${LONG_DOMAIN}`;
    const tab = await openPage(browser, direct.client.origin);
    const asking = await openPage(browser, confirming.client.origin);
    const seen: Record<string, string[]> = {};
    const look = async ({ page }: WatchedPage): Promise<void> => {
      seen[(await heading(page))!] = await flawsOf(page);
    };
    await asking.page.goto(await activationLink(confirming, email));
    await look(asking);
    const link = await activationLink(direct, email);
    for (const url of [link, link, link.replace(/.{64}$/, 'A'.repeat(64))]) {
      await tab.page.goto(url);
      await look(tab);
    }
    await direct.client.post('/auth/password-reset/request', { email });
    const reset = await mailedLink(direct, email, 2);
    await tab.page.goto(reset);
    await look(tab);
    await submit(tab.page, NEW_PASSWORD, `${NEW_PASSWORD}!`);
    seen['with an error'] = await flawsOf(tab.page);
    await submit(tab.page, NEW_PASSWORD, NEW_PASSWORD);
    await look(tab);
    await tab.page.goto(reset.replace(/.{64}$/, 'A'.repeat(64)));
    await look(tab);
    const [from, to] = [`from@${LONG_DOMAIN}`, `to@${LONG_DOMAIN}`];
    await tab.page.goto(await changeLink(direct, from, to));
    await look(tab);
    for (const name of ['Confirm new address', 'Take my account back']) {
      await Promise.all([tab.page.waitForEvent('load'), tab.page.getByRole('button', { name }).click()]);
      await look(tab);
      if (name.startsWith('Take')) break;
      await tab.page.goto(await mailedLink(direct, from, 2));
      await look(tab);
    }
    await tab.page.goto(tab.page.url().replace(/.{64}$/, 'A'.repeat(64)));
    await look(tab);
    expect(seen).toEqual({
      'Activate your account': [],
      'Your account is active': [],
      'Your account is already active': [],
      'Your account could not be activated': [],
      'Choose a new password': [],
      'with an error': [],
      'Your password is changed': [],
      'Your password was not changed': [],
      'Confirm your new address': [],
      'Your address is changed': [],
      'Take your account back': [],
      'You have your account back': [],
      'The address was not changed': [],
    });
    await expectQuiet(tab);
    await Promise.all([tab.close(), asking.close()]);
  });

  it('a form on another site cannot set a password, even with the link', async () => {
    const email = 'cross-site@example.org';
    const link = await resetLink(direct, email);
    evilPage = `<form method="post" action="${link}"><input name="new_password" value="${NEW_PASSWORD}"></form>
      <script>document.forms[0].submit()</script>`;
    const tab = await openPage(browser, direct.client.origin);
    const answered = tab.page.waitForResponse(link);
    await tab.page.goto(`http://localhost:${(evil.address() as AddressInfo).port}/`);
    expect((await answered).status()).toBe(403);
    expect([await logIn(direct, email, NEW_PASSWORD), await logIn(direct, email, PASSWORD)]).toEqual([401, 200]);
    await tab.page.waitForURL(link);
    await tab.close();
  });

  it('another site cannot show a page in a frame', async () => {
    const link = await resetLink(direct, 'framed@example.org');
    evilPage = `<iframe src="${link}"></iframe>`;
    const tab = await openPage(browser, direct.client.origin);
    await tab.page.goto(`http://localhost:${(evil.address() as AddressInfo).port}/`);
    await expect.poll(() => tab.problems.join()).toContain('frame-ancestors');
    expect(tab.page.frames().map((frame) => frame.url())).not.toContain(link);
    await tab.close();
  });
});
