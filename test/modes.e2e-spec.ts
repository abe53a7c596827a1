import type { ModeLetter, ModeName } from 'nestjs-gatehouse';
import { describe, expect, it } from 'vitest';
import type { Answer } from './support/client.js';
import { availableDatabases } from './support/databases.js';
import { tokenIn } from './support/mailbox.js';
import { countTokens, tokenRows } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp, type TestAppOptions } from './support/test-app.js';

const EMAIL = 'ann@example.com';
const NEW_PASSWORD = 'yet another passphrase';

/** What a mode promises: who delivers a link, and where it leads. */
interface ModePromise {
  mode: ModeLetter;
  name: ModeName;
  sendsMail: boolean;
  activation: RegExp | null;
  reset: RegExp | null;
}

const FRONT_END = {
  activation: /^http:\/\/localhost:5173\/activate\?token=([\w-]{64})$/,
  reset: /^http:\/\/localhost:5173\/reset-password\?token=([\w-]{64})$/,
};

const MODES: ModePromise[] = [
  { mode: 'A', name: 'production', sendsMail: true, ...FRONT_END },
  { mode: 'B', name: 'local-smtp', sendsMail: true, ...FRONT_END },
  { mode: 'C', name: 'link-in-response', sendsMail: false, ...FRONT_END },
  { mode: 'D', name: 'auto-activate', sendsMail: false, activation: null, reset: null },
  {
    mode: 'E',
    name: 'backend-pages',
    sendsMail: true,
    activation: /^http:\/\/localhost:3000\/auth\/activate\/([\w-]{64})$/,
    reset: /^http:\/\/localhost:3000\/auth\/password-reset\/([\w-]{64})$/,
  },
];

/** Runs `work` on an application of its own. */
async function withApp(choice: TestAppOptions, work: (t: TestApp) => Promise<void>): Promise<void> {
  const t = await createTestApp(choice);
  try {
    await work(t);
  } finally {
    await t.close();
  }
}

/** The link as its reader gets it: out of the mail, or out of the answer. */
async function linkOf(t: TestApp, { sendsMail }: ModePromise, inBody: string | null, count: number): Promise<string> {
  if (!sendsMail) return inBody!;
  const mail = await t.mailbox.waitFor(EMAIL, count);
  const links = Array.from(mail.text!.matchAll(/https?:\S+/g), ([link]) => link);
  expect(links).toHaveLength(1);
  expect(mail.html).toContain(`href="${links[0]}"`);
  return links[0]!;
}

const signUp = (t: TestApp, prefix = '') =>
  t.client.post(`${prefix}/auth/signup`, { email: EMAIL, password: PASSWORD, name: 'Ann' });

/** Logs in, reads the own account and forgets the password, as every mode lets a user do. */
async function logInAndLook(t: TestApp, password: string, isVerified: boolean): Promise<Answer> {
  const login = await t.client.post('/auth/login', { email: EMAIL, password });
  expect(login.status).toBe(200);
  const me = await t.client.get('/auth/me', { bearer: login.body.access_token });
  expect(me.body).toMatchObject({ email: EMAIL, name: 'Ann', is_active: true, is_verified: isVerified });
  return login;
}

/** Follows the activation link, where the mode has one. */
async function activateByLink(t: TestApp, promise: ModePromise, inBody: string | null): Promise<void> {
  const { activation } = promise;
  if (!activation) return;
  expect((await t.client.post('/auth/login', { email: EMAIL, password: PASSWORD })).status).toBe(401);
  const link = await linkOf(t, promise, inBody, 1);
  expect(link).toMatch(activation);
  const activated = await t.client.post('/auth/activate', { token: activation.exec(link)![1] });
  expect([activated.status, activated.body.token_type]).toEqual([200, 'Bearer']);
}

/** Follows the reset link, where the mode has one; the session from before must end. */
async function resetByLink(t: TestApp, promise: ModePromise, inBody: string | null, bearer: string): Promise<void> {
  const { reset } = promise;
  if (!reset) return;
  const link = await linkOf(t, promise, inBody, 2);
  expect(link).toMatch(reset);
  const token = reset.exec(link)![1];
  const done = await t.client.post('/auth/password-reset/confirm', { token, new_password: NEW_PASSWORD });
  expect([done.status, done.body.token_type]).toEqual([200, 'Bearer']);
  expect((await t.client.get('/auth/me', { bearer })).status).toBe(401);
  expect((await t.client.post('/auth/login', { email: EMAIL, password: PASSWORD })).status).toBe(401);
  await logInAndLook(t, NEW_PASSWORD, true);
}

