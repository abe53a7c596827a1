import { ForbiddenException, Injectable, InternalServerErrorException } from '@nestjs/common';
import { AuthError, AuthHooks } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, inParallel } from './support/client.js';
import { availableDatabases } from './support/databases.js';
import { emailChanges, NOTICE_SUBJECT } from './support/email-changes.js';
import { tokenIn } from './support/mailbox.js';
import { RawClient } from './support/raw-client.js';
import { changeUser, countTokens, tokenRows, userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp, type TestAppOptions } from './support/test-app.js';

const NEW_PASSWORD = 'yet another passphrase';
const LOGIN_URL = 'https://app.example.com/login';
const UNKNOWN = 'A'.repeat(64);

/** An application in mode E, and a client that sends what fetch would not. */
function withPages(choice: TestAppOptions) {
  const pages = {} as { t: TestApp; raw: RawClient };
  beforeAll(async () => {
    const options = { loginUrl: LOGIN_URL, ...choice.options };
    pages.t = await createTestApp({ mode: 'E', ...choice, options });
    pages.raw = new RawClient(pages.t.client.origin);
  });
  afterAll(async () => {
    pages.raw.close();
    await pages.t.close();
  });
  return {
    app: () => pages.t,
    raw: () => pages.raw,
    async activationPath(email: string): Promise<string> {
      await pages.t.client.post('/auth/signup', { email, password: PASSWORD });
      return `/auth/activate/${tokenIn(await pages.t.mailbox.waitFor(email))}`;
    },
    async resetPath(email: string): Promise<string> {
      const earlier = pages.t.mailbox.to(email).length;
      await pages.t.client.post('/auth/password-reset/request', { email });
      return `/auth/password-reset/${tokenIn(await pages.t.mailbox.waitFor(email, earlier + 1))}`;
    },
    async isActive(email: string): Promise<boolean | undefined> {
      return (await userRow(pages.t, email))?.isActive;
    },
    async logIn(email: string, password: string): Promise<Answer> {
      return pages.t.client.post('/auth/login', { email, password });
    },
  };
}

const passwordOf = (index: number) => `a passphrase of number ${index}`;

