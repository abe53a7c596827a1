import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { flawsOf, hasBrowser, launchBrowser } from './support/browser.js';
import { newKeyPair } from './support/key-pair.js';
import { tokenIn } from './support/mailbox.js';
import { SampleVisitor } from './support/sample-visitor.js';
import { mailedLink, type Sample, startSample, statusOf } from './support/sample-app.js';
import { PASSWORD } from './support/test-app.js';

const NEW_PASSWORD = 'a new and rather long passphrase';
const WRONG_PASSWORD = 'not the password of anybody';

const [first = 'express', last = first] = (['express', 'fastify'] as const).filter((name) =>
  inject('legs').available.includes(name),
);

let browser: Browser;

const arrive = (link: string): Promise<SampleVisitor> =>
  SampleVisitor.arrive(browser, link, [PASSWORD, NEW_PASSWORD, WRONG_PASSWORD]);

describe.skipIf(!hasBrowser())('the owner of an account, in Chromium', () => {
  let sample: Sample;

  beforeAll(async () => {
    [sample, browser] = await Promise.all([startSample({ AUTH_MODE: 'B', HTTP_ADAPTER: first }), launchBrowser()]);
  });
  afterAll(() => Promise.all([browser?.close(), sample?.stop()]));

  /** An account that was activated elsewhere, and a tab in which its owner has logged in. */
  async function signedIn(email: string): Promise<{ tab: SampleVisitor; access: string; elsewhere: string }> {
    await sample.app.client.post('/auth/signup', { email, password: PASSWORD, name: 'Owner' });
    const token = tokenIn(await sample.mailbox.waitFor(email));
    const elsewhere: string = (await sample.app.client.post('/auth/activate', { token })).body.access_token;
    const tab = await arrive(sample.origin);
    await tab.fill('login', { 'E-mail address': email, Password: PASSWORD });
    const { status, body } = await tab.press('login');
    expect(status).toBe(200);
    return { tab, access: body.access_token, elsewhere };
  }

  it('states a language and a username at signup, gets the mails in it, edits the profile, and logs in by name', async () => {
    const email = 'sprache@example.org';
    const visitor = await arrive(sample.origin);
    await visitor.fill('signup', { 'E-mail address': email, Password: PASSWORD, Username: 'Zoe.1' });
    await visitor.choose('signup', 'Language of your mails', 'de');
    expect((await visitor.press('signup')).status).toBe(201);
    const mail = await sample.mailbox.waitFor(email);
    expect(mail.html).toContain('lang="de"');
    await visitor.follow(mailedLink(mail, sample));
    expect((await visitor.press('activate')).status).toBe(200);

    expect((await visitor.press('me')).body).toMatchObject({ email, username: 'zoe.1', name: null, locale: 'de' });
    expect((await visitor.press('editProfile')).says).toContain('Nothing was edited');
    await visitor.fill('editProfile', { Name: 'Zoë' });
    const edited = await visitor.press('editProfile');
    expect([edited.status, edited.body.name, edited.says]).toEqual([
      200,
      'Zoë',
      expect.stringContaining('Saved: name.'),
    ]);
    await visitor.fill('editProfile', { Name: 'x'.repeat(101) });
    expect((await visitor.press('editProfile')).status).toBe(400);
    expect(await visitor.page.locator('#profile-name-problem').innerText()).toContain('at most 100');
    await visitor.fill('editProfile', { Name: '' });
    expect((await visitor.press('editProfile')).body.name).toBeNull();
    await visitor.choose('editProfile', 'Language of your mails', 'fr');
    expect((await visitor.press('editProfile')).body.locale).toBe('fr');
    expect((await visitor.press('protected')).body.message).toBe(`Hello, ${email}.`);
    await visitor.fill('login', { 'E-mail address': '', Username: 'ZOE.1', Password: PASSWORD });
    expect((await visitor.press('login')).status).toBe(200);
    expect(await visitor.leave()).toEqual([]);
  });

  it('changes the password, which ends every other session and not this one', async () => {
    const email = 'changer@example.org';
    const { tab, access, elsewhere } = await signedIn(email);
    await tab.fill('changePassword', { 'Current password': WRONG_PASSWORD, 'New password': NEW_PASSWORD });
    const refused = await tab.press('changePassword');
    expect([refused.status, refused.says]).toEqual([400, expect.stringContaining('PASSWORD_CURRENT_WRONG')]);
    await tab.fill('changePassword', { 'Current password': PASSWORD, 'New password': 'short' });
    expect((await tab.press('changePassword')).says).toContain('PASSWORD_REJECTED');
    expect(await tab.page.locator('#change-new-problem').isVisible()).toBe(true);
    expect(await statusOf(sample, elsewhere)).toBe(200);

    await tab.fill('changePassword', { 'Current password': PASSWORD, 'New password': NEW_PASSWORD });
    const changed = await tab.press('changePassword');
    expect([changed.status, changed.says]).toEqual([204, expect.stringContaining('this one goes on')]);
    expect(await Promise.all([access, elsewhere].map((token) => statusOf(sample, token)))).toEqual([200, 401]);
    expect(await tab.page.locator('#change-new').inputValue()).toBe('');
    expect(await tab.leave()).toEqual([]);
    expect((await sample.app.client.post('/auth/login', { email, password: PASSWORD })).status).toBe(401);
    expect((await sample.app.client.post('/auth/login', { email, password: NEW_PASSWORD })).status).toBe(200);
  });

  it('sees every device, ends one of them, and then the own session', async () => {
    const { tab, access, elsewhere } = await signedIn('devices@example.org');
    expect((await tab.press('listSessions')).says).toContain('Signed in on 2 devices.');
    const other = tab.page.locator('#devices li[data-current="false"]');
    expect([await other.count(), await tab.page.locator('#devices li').first().innerText()]).toEqual([
      1,
      expect.stringContaining('This device'),
    ]);
    const ended = await tab.press('endSession', other.locator('button'));
    expect([ended.status, ended.says, await other.count()]).toEqual([204, expect.stringContaining('signed out'), 0]);
    expect(await Promise.all([access, elsewhere].map((token) => statusOf(sample, token)))).toEqual([200, 401]);
    expect((await tab.press('listSessions')).says).toContain('on this device only');
    await tab.press('endSession');
    expect([await tab.isSignedIn(), await tab.page.locator('#devices li').count()]).toEqual([false, 0]);
    expect(await statusOf(sample, access)).toBe(401);
    expect(await tab.leave()).toEqual([]);
  });

  it('exports everything into a file, and deletes the account', async () => {
    const email = 'leaver@example.org';
    const { tab, access } = await signedIn(email);
    await tab.press('me');
    expect((await tab.press('exportAccount')).status).toBe(200);
    const [download] = await Promise.all([
      tab.page.waitForEvent('download'),
      tab.outcome('exportAccount').getByRole('link', { name: 'Save account.json' }).click(),
    ]);
    const file = JSON.parse(await readFile(await download.path(), 'utf8')) as { account: unknown; sessions: unknown[] };
    expect([file.account, file.sessions.length]).toEqual([expect.objectContaining({ email, name: 'Owner' }), 2]);
    expect(JSON.stringify(file)).not.toContain('$argon2id$');

    await tab.fill('deleteAccount', { 'Current password': WRONG_PASSWORD });
    expect((await tab.press('deleteAccount')).says).toContain('PASSWORD_CURRENT_WRONG');
    expect(await statusOf(sample, access)).toBe(200);
    await tab.fill('deleteAccount', { 'Current password': PASSWORD });
    expect((await tab.press('deleteAccount')).status).toBe(204);
    expect([await tab.isSignedIn(), await statusOf(sample, access)]).toEqual([false, 401]);
    // Nothing of the account stays behind in the page.
    expect(await tab.page.locator('#profile-name').inputValue()).toBe('');
    expect((await sample.app.client.post('/auth/login', { email, password: PASSWORD })).status).toBe(401);
    expect(await tab.leave()).toEqual([]);
  });

  it('moves to another address by the mailed link, and back by the link the old address got', async () => {
    const [email, moved] = ['mover@example.org', 'moved@example.org'];
    const { tab, access } = await signedIn(email);
    await tab.fill('requestEmailChange', { 'New e-mail address': moved, 'Current password': WRONG_PASSWORD });
    expect((await tab.press('requestEmailChange')).says).toContain('PASSWORD_CURRENT_WRONG');
    await tab.fill('requestEmailChange', { 'Current password': PASSWORD });
    expect((await tab.press('requestEmailChange')).says).toContain('Look in your inbox');
    expect(await statusOf(sample, access)).toBe(200);

    await tab.follow(mailedLink(await sample.mailbox.waitFor(moved), sample));
    expect(await tab.outcome('confirmEmailChange').innerText()).toContain('nothing was sent yet');
    const confirmed = await tab.press('confirmEmailChange');
    expect([confirmed.status, confirmed.body.email, confirmed.body.undo_url]).toEqual([200, moved, null]);
    expect([await tab.isSignedIn(), await statusOf(sample, access)]).toEqual([false, 401]);
    for (const [address, status] of [
      [email, 401],
      [moved, 200],
    ] as const) {
      await tab.fill('login', { 'E-mail address': address, Password: PASSWORD });
      expect([address, (await tab.press('login')).status]).toEqual([address, status]);
    }

    await tab.follow(mailedLink(await sample.mailbox.waitFor(email, 2), sample));
    const undone = await tab.press('undoEmailChange');
    expect([undone.status, undone.body.email, await tab.isSignedIn()]).toEqual([200, email, false]);
    await tab.follow(mailedLink(await sample.mailbox.waitFor(email, 3), sample));
    await tab.fill('confirmPasswordReset', { 'New password': NEW_PASSWORD });
    expect([(await tab.press('confirmPasswordReset')).status, (await tab.press('me')).body.email]).toEqual([
      200,
      email,
    ]);
    expect(await tab.leave()).toEqual([]);
  });

  it('has the role that the hook put into the token, and learns of a ban at login', async () => {
    const email = 'banned@example.org';
    const { tab } = await signedIn(email);
    expect((await tab.press('role')).body).toEqual({ role: 'member' });
    await tab.press('logout');
    const database = await new DataSource(sample.database.options).initialize();
    await database.query('UPDATE users SET is_banned = true WHERE email = ?', [email]);
    const trail = await database.query(
      'SELECT event FROM auth_events WHERE user_id = (SELECT id FROM users WHERE email = ?)',
      [email],
    );
    await database.destroy();
    expect(trail.map(({ event }: { event: string }) => event)).toEqual(
      expect.arrayContaining(['user_created', 'user_activated', 'authn_login_success', 'session_expired']),
    );
    await tab.fill('login', { 'E-mail address': email, Password: PASSWORD });
    const refused = await tab.press('login');
    expect([refused.status, refused.says]).toEqual([403, expect.stringContaining('LOGIN_REFUSED')]);
    await tab.fill('login', { 'E-mail address': email, Password: WRONG_PASSWORD });
    expect((await tab.press('login')).body.code).toBe('LOGIN_INVALID_CREDENTIALS');
    expect(await tab.isSignedIn()).toBe(false);
    expect(await tab.leave()).toEqual([]);
  });

  it('is legible with every form open, narrow and wide, light and dark', async () => {
    const { tab } = await signedIn('reader@example.org');
    await tab.press('listSessions');
    await tab.page.evaluate(
      `document.querySelectorAll('details').forEach((d) => { d.removeAttribute('name'); d.open = true; })`,
    );
    expect(await flawsOf(tab.page)).toEqual([]);
    expect(await tab.leave()).toEqual([]);
  });
});