describe.each(availableDatabases())('on %s', (database) => {
  describe.each(MODES)('mode $mode', (promise) => {
    const { mode, sendsMail, activation } = promise;
    const isOdd = 'ACE'.includes(mode) === (database === 'postgres');
    const choice: TestAppOptions = { mode, database, adapter: isOdd ? 'fastify' : 'express', integerKeys: isOdd };

    it('completes signup, link, login, profile and password reset', async () => {
      await withApp(choice, async (t) => {
        const { status, body } = await signUp(t);
        expect(status).toBe(201);
        expect(Object.keys(body)).toEqual(
          expect.arrayContaining(['user_id', 'activation_required', 'activation_url', 'access_token', 'refresh_token']),
        );
        expect(body.user_id === null).toBe(sendsMail);
        expect(body.activation_required).toBe(activation !== null);
        expect(body.activation_url !== null).toBe(mode === 'C');
        expect(body.access_token !== null).toBe(mode === 'D');
        expect(body.refresh_token !== null).toBe(mode === 'D');

        await activateByLink(t, promise, body.activation_url);
        const login = await logInAndLook(t, PASSWORD, activation !== null);

        const requested = await t.client.post('/auth/password-reset/request', { email: EMAIL });
        expect([requested.status, requested.body.reset_url !== null]).toEqual([202, mode === 'C']);
        await resetByLink(t, promise, requested.body.reset_url, login.body.access_token);
        if (sendsMail) await t.mailbox.waitFor(EMAIL, 3);
        expect(t.mailbox.mails).toHaveLength(sendsMail ? 3 : 0);
        expect(await tokenRows(t, EMAIL, 'password-changed-notice')).toHaveLength(sendsMail ? 1 : 0);
        expect(t.logs.lines.join('\n')).not.toMatch(/[\w-]{64}|eyJ|correct horse|yet another|argon2id/);
      });
    });
  });
});

describe.each(MODES)('mode $mode by its name, $name', (promise) => {
  const { name, mode } = promise;
  it('is the same mode', async () => {
    const options = { mode: name, ...(mode === 'E' && { publicUrl: 'http://localhost:3000' }) };
    await withApp({ options }, async (t) => {
      expect(t.logs.lines.join('\n')).toContain(`mode=${mode} (${name})`);
      const { body } = await signUp(t);
      expect([body.activation_url !== null, body.access_token !== null]).toEqual([mode === 'C', mode === 'D']);
      await activateByLink(t, promise, body.activation_url);
    });
  });
});

describe.each(['express', 'fastify'] as const)('below a global prefix, with %s', (adapter) => {
  it('mode E mails links to its pages as they are mounted, and they work', async () => {
    const options = { publicUrl: 'https://api.example.com' };
    await withApp({ mode: 'E', adapter, globalPrefix: 'api/v1', options }, async (t) => {
      expect((await signUp(t)).status).toBe(404);
      expect((await signUp(t, '/api/v1')).status).toBe(201);
      const mail = await t.mailbox.waitFor(EMAIL);
      const path = `/api/v1/auth/activate/${tokenIn(mail)}`;
      expect(mail.text).toContain(`https://api.example.com${path}\n`);
      const page = await t.client.get(path);
      expect([page.status, page.headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(page.text).toContain('Your account is active');

      await t.client.post('/api/v1/auth/password-reset/request', { email: EMAIL });
      const resetMail = await t.mailbox.waitFor(EMAIL, 2);
      const resetPath = `/api/v1/auth/password-reset/${tokenIn(resetMail)}`;
      expect(resetMail.text).toContain(`https://api.example.com${resetPath}\n`);
      expect((await t.client.get(resetPath)).text).toContain(`<form method="post" action="${resetPath}">`);
      const form = await t.client.postForm(resetPath, { new_password: NEW_PASSWORD });
      expect(form.text).toContain('Your password is changed');
      const login = await t.client.post('/api/v1/auth/login', { email: EMAIL, password: NEW_PASSWORD });
      expect(login.status).toBe(200);
    });
  });

  it('mode A mails links to the front end all the same', async () => {
    const activation = { urlTemplate: 'https://app.example.com/#/activate?token={token}&from=mail' };
    await withApp({ mode: 'A', adapter, globalPrefix: '/api/v1/', options: { activation } }, async (t) => {
      await signUp(t, '/api/v1');
      const mail = await t.mailbox.waitFor(EMAIL);
      const token = tokenIn(mail);
      expect(mail.text).toContain(`https://app.example.com/#/activate?token=${token}&from=mail\n`);
      expect((await t.client.post(`/api/v1/auth/activate/${token}`)).status).toBe(200);
    });
  });
});

describe.each(MODES.filter(({ mode }) => mode !== 'E'))('mode $mode', ({ mode }) => {
  it('has no pages, and takes no form where it has routes', async () => {
    await withApp({ mode }, async (t) => {
      await signUp(t);
      const rows = await countTokens(t);
      const token = 'A'.repeat(64);
      expect((await t.client.get(`/auth/activate/${token}`)).status).toBe(404);
      expect((await t.client.get(`/auth/password-reset/${token}`)).status).toBe(404);
      expect((await t.client.postForm(`/auth/password-reset/${token}`, { new_password: NEW_PASSWORD })).status).toBe(
        404,
      );
      expect((await t.client.postForm(`/auth/activate/${token}`, { a: 'b' })).status).toBe(415);
      expect(await countTokens(t)).toBe(rows);
    });
  });
});

describe('mode A with the links in the answers as well', () => {
  it('mails each link at once, the same as in the answer, and does not wait for the poll', async () => {
    const options = { returnLinkInResponse: true, mail: { pollSeconds: 3600 } };
    await withApp({ mode: 'A', options }, async (t) => {
      const arrived = async (count: number) =>
        /http:\S+token=\S+/.exec((await t.mailbox.waitFor(EMAIL, count)).text!)?.[0];
      const signup = await signUp(t);
      expect(signup.body.activation_url).toBe(await arrived(1));
      const resend = await t.client.post('/auth/activation/resend', { email: EMAIL });
      expect(resend.body.activation_url).toBe(await arrived(2));
      const reset = await t.client.post('/auth/password-reset/request', { email: EMAIL });
      expect(reset.body.reset_url).toBe(await arrived(3));
    });
  });
});