/** What holds for every page, whatever it says. The token may stand in one place: where the form posts to. */
function expectPage(answer: Answer, status: number, heading: string, formAction?: string): void {
  const { headers, text } = answer;
  expect(/<h1>(.*)<\/h1>/.exec(text)?.[1] ?? text).toBe(heading);
  expect(answer.status).toBe(status);
  expect(Object.fromEntries(headers)).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'x-robots-tag': 'noindex, nofollow',
  });
  expect(headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; style-src 'sha256-[\w+/=]+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
  );
  expect(headers.has('set-cookie')).toBe(false);
  expect(text).not.toMatch(/<script|javascript:|\son\w+=|eyJ[\w-]+\.|access_token|refresh_token/i);
  const addresses = Array.from(text.matchAll(/https?:\/\/[^"'\s<]*|(?:href|src|action)="([^"]*)"/g), ([all]) => all);
  expect(addresses.filter((address) => !address.includes(LOGIN_URL))).toEqual(
    formAction ? [`action="${formAction}"`] : [],
  );
  expect(text.match(/[\w-]{64}/g) ?? []).toEqual(formAction ? [formAction.split('/').at(-1)] : []);
}

const ACTIVATED = 'Your account is active';
const ALREADY_ACTIVE = 'Your account is already active';
const NOT_ACTIVATED = 'Your account could not be activated';
const CONFIRM = 'Activate your account';
const RESET_FORM = 'Choose a new password';
/** What the pages say of a form that was refused before the link was looked at. */
const FROM_ELSEWHERE = 'The form was sent from another site. Open the link again and use the form there.';
const NOT_FILLED_IN = 'The form was not filled in as it must be. Open the link again and try once more.';
const UNREADABLE = 'The form or the link could not be read. Open the link again and try once more.';
const TOO_LARGE = 'The form is too large.';
const UNAVAILABLE = 'The service is unavailable; try again in a moment.';

/** A page that says no, and why. */
function expectRefused(answer: Answer, status: number, heading: string, reason: string): void {
  expectPage(answer, status, heading);
  expect(answer.text).toContain(`<p>${reason}</p>`);
}

const RESET_DONE = 'Your password is changed';
const NOT_RESET = 'Your password was not changed';
const USED_BEFORE = 'This link was used before, and it worked.';

describe.each(['express', 'fastify'] as const)('the activation page with %s', (adapter) => {
  const { app, raw, activationPath, resetPath, isActive, logIn } = withPages({ adapter });
  const get = (path: string) => app().client.get(path);

  it('activates, says so, and at a second look says that it has', async () => {
    const path = await activationPath('one@example.com');
    const mail = app().mailbox.to('one@example.com')[0]!;
    expect(mail.text).toContain(`http://localhost:3000${path}`);
    expectPage(await get(path), 200, ACTIVATED);
    expect(await isActive('one@example.com')).toBe(true);
    expect(await tokenRows(app(), 'one@example.com', 'session')).toEqual([]);
    expectPage(await get(path), 200, ALREADY_ACTIVE);
    expect((await logIn('one@example.com', PASSWORD)).status).toBe(200);
  });

  it.each(['HEAD', 'OPTIONS'])('is not followed by %s', async (method) => {
    const email = `${method.toLowerCase()}@example.com`;
    const path = await activationPath(email);
    const answer = await app().client.send(path, { method });
    expect([answer.status < 500, answer.text.includes(ACTIVATED)]).toEqual([true, false]);
    expect(await isActive(email)).toBe(false);
    expectPage(await get(path), 200, ACTIVATED);
  });

  it('says 400 to an unknown, a garbled and an expired link alike, and does nothing', async () => {
    const path = await activationPath('expired@example.com');
    app().clock.advance({ seconds: 8 * 24 * 3600 });
    for (const bad of [path, `/auth/activate/${UNKNOWN}`, '/auth/activate/garbage', `${path}=`, `${path}%20`]) {
      expectPage(await get(bad), 400, NOT_ACTIVATED);
    }
    expect(await isActive('expired@example.com')).toBe(false);
  });

  it('says 400 to the used link of an account that was deactivated since', async () => {
    const path = await activationPath('expelled@example.com');
    await get(path);
    await changeUser(app(), 'expelled@example.com', { isActive: false });
    expectPage(await get(path), 400, NOT_ACTIVATED);
    expect(await isActive('expelled@example.com')).toBe(false);
  });

  it('says 400 to a reset link, and the reset page to an activation link, and burns neither', async () => {
    const path = await activationPath('other-purpose@example.com');
    expectPage(await get(path.replace('activate', 'password-reset')), 400, NOT_RESET);
    expectPage(await get(path), 200, ACTIVATED);
    const reset = await resetPath('other-purpose@example.com');
    await get(reset.replace('password-reset', 'activate'));
    expectPage(await get(reset), 200, RESET_FORM, reset);
    expect(await isActive('other-purpose@example.com')).toBe(true);
  });

  it.each(['%00', '..%2f..%2fetc%2fpasswd', '%2e%2e', '..', '%c0%ae', '%E0%A4%A', '%', '%3Cscript%3E', "'%20OR%201=1"])(
    'answers %s with 400 or 404, and does not repeat it',
    async (token) => {
      for (const flow of ['activate', 'password-reset']) {
        const answer = await raw().send({ method: 'GET', path: `/auth/${flow}/${token}` });
        expect([400, 404]).toContain(answer.status);
        expect(answer.text).not.toMatch(/etc\/passwd|<script>|OR 1=1|at .*\.ts|node_modules/);
      }
    },
  );

  it('ignores where a query or a language header wants it to lead', async () => {
    const path = await activationPath('query@example.com');
    const query = '?next=//evil.example&login_url=https://evil.example&redirect=javascript:alert(1)&lang=../../etc';
    const headers = { 'accept-language': '"><script>alert(1)</script>,../../etc/passwd;q=1' };
    const answer = await app().client.get(path + query, { headers });
    expectPage(answer, 200, ACTIVATED);
    expect(answer.text).not.toContain('evil');
    expect(answer.text).toContain(`href="${LOGIN_URL}"`);
  });

  it('is linked from mails by the configured origin, whatever Host says', async () => {
    const email = 'host@example.com';
    for (const [path, body] of [
      ['/auth/signup', { email, password: PASSWORD }],
      ['/auth/activation/resend', { email }],
      ['/auth/password-reset/request', { email }],
    ] as const) {
      const headers = {
        host: 'evil.example',
        'x-forwarded-host': 'evil.example',
        forwarded: 'host=evil.example',
        'content-type': 'application/json',
      };
      const answer = await raw().send({ path, headers, body: JSON.stringify(body) });
      expect(answer.status).toBeLessThan(300);
    }
    await app().mailbox.waitFor(email, 3);
    for (const { text, html } of app().mailbox.to(email)) {
      expect(text).toContain('http://localhost:3000/auth/');
      expect(`${text}${html}`).not.toContain('evil.example');
    }
  });

  it('answers JSON as everywhere', async () => {
    const path = await activationPath('json@example.com');
    const answer = await app().client.post(path, {});
    expect([answer.status, answer.body.token_type]).toEqual([200, 'Bearer']);
  });
});

describe.each(['express', 'fastify'] as const)('the activation page that asks first, with %s', (adapter) => {
  const { app, activationPath, isActive } = withPages({ adapter, options: { activation: { confirm: true } } });
  const get = (path: string) => app().client.get(path);

  it('shows a button however often it is looked at, and activates when it is pressed', async () => {
    const path = await activationPath('scanned@example.com');
    for (let look = 0; look < 10; look++) {
      expectPage(await get(path), 200, CONFIRM, path);
      expect((await app().client.send(path, { method: 'HEAD' })).status).toBe(200);
    }
    expect(await isActive('scanned@example.com')).toBe(false);
    expectPage(await app().client.postForm(path, {}), 200, ACTIVATED);
    expect(await isActive('scanned@example.com')).toBe(true);
    expect(await tokenRows(app(), 'scanned@example.com', 'session')).toEqual([]);
    expectPage(await get(path), 200, ALREADY_ACTIVE);
    expectPage(await app().client.postForm(path, {}), 200, ALREADY_ACTIVE);
  });

  it.each<Record<string, string>>([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
  ])('refuses a press from another site: %o', async (headers) => {
    const email = `csrf-${Object.values(headers)[0]!.replace(/\W/g, '')}@example.com`;
    const path = await activationPath(email);
    expectRefused(await app().client.postForm(path, {}, { headers }), 403, NOT_ACTIVATED, FROM_ELSEWHERE);
    expect(await isActive(email)).toBe(false);
    const own = { 'sec-fetch-site': 'same-origin', origin: 'null' };
    expectPage(await app().client.postForm(path, {}, { headers: own }), 200, ACTIVATED);
  });

  it('says 400 to links that are not good, by GET and by press', async () => {
    const path = await activationPath('too-late@example.com');
    app().clock.advance({ seconds: 8 * 24 * 3600 });
    for (const bad of [path, `/auth/activate/${UNKNOWN}`]) {
      expectPage(await get(bad), 400, NOT_ACTIVATED);
      expectPage(await app().client.postForm(bad, {}), 400, NOT_ACTIVATED);
    }
    expect(await isActive('too-late@example.com')).toBe(false);
  });
});

describe.each(['express', 'fastify'] as const)('the password reset page with %s', (adapter) => {
  const { app, raw, activationPath, resetPath, isActive, logIn } = withPages({ adapter });
  const get = (path: string) => app().client.get(path);
  const submit = (path: string, password: string, confirm = password, headers: Record<string, string> = {}) =>
    app().client.postForm(path, { new_password: password, confirm_password: confirm }, { headers });

  it('shows a form that anything may look at, then sets the password, ends every session and tells the owner', async () => {
    const email = 'whole@example.com';
    const session = await app().activeUser(email);
    const path = await resetPath(email);
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'GET']) {
      const look = await app().client.send(path, { method });
      if (method === 'GET') expectPage(look, 200, RESET_FORM, path);
      expect(look.text).not.toContain(email);
    }
    expect((await app().client.get('/demo/protected', { bearer: session.access_token })).status).toBe(200);

    const other = (await logIn(email, PASSWORD)).body;
    const before = await countTokens(app());
    const done = await submit(path, NEW_PASSWORD, NEW_PASSWORD, {
      'sec-fetch-site': 'same-origin',
      origin: 'null',
    });
    expectPage(done, 200, RESET_DONE);
    for (const { access_token, refresh_token } of [session, other]) {
      expect((await app().client.get('/demo/protected', { bearer: access_token })).status).toBe(401);
      expect((await app().client.post('/auth/refresh', { refresh_token })).status).toBe(401);
    }
    // The notice is the only new row: no session was opened.
    expect(await countTokens(app())).toBe(before + 1);
    const notice = await app().mailbox.waitFor(email, 3);
    expect(notice.subject).toMatch(/password/i);
    expect(() => tokenIn(notice)).toThrow('has no link');
    expect((await logIn(email, PASSWORD)).status).toBe(401);
    expect((await logIn(email, NEW_PASSWORD)).status).toBe(200);
    expect(done.text).not.toContain(USED_BEFORE);
  });

  it('says after a double click and a reload that it worked, and does nothing more', async () => {
    const email = 'twice@example.com';
    await app().activeUser(email);
    const path = await resetPath(email);
    const clicks = await inParallel(2, () => submit(path, NEW_PASSWORD));
    for (const answer of clicks) expectPage(answer, 200, RESET_DONE);
    const before = await countTokens(app());
    for (const again of [await get(path), await submit(path, 'a third passphrase here'), await submit(path, 'short')]) {
      expectPage(again, 200, RESET_DONE);
      expect(again.text).toContain(USED_BEFORE);
    }
    const token = path.split('/').at(-1);
    const body = { token, new_password: 'a third passphrase here' };
    const json = await app().client.post('/auth/password-reset/confirm', body);
    expect([json.status, json.body.code]).toEqual([409, 'PASSWORD_RESET_ALREADY_DONE']);
    expect((await logIn(email, NEW_PASSWORD)).status).toBe(200);
    expect(await tokenRows(app(), email, 'password-changed-notice')).toHaveLength(1);
    expect(await countTokens(app())).toBe(before + 1);
    // Not to whom an operator has put out: of that account nothing is told.
    await changeUser(app(), email, { isActive: false });
    for (const again of [await get(path), await submit(path, NEW_PASSWORD)]) expectPage(again, 400, NOT_RESET);
    expect((await app().client.post('/auth/password-reset/confirm', body)).body.code).toBe(
      'PASSWORD_RESET_INVALID_TOKEN',
    );
  });

  it('shows the form again for a password that is refused or repeated wrongly, and keeps the link', async () => {
    const email = 'margaret.hamilton@example.com';
    await app().activeUser(email);
    const path = await resetPath(email);
    for (const [password, confirm, message] of [
      ['k7#Qz!m2Lw9', undefined, 'The password must have at least 12 characters.'],
      ['Football2024!', undefined, 'The password is one of the most common ones.'],
      [email, undefined, 'The password is too close to the address or the name.'],
      [NEW_PASSWORD, `${NEW_PASSWORD} `, 'The two passwords differ.'],
    ] as const) {
      const answer = await submit(path, password, confirm);
      expectPage(answer, 400, RESET_FORM, path);
      expect(answer.text).toContain(`<p class="error" id="error" role="alert">${message}</p>`);
      expect(answer.text).not.toContain(password);
    }
    expect((await logIn(email, PASSWORD)).status).toBe(200);
    expectPage(await submit(path, NEW_PASSWORD), 200, RESET_DONE);
    expect((await logIn(email, NEW_PASSWORD)).status).toBe(200);
  });

  it.each<Record<string, string>>([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
    { origin: 'http://localhost:3000.evil.example' },
  ])('refuses a form from another site and keeps the link: %o', async (headers) => {
    const email = `reset-${Object.values(headers)[0]!.replace(/\W/g, '')}@example.com`;
    await app().activeUser(email);
    const path = await resetPath(email);
    expectRefused(await submit(path, NEW_PASSWORD, NEW_PASSWORD, headers), 403, NOT_RESET, FROM_ELSEWHERE);
    expect((await logIn(email, NEW_PASSWORD)).status).toBe(401);
    expectPage(await submit(path, NEW_PASSWORD), 200, RESET_DONE);
  });

  it.each(['application/json', 'text/plain', 'multipart/form-data; boundary=x'])('takes no %s', async (type) => {
    const email = `type-${type.replace(/\W/g, '')}@example.com`;
    await app().activeUser(email);
    const path = await resetPath(email);
    const body = JSON.stringify({ new_password: NEW_PASSWORD });
    const answer = await raw().send({ path, headers: { 'content-type': type }, body });
    expect([answer.status, answer.body.code]).toEqual([415, 'INPUT_UNSUPPORTED_TYPE']);
    expect((await logIn(email, NEW_PASSWORD)).status).toBe(401);
    expectPage(await get(path), 200, RESET_FORM, path);
  });

  it('says 400 to unknown, expired and superseded links, in GET and in POST, without a look at the password', async () => {
    const email = 'old-link@example.com';
    await app().activeUser(email);
    const superseded = await resetPath(email);
    const expired = await resetPath(email);
    app().clock.advance({ seconds: 3601 });
    for (const bad of [superseded, expired, `/auth/password-reset/${UNKNOWN}`]) {
      expectPage(await get(bad), 400, NOT_RESET);
      expectPage(await submit(bad, NEW_PASSWORD), 400, NOT_RESET);
      expectPage(await submit(bad, 'short'), 400, NOT_RESET);
    }
    expect((await logIn(email, PASSWORD)).status).toBe(200);
  });

  it('ignores where a query wants it to lead, and fields that are not its own', async () => {
    const email = 'reset-query@example.com';
    await app().activeUser(email);
    const path = await resetPath(email);
    expectPage(await get(`${path}?next=//evil.example&form_action=//evil.example`), 200, RESET_FORM, path);
    const foreign = await app().client.postForm(path, { new_password: NEW_PASSWORD, email: 'x@example.com' });
    expectRefused(foreign, 400, NOT_RESET, NOT_FILLED_IN);
    expect((await logIn(email, PASSWORD)).status).toBe(200);
    expectPage(await submit(`${path}?next=//evil.example`, NEW_PASSWORD), 200, RESET_DONE);
  });

  it('activates an account whose activation link was lost, and ends that link', async () => {
    const email = 'stranded@example.com';
    const lost = await activationPath(email);
    expectPage(await submit(await resetPath(email), NEW_PASSWORD), 200, RESET_DONE);
    expect(await isActive(email)).toBe(true);
    expectPage(await get(lost), 400, NOT_ACTIVATED);
    expect((await logIn(email, NEW_PASSWORD)).status).toBe(200);
    expect((await logIn(email, PASSWORD)).status).toBe(401);
  });
});