describe.skipIf(!hasBrowser())('the page, in Chromium', () => {
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  it('knows no token with cookie delivery, stays signed in over a reload, and logs out for good', async () => {
    const sample = await startSample({ AUTH_MODE: 'D', AUTH_TOKEN_DELIVERY: 'cookie', HTTP_ADAPTER: last });
    const tab = await arrive(sample.origin);
    await tab.fill('signup', { 'E-mail address': 'cookie@example.org', Password: PASSWORD });
    const { body } = await tab.press('signup');
    expect([body.access_token, body.refresh_token, await tab.isSignedIn()]).toEqual([null, null, true]);
    expect((await tab.press('protected')).says).toContain('Let in');
    await tab.page.reload();
    await tab.page.locator('#banner').waitFor();
    expect(await tab.isSignedIn()).toBe(true);
    expect((await tab.press('me')).body.email).toBe('cookie@example.org');
    expect((await tab.press('refresh')).status).toBe(200);
    await tab.fill('changePassword', { 'Current password': PASSWORD, 'New password': NEW_PASSWORD });
    expect((await tab.press('changePassword')).status).toBe(204);
    expect((await tab.press('logout')).status).toBe(204);
    expect([await tab.isSignedIn(), (await tab.press('me')).status]).toEqual([false, 401]);
    expect(await tab.page.context().cookies()).toEqual([]);
    await tab.page.reload();
    await tab.page.locator('#banner').waitFor();
    expect(await tab.isSignedIn()).toBe(false);
    expect(await tab.leave()).toEqual([]);
    await sample.stop();
  });

  it.each([first, last])('finds routes of the preset forge and published keys below api/v1, on %s', async (adapter) => {
    const keys = { JWT_ALGORITHM: 'ES256', JWT_PRIVATE_KEY: newKeyPair('ES256').privateKey };
    const sample = await startSample({ AUTH_MODE: 'C', AUTH_ROUTES: 'forge', HTTP_ADAPTER: adapter, ...keys });
    const tab = await arrive(sample.origin);
    const published = new URL((await tab.page.locator('#banner a').getAttribute('href'))!).pathname;
    expect(published).toBe('/api/v1/.well-known/jwks.json');
    expect((await sample.app.client.get(published)).body.keys).toHaveLength(1);
    const description = (await sample.app.client.get('/openapi.json')).body.paths;
    expect(Object.keys(description)).toEqual(expect.arrayContaining(['/api/v1/users/me', '/api/v1/demo/role']));
    expect(await tab.page.locator('[data-call="me"] code').innerText()).toBe('GET /api/v1/users/me');
    await tab.fill('signup', { 'E-mail address': 'forge@example.org', Password: PASSWORD });
    expect((await tab.press('signup')).status).toBe(201);
    await tab.outcome('signup').getByRole('link').first().click();
    expect((await tab.press('activate')).status).toBe(200);
    for (const call of ['me', 'refresh', 'listSessions', 'protected', 'role', 'exportAccount', 'logoutAll']) {
      expect([call, (await tab.press(call)).status]).toEqual([call, call === 'logoutAll' ? 204 : 200]);
    }
    expect((await sample.app.client.get('/auth/me')).status).toBe(404);
    expect(await tab.leave()).toEqual([]);
    await sample.stop();
  });

  it('shows at level basic only what there is', async () => {
    const sample = await startSample({ AUTH_LEVEL: 'basic', HTTP_ADAPTER: first });
    const tab = await arrive(sample.origin);
    for (const call of ['refresh', 'activate', 'requestPasswordReset', 'listSessions', 'changePassword']) {
      expect([call, await tab.page.locator(`[data-call="${call}"]`).isVisible()]).toEqual([call, false]);
    }
    await tab.fill('signup', { 'E-mail address': 'basic@example.org', Password: PASSWORD });
    expect([(await tab.press('signup')).status, await tab.isSignedIn()]).toEqual([201, true]);
    expect([(await tab.press('me')).status, (await tab.press('protected')).status]).toEqual([200, 200]);
    expect(await tab.leave()).toEqual([]);
    await sample.stop();
  });
});
