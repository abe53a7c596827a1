import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthService } from 'nestjs-gatehouse';
import { type Answer, inParallel, visible } from './support/client.js';
import { stacks } from './support/stacks.js';
import { User, UserToken } from './support/users-plain.js';
import { tokenIn } from './support/mailbox.js';
import { changeUser, tokenRows, userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const NEW_PASSWORD = 'a quite different passphrase';
const RESET_SUBJECT = 'Reset your password';

/** What the tests do to a forgotten password, on one application. */
function actions(t: TestApp) {
  const mailsTo = (email: string, subject: string) => t.mailbox.to(email).filter((mail) => mail.subject === subject);
  return {
    request: (email: string) => t.client.post('/auth/password-reset/request', { email }),
    confirm: (token: unknown, new_password: unknown = NEW_PASSWORD) =>
      t.client.post('/auth/password-reset/confirm', { token, new_password }),
    login: (email: string, password: string) => t.client.post('/auth/login', { email, password }),
    access: async (bearer: string) => (await t.client.get('/demo/bare', { bearer })).status,
    /** Asks for a link and takes it out of the mail. */
    link: async (email: string) => {
      await t.client.post('/auth/password-reset/request', { email });
      await t.mailIsDone();
      return tokenIn(mailsTo(email, RESET_SUBJECT).at(-1)!);
    },
    /** How many mails of a kind were sent to an address, once all have arrived. */
    mails: async (email: string) => {
      await t.mailIsDone();
      return {
        links: mailsTo(email, RESET_SUBJECT).length,
        notices: mailsTo(email, 'Your password was changed').length,
      };
    },
    deactivate: (email: string) => t.dataSource.getRepository(User).update({ email }, { isActive: false }),
  };
}

function expectDone(answer: Answer): void {
  expect([answer.status, answer.body]).toEqual([
    409,
    {
      statusCode: 409,
      code: 'PASSWORD_RESET_ALREADY_DONE',
      message: 'The password was already set with this link.',
    },
  ]);
}

function expectRefused(answer: Answer): void {
  expect([answer.status, answer.body]).toEqual([
    400,
    {
      statusCode: 400,
      code: 'PASSWORD_RESET_INVALID_TOKEN',
      message: 'The password reset link is invalid or has expired.',
    },
  ]);
  expect(answer.headers.get('cache-control')).toBe('no-store');
}

describe.each(stacks())('password reset on $database with $adapter', ({ database, adapter }) => {
  let t: TestApp;
  let on: ReturnType<typeof actions>;
  beforeAll(async () => {
    t = await createTestApp({ database, adapter });
    on = actions(t);
  });
  afterAll(() => t.close());

  it('answers every address alike, and mails a link to those with an account that is not deactivated', async () => {
    await t.activeUser('known@example.com');
    await t.activeUser('off@example.com');
    await on.deactivate('off@example.com');
    await t.client.post('/auth/signup', { email: 'pending@example.com', password: PASSWORD });
    const answers = [];
    for (const who of ['unknown', 'known', 'pending', 'off']) answers.push(await on.request(`${who}@example.com`));
    expect(answers[0]?.status).toBe(202);
    expect(answers[0]?.body).toEqual({ message: expect.any(String), reset_url: null });
    expect(answers[0]?.headers.get('cache-control')).toBe('no-store');
    for (const answer of answers) expect(visible(answer)).toEqual(visible(answers[0]!));
    expect((await on.mails('known@example.com')).links).toBe(1);
    expect((await on.mails('pending@example.com')).links).toBe(1);
    expect((await on.mails('off@example.com')).links).toBe(0);
    expect(t.mailbox.to('unknown@example.com')).toEqual([]);
    // Asking changes nothing yet.
    expect((await on.login('known@example.com', PASSWORD)).status).toBe(200);
  });

  it('ends no link of an account that it sends none to', async () => {
    const email = 'resting@example.com';
    await t.activeUser(email);
    const token = await on.link(email);
    // By the application itself, which ends no link.
    await on.deactivate(email);
    expect((await on.request(email)).status).toBe(202);
    await changeUser(t, email, { isActive: true });
    expect((await on.confirm(token)).status).toBe(200);
  });

  it('sets the new password, ends every session, and tells the user once', async () => {
    const first = await t.activeUser('forgot@example.com');
    const { body: second } = await on.login('forgot@example.com', PASSWORD);
    const stranger = await t.activeUser('stranger@example.com');
    const answer = await on.confirm(await on.link('forgot@example.com'));
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body)).toEqual(['access_token', 'refresh_token', 'token_type', 'expires_in']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await on.access(answer.body.access_token)).toBe(200);
    for (const old of [first, second]) {
      expect(await on.access(old.access_token)).toBe(401);
      const refreshed = await t.client.post('/auth/refresh', { refresh_token: old.refresh_token });
      expect(refreshed.status).toBe(401);
    }
    expect((await on.login('forgot@example.com', PASSWORD)).status).toBe(401);
    expect((await on.login('forgot@example.com', NEW_PASSWORD)).status).toBe(200);
    expect(await on.mails('forgot@example.com')).toEqual({ links: 1, notices: 1 });

    expect(await on.access(stranger.access_token)).toBe(200);
    expect((await on.login('stranger@example.com', PASSWORD)).status).toBe(200);
    expect(await on.mails('stranger@example.com')).toEqual({ links: 0, notices: 0 });
  });

  it('activates a pending account, and whoever signed up with that address first loses it', async () => {
    const email = 'hijacked@example.com';
    await t.client.post('/auth/signup', { email, password: 'the passphrase of a squatter' });
    const activationLink = tokenIn(await t.mailbox.waitFor(email));
    const { body } = await on.confirm(await on.link(email));
    const me = await t.client.get('/auth/me', { bearer: body.access_token });
    expect(me.body).toMatchObject({ email, is_active: true, is_verified: true });
    expect((await t.client.post('/auth/activate', { token: activationLink })).status).toBe(400);
    expect((await on.login(email, 'the passphrase of a squatter')).status).toBe(401);
    expect((await on.login(email, NEW_PASSWORD)).status).toBe(200);
    expect(await on.access(body.access_token)).toBe(200);
  });

  it('refuses a replaced, expired, foreign or invented link alike, tells that a used one did its work, and changes nothing', async () => {
    const email = 'links@example.com';
    await t.activeUser(email);
    const [replaced, used] = [await on.link(email), await on.link(email)];
    expectRefused(await on.confirm(replaced));
    expect((await on.confirm(used, PASSWORD)).status).toBe(200);
    const lastOfDeactivated = await (async () => {
      await t.activeUser('gone@example.com');
      const link = await on.link('gone@example.com');
      await on.deactivate('gone@example.com');
      return link;
    })();
    await t.client.post('/auth/signup', { email: 'waiting@example.com', password: PASSWORD });
    const activationLink = tokenIn(await t.mailbox.waitFor('waiting@example.com'));
    const expired = await on.link(email);
    t.clock.advance({ seconds: 3601 });
    const live = await on.link(email);
    // An expired link is replaced as well; its own age is what the last line of this test looks at.
    const links = [replaced, expired, lastOfDeactivated, activationLink, '', 'x', 'A'.repeat(64), `${live}=`];
    const answers = [];
    for (const link of [...links, live.slice(0, 63), live.toUpperCase(), ` ${live}`])
      answers.push(await on.confirm(link));
    for (const answer of answers) {
      expectRefused(answer);
      expect(visible(answer)).toEqual(visible(answers[0]!));
    }
    expectDone(await on.confirm(used));
    for (const link of [undefined, null, 1, {}, { $gt: '' }, [live]]) {
      expect((await on.confirm(link)).body).toMatchObject({ statusCode: 400, code: 'INPUT_INVALID' });
    }
    expect((await on.login(email, PASSWORD)).status).toBe(200);
    expect((await on.mails(email)).notices).toBe(1);
    // The account of the foreign link is still waiting for it.
    expect((await t.client.post('/auth/activate', { token: activationLink })).status).toBe(200);
    t.clock.advance({ seconds: 3601 });
    expectRefused(await on.confirm(live));
  });

  /** The links of an address that would set a password: what the policy refuses uses none up. */
  async function working(email: string): Promise<string[]> {
    await t.mailIsDone();
    const links = t.mailbox.to(email).filter(({ subject }) => subject === RESET_SUBJECT);
    const tokens = links.map(tokenIn);
    const answers = await inParallel(tokens.length, (index) => on.confirm(tokens[index], 'short'));
    expect(new Set(answers.map(({ body }) => body.code))).toContain('PASSWORD_REJECTED');
    return tokens.filter((_, index) => answers[index]!.body.code !== 'PASSWORD_RESET_INVALID_TOKEN');
  }

  it('of 20 parallel requests leaves exactly one link that works', async () => {
    const email = 'twenty@example.com';
    await t.activeUser(email);
    const answers = await inParallel(20, () => on.request(email));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(202));
    expect(await tokenRows(t, email, 'password-reset')).toHaveLength(20);
    // Of mails that went out: those that were outdated before the worker came to them are not sent.
    const live = await working(email);
    expect(live).toHaveLength(1);
    expect((await on.confirm(live[0])).status).toBe(200);
  });

  it('works by the link that was asked for last, whoever asked for it and whatever became of the others', async () => {
    const email = 'newest@example.com';
    await t.activeUser(email);
    const older = await on.link(email);
    const newer = await on.link(email);
    expect(await working(email)).toEqual([newer]);
    const { id } = (await userRow(t, email))!;
    const returned = await t.app.get(AuthService).issueLink(id, { deliver: 'return' });
    const operators = /[\w-]{64}$/.exec(returned!)![0];
    for (const link of [older, newer]) expectRefused(await on.confirm(link));
    expect((await on.confirm(operators)).status).toBe(200);
    for (const link of [older, newer]) expectRefused(await on.confirm(link));
    const next = await on.link(email);
    expectDone(await on.confirm(operators, PASSWORD));
    expect(await working(email)).toEqual([next]);
    expect((await on.confirm(next)).status).toBe(200);
  });

  it('lives up to its last second, and survives a password the policy refuses', async () => {
    const email = 'gwendolyn@example.com';
    await t.activeUser(email);
    const link = await on.link(email);
    t.clock.advance({ seconds: 3590 });
    for (const password of ['short', 'gwendolyn@example.com', 'Gwendolyn1234', 'passwordpassword', 'x'.repeat(129)]) {
      const answer = await on.confirm(link, password);
      expect([password, answer.status, answer.body.code]).toEqual([password, 400, 'PASSWORD_REJECTED']);
      expect(answer.body.errors).toMatchObject([{ field: 'new_password' }]);
      expect(answer.text).not.toContain(password);
    }
    expect((await on.login(email, PASSWORD)).status).toBe(200);
    expect((await on.confirm(link)).status).toBe(200);
  });

  it('refuses a body that names a user, and affects neither', async () => {
    await t.activeUser('one@example.com');
    const two = await t.activeUser('two@example.com');
    const link = await on.link('one@example.com');
    const extras = [{ user_id: two.user_id }, { userId: two.user_id }, { email: 'two@example.com' }, { id: 1 }];
    for (const extra of extras) {
      const body = { token: link, new_password: NEW_PASSWORD, ...extra };
      expect((await t.client.post('/auth/password-reset/confirm', body)).body.code).toBe('INPUT_INVALID');
    }
    const lists = { email: ['one@example.com', 'two@example.com'] };
    expect((await t.client.post('/auth/password-reset/request', lists)).status).toBe(400);
    expect((await on.login('one@example.com', PASSWORD)).status).toBe(200);
    expect((await on.login('two@example.com', PASSWORD)).status).toBe(200);
    expect(await on.mails('two@example.com')).toEqual({ links: 0, notices: 0 });
    expect((await on.confirm(link)).status).toBe(200);
    expect((await on.login('two@example.com', PASSWORD)).status).toBe(200);
  });

  it('accepts the current password as the new one, which ends the sessions all the same', async () => {
    const { access_token } = await t.activeUser('same@example.com');
    expect((await on.confirm(await on.link('same@example.com'), PASSWORD)).status).toBe(200);
    expect(await on.access(access_token)).toBe(401);
    expect((await on.login('same@example.com', PASSWORD)).status).toBe(200);
  });
});