const ASK_CHANGE = 'Confirm your new address';
const CHANGED = 'Your address is changed';
const ASK_UNDO = 'Take your account back';
const UNDONE = 'You have your account back';
const NOT_CHANGED = 'The address was not changed';

describe.each(['express', 'fastify'] as const)('the pages of an e-mail change with %s', (adapter) => {
  const { app, raw, resetPath, logIn } = withPages({ adapter });
  const get = (path: string) => app().client.get(path);
  const press = (path: string, headers: Record<string, string> = {}) => app().client.postForm(path, {}, { headers });
  const changePath = async (from: string, to: string) =>
    `/auth/email-change/${await emailChanges(app()).linkTo(from, to)}`;
  const undoPath = async (address: string) =>
    `/auth/email-change/undo/${await emailChanges(app()).mailedLink(address, NOTICE_SUBJECT)}`;

  it('change nothing before the button is pressed, then the address, and by the other link back', async () => {
    const [old, address] = ['page-old@example.com', 'page-new@example.com'];
    const { access_token } = await app().activeUser(old);
    const path = await changePath(old, address);
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'GET']) {
      const look = await app().client.send(path, { method });
      if (method === 'GET') expectPage(look, 200, ASK_CHANGE, path);
      expect(look.text).not.toContain(address);
    }
    expect((await get('/demo/bare')).status).toBe(401);
    expect((await app().client.get('/demo/bare', { bearer: access_token })).status).toBe(200);
    expectPage(await press(path, { 'sec-fetch-site': 'same-origin', origin: 'null' }), 200, CHANGED);
    expect((await app().client.get('/demo/bare', { bearer: access_token })).status).toBe(401);
    expect((await logIn(address, PASSWORD)).status).toBe(200);

    const back = await undoPath(old);
    for (let look = 0; look < 3; look++) expectPage(await get(back), 200, ASK_UNDO, back);
    expect((await logIn(address, PASSWORD)).status).toBe(200);
    const sessions = (await tokenRows(app(), address, 'session')).length;
    expectPage(await press(back), 200, UNDONE);
    expect(await tokenRows(app(), old, 'session')).toHaveLength(sessions);
    expect((await logIn(address, PASSWORD)).status).toBe(401);
    const reset = `/auth/password-reset/${await emailChanges(app()).mailedLink(old, 'Reset your password')}`;
    expectPage(await get(reset), 200, RESET_FORM, reset);
  });

  it('say after a double click and a reload that it worked, and do nothing more', async () => {
    const [old, address] = ['ec-twice@example.com', 'ec-twice-new@example.com'];
    await app().activeUser(old);
    const path = await changePath(old, address);
    for (const answer of await inParallel(2, () => press(path))) expectPage(answer, 200, CHANGED);
    await again(path, CHANGED, 'confirm');
    const back = await undoPath(old);
    for (const answer of await inParallel(2, () => press(back))) expectPage(answer, 200, UNDONE);
    await again(back, UNDONE, 'undo');
    expect([(await logIn(address, PASSWORD)).status, (await logIn(old, PASSWORD)).status]).toEqual([401, 401]);
    await changeUser(app(), old, { isActive: false });
    for (const answer of [await get(path), await press(path), await get(back), await press(back)]) {
      expectPage(answer, 400, NOT_CHANGED);
    }
  });

  it('say nothing of a change that was undone since, nor of an undoing that a further change has outdated', async () => {
    const [old, address] = ['ec-gone@example.com', 'ec-gone-new@example.com'];
    await app().activeUser(old);
    const path = await changePath(old, address);
    expectPage(await press(path), 200, CHANGED);
    const back = await undoPath(old);
    expectPage(await press(back), 200, UNDONE);
    for (const answer of [await get(path), await press(path)]) expectPage(answer, 400, NOT_CHANGED);
    expectPage(await get(back), 200, UNDONE);
    const reset = `/auth/password-reset/${await emailChanges(app()).mailedLink(old, 'Reset your password')}`;
    expectPage(await app().client.postForm(reset, { new_password: PASSWORD }), 200, RESET_DONE);
    expectPage(await press(await changePath(old, 'ec-gone-newest@example.com')), 200, CHANGED);
    for (const used of [path, back]) {
      for (const answer of [await get(used), await press(used)]) expectPage(answer, 400, NOT_CHANGED);
    }
    expectPage(await get(reset), 400, NOT_RESET);
    expect((await logIn('ec-gone-newest@example.com', PASSWORD)).status).toBe(200);
  });

  async function again(path: string, heading: string, step: 'confirm' | 'undo'): Promise<void> {
    const before = await countTokens(app());
    for (const answer of [await get(path), await press(path)]) {
      expectPage(answer, 200, heading);
      expect(answer.text).toContain(USED_BEFORE);
    }
    const json = await app().client.post(`/auth/email-change/${step}`, { token: path.split('/').at(-1) });
    expect([json.status, json.body.code]).toEqual([409, 'EMAIL_CHANGE_ALREADY_DONE']);
    expect(await countTokens(app())).toBe(before);
  }

  it.each<Record<string, string>>([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
  ])('refuse a press from another site: %o', async (headers) => {
    const old = `ec-${Object.values(headers)[0]!.replace(/\W/g, '')}@example.com`;
    await app().activeUser(old);
    const path = await changePath(old, `new-${old}`);
    expectRefused(await press(path, headers), 403, NOT_CHANGED, FROM_ELSEWHERE);
    expect((await logIn(old, PASSWORD)).status).toBe(200);
    expectPage(await press(path), 200, CHANGED);
    const back = await undoPath(old);
    expectRefused(await press(back, headers), 403, NOT_CHANGED, FROM_ELSEWHERE);
    expect((await logIn(`new-${old}`, PASSWORD)).status).toBe(200);
    expectPage(await press(back), 200, UNDONE);
  });

  it("say 400 to unknown links, to each other's and to those of other purposes, and burn none", async () => {
    const old = 'ec-foreign@example.com';
    await app().activeUser(old);
    const reset = await resetPath(old);
    const path = await changePath(old, 'ec-foreign-new@example.com');
    const token = path.split('/').at(-1)!;
    for (const bad of [UNKNOWN, reset.split('/').at(-1)!]) {
      for (const page of [`/auth/email-change/${bad}`, `/auth/email-change/undo/${bad}`]) {
        expectPage(await get(page), 400, NOT_CHANGED);
        expectPage(await press(page), 400, NOT_CHANGED);
      }
    }
    expectPage(await press(`/auth/email-change/undo/${token}`), 400, NOT_CHANGED);
    expectPage(await get(reset), 200, RESET_FORM, reset);
    expectPage(await press(path), 200, CHANGED);
    expect((await logIn('ec-foreign-new@example.com', PASSWORD)).status).toBe(200);
  });

  it('leave the JSON routes below the same path to JSON', async () => {
    for (const route of ['request', 'confirm', 'undo']) {
      const form = await press(`/auth/email-change/${route}`);
      expect([form.status, form.body.code]).toEqual([415, 'INPUT_UNSUPPORTED_TYPE']);
    }
    const json = await raw().send({
      path: `/auth/email-change/${UNKNOWN}`,
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect([json.status, json.body.code]).toEqual([415, 'INPUT_UNSUPPORTED_TYPE']);
  });
});

/** Where the forms of the pages post, and what their error page is called. */
const FORMS = [
  ['/auth/activate', NOT_ACTIVATED],
  ['/auth/password-reset', NOT_RESET],
  ['/auth/email-change', NOT_CHANGED],
  ['/auth/email-change/undo', NOT_CHANGED],
] as const;

/** "The form is too large.", by the language a browser asks for. */
const TOO_LARGE_IN = {
  en: TOO_LARGE,
  de: 'Das Formular ist zu groß.',
  es: 'El formulario es demasiado grande.',
  fr: 'Le formulaire est trop volumineux.',
  'pt-BR': 'O formulário é grande demais.',
};

describe.each(['express', 'fastify'] as const)('the pages of mode E say why they refuse, with %s', (adapter) => {
  @Injectable()
  class Rules extends AuthHooks {
    static refusal?: Error;

    override beforeEmailChange(): void {
      if (Rules.refusal) throw Rules.refusal;
    }
  }

  const { app, raw } = withPages({ adapter, options: { hooks: Rules, activation: { confirm: true } } });
  const type = { 'content-type': 'application/x-www-form-urlencoded' };

  describe.each(FORMS)('%s/:token', (path, heading) => {
    const form = `${path}/${UNKNOWN}`;
    const press = (body: string, headers: Record<string, string> = {}) =>
      app().client.send(form, { method: 'POST', headers: { ...type, ...headers }, body });

    it.each([
      ['fields twice', 'a=1&a=2'],
      ['names that every object has', '__proto__=1'],
      ['a lone percent sign', 'new_password=%E0%A4%A'],
      ['NUL', 'new_password=a%00b'],
    ])('to a form with %s', async (_, body) => {
      const answer = await press(body);
      expectRefused(answer, 400, heading, UNREADABLE);
      expect(answer.text).not.toContain(UNKNOWN);
    });

    it.each(Object.entries(TOO_LARGE_IN))('to a form that is too large, in %s', async (language, reason) => {
      const answer = await press(`a=${'b'.repeat(17_000)}`, { 'accept-language': language });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([413, 'text/html; charset=utf-8']);
      expect(answer.text).toContain(`<html lang="${language}">`);
      expect(answer.text).toContain(`<p>${reason}</p>`);
    });

    it('while the database is away, and when to try again', async () => {
      const body = 'new_password=a+new+and+rather+long+passphrase';
      await app().dataSource.destroy();
      try {
        const answers = [await press(body), await app().client.get(form)];
        const head = await app().client.send(form, { method: 'HEAD' });
        for (const answer of answers) expectRefused(answer, 503, heading, UNAVAILABLE);
        for (const answer of [...answers, head]) expect(answer.headers.get('retry-after')).toBe('1');
        expect([head.status, head.text]).toEqual([503, '']);
      } finally {
        await app().dataSource.initialize();
      }
    });

    it('and leave JSON to whoever sends something else than a form', async () => {
      const answer = await raw().send({ path: form, headers: { 'content-type': 'text/plain' }, body: 'a' });
      expect([answer.status, answer.body.code]).toEqual([415, 'INPUT_UNSUPPORTED_TYPE']);
      const nothing = await app().client.send(form, { method: 'POST' });
      const isPage = path !== '/auth/activate';
      expect([nothing.status, nothing.headers.get('content-type')!.startsWith('text/html')]).toEqual([400, isPage]);
    });
  });

  // Fastify knows no route for such a path, and answers by itself.
  it.runIf(adapter === 'express')('to a link that does not decode', async () => {
    for (const [path, heading] of FORMS) {
      const answer = await app().client.get(`${path}/%E0%A4%A`);
      expectRefused(answer, 400, heading, UNREADABLE);
      expect(answer.text).not.toContain('%E0');
    }
  });

  it('answer JSON with JSON where an endpoint takes both', async () => {
    const path = `/auth/activate/${UNKNOWN}`;
    const json = { 'content-type': 'application/json' };
    const answers = [
      await app().client.post(path, {}),
      await raw().send({ path, headers: json, body: '{' }),
      await raw().send({ path, headers: json, body: `"${'b'.repeat(17_000)}"` }),
    ];
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
      [400, 'ACTIVATION_INVALID_TOKEN'],
      [400, 'INPUT_MALFORMED'],
      [413, 'INPUT_TOO_LARGE'],
    ]);
  });

  it('and what a hook of the application refuses, whatever it throws', async () => {
    const [old, address] = ['hooked@example.com', 'hooked-new@example.com'];
    await app().activeUser(old);
    const path = `/auth/email-change/${await emailChanges(app()).linkTo(old, address)}`;
    for (const [refusal, status, reason] of [
      [new ForbiddenException('Members keep their address.'), 403, 'Members keep their address.'],
      [new InternalServerErrorException('The directory is away.'), 500, 'The directory is away.'],
      [new AuthError('SERVICE_BUSY'), 503, 'The service is busy; try again in a moment.'],
    ] as const) {
      Rules.refusal = refusal;
      expectRefused(await app().client.postForm(path, {}), status, NOT_CHANGED, reason);
    }
    expect(await userRow(app(), address)).toBeNull();
    Rules.refusal = undefined;
    expectPage(await app().client.postForm(path, {}), 200, CHANGED);
  });
});

describe.each(availableDatabases())('one reset link on %s', (database) => {
  const { app, resetPath, logIn } = withPages({ database });

  it('has one winner among 25 JSON requests and 25 forms', async () => {
    const email = 'race@example.com';
    await app().activeUser(email);
    const path = await resetPath(email);
    const token = path.split('/').at(-1)!;
    const answers = await inParallel(50, (index) =>
      index % 2
        ? app().client.post('/auth/password-reset/confirm', { token, new_password: passwordOf(index) })
        : app().client.postForm(path, { new_password: passwordOf(index) }),
    );
    const logins = await inParallel(50, async (index) => (await logIn(email, passwordOf(index))).status);
    const winner = logins.indexOf(200);
    expect(logins.toSpliced(winner, 1)).toEqual(Array(49).fill(401));
    // A page tells everybody that it worked, JSON tells who made it work.
    for (const [index, { status }] of answers.entries()) {
      expect(status).toBe(index % 2 === 0 || index === winner ? 200 : 409);
    }
    expect(await tokenRows(app(), email, 'password-changed-notice')).toHaveLength(1);
  });
});