describe('password reset with loginAfterReset: false', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({ options: { passwordReset: { loginAfterReset: false } } });
  });
  afterAll(() => t.close());

  it('answers 204 and opens no session', async () => {
    const email = 'later@example.com';
    await t.activeUser(email);
    const on = actions(t);
    const answer = await on.confirm(await on.link(email));
    expect([answer.status, answer.text, answer.headers.get('cache-control')]).toEqual([204, '', 'no-store']);
    const sessions = await t.dataSource.getRepository(UserToken).findBy({ purpose: 'session' });
    expect(sessions.every(({ revokedAt }) => revokedAt !== null)).toBe(true);
    expect((await on.login(email, NEW_PASSWORD)).status).toBe(200);
  });
});

describe.each(['express', 'fastify'] as const)('password reset in mode C with %s', (adapter) => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({ mode: 'C', adapter });
  });
  afterAll(() => t.close());

  it('puts the link in the answer for an address with an account only, and sends no mail', async () => {
    await t.activeUser('c@example.com');
    const on = actions(t);
    expect((await on.request('unknown@example.com')).body.reset_url).toBeNull();
    const { status, body } = await on.request('c@example.com');
    expect(status).toBe(202);
    expect(body.reset_url).toMatch(/^http:\/\/localhost:5173\/reset-password\?token=[\w-]{64}$/);
    expect((await on.confirm(body.reset_url.slice(-64))).status).toBe(200);
    await on.deactivate('c@example.com');
    expect((await on.request('c@example.com')).body.reset_url).toBeNull();
    await t.mailIsDone();
    expect(t.mailbox.mails).toEqual([]);
  });
});
