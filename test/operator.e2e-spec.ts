import { setImmediate as nextTurn } from 'node:timers/promises';
import { AuthService } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { availableDatabases } from './support/databases.js';
import { User } from './support/users-plain.js';
import { tokenIn } from './support/mailbox.js';
import { changeUser, tokenRows, userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';
import { stacks } from './support/stacks.js';

const NEW_PASSWORD = 'another fine passphrase';

const bare = async (app: TestApp, bearer: string) => (await app.client.get('/demo/bare', { bearer })).status;

describe.each(stacks())('operators on $database, integer keys: $integerKeys', (stack) => {
  let t: TestApp;
  /** Another instance on the same database. */
  let other: TestApp;
  let auth: AuthService;
  const post = (path: string, body: object) => t.client.post(path, body);
  const logIn = (email: string, password = PASSWORD) => post('/auth/login', { email, password });
  const idOf = async (email: string) => (await userRow(t, email))!.id;

  beforeAll(async () => {
    t = await createTestApp(stack);
    other = await createTestApp({ ...stack, on: t.database });
    auth = t.app.get(AuthService);
  });
  afterAll(async () => {
    await other.close();
    await t.close();
  });

  it('deactivate on the very next request, in every instance, and leave other accounts alone', async () => {
    const { access_token, refresh_token } = await t.activeUser('off@example.com');
    const neighbour = await t.activeUser('neighbour@example.com');
    expect([await bare(t, access_token), await bare(other, access_token)]).toEqual([200, 200]);
    expect(await auth.deactivate(await idOf('off@example.com'))).toBe(true);
    expect([await bare(t, access_token), await bare(other, access_token)]).toEqual([401, 401]);
    expect((await other.client.post('/auth/refresh', { refresh_token })).status).toBe(401);
    expect((await logIn('off@example.com')).status).toBe(401);
    expect(await bare(other, neighbour.access_token)).toBe(200);
    expect(await auth.deactivate(await idOf('off@example.com'))).toBe(false);
  });

  it('reactivate; the password is good again, and what ended stays ended', async () => {
    const { access_token } = await t.activeUser('back@example.com');
    const id = await idOf('back@example.com');
    expect(await auth.reactivate(id)).toBe(false);
    await auth.deactivate(id);
    expect(await auth.reactivate(id)).toBe(true);
    expect(await bare(t, access_token)).toBe(401);
    const { body } = await logIn('back@example.com');
    expect((await t.client.get('/demo/verified-only', { bearer: body.access_token })).status).toBe(200);
  });

  it('deactivate an account that was never verified: no link brings it back, until it is reactivated', async () => {
    const email = 'pending@example.com';
    await post('/auth/signup', { email, password: PASSWORD });
    const activation = tokenIn(await t.mailbox.waitFor(email));
    await post('/auth/password-reset/request', { email });
    const reset = tokenIn(await t.mailbox.waitFor(email, 2));
    const id = await idOf(email);
    await auth.deactivate(id);
    expect((await post('/auth/activate', { token: activation })).status).toBe(400);
    const confirmation = { token: reset, new_password: NEW_PASSWORD };
    expect((await post('/auth/password-reset/confirm', confirmation)).status).toBe(400);
    // Nor does asking for another link.
    const before = (await tokenRows(t, email)).length;
    await post('/auth/activation/resend', { email });
    await post('/auth/password-reset/request', { email });
    expect(await tokenRows(t, email)).toHaveLength(before);
    expect(await userRow(t, email)).toMatchObject({ isActive: false });
    // It waits again: an operator does not vouch for a password that may be a stranger's.
    expect(await auth.reactivate(id)).toBe(true);
    expect(await userRow(t, email)).toMatchObject({ isActive: false, emailVerifiedAt: null });
    expect((await logIn(email)).status).toBe(401);
    await t.mailIsDone();
    const mails = t.mailbox.to(email).length;
    await post('/auth/password-reset/request', { email });
    const fresh = tokenIn(await t.mailbox.waitFor(email, mails + 1));
    expect((await post('/auth/password-reset/confirm', { ...confirmation, token: fresh })).status).toBe(200);
  });

  it('end a change of address under way; the way back rests until the account is reactivated', async () => {
    const email = 'moving@example.com';
    const { access_token: bearer } = await t.activeUser(email);
    await t.mailIsDone();
    const ask = (new_email: string, token: string) =>
      t.client.post('/auth/email-change/request', { new_email, current_password: PASSWORD }, { bearer: token });
    await ask('first@example.com', bearer);
    await post('/auth/email-change/confirm', { token: tokenIn(await t.mailbox.waitFor('first@example.com')) });
    await t.mailIsDone();
    const undo = { token: tokenIn(t.mailbox.to(email).at(-1)!) };
    await ask('second@example.com', (await logIn('first@example.com')).body.access_token);
    const pending = { token: tokenIn(await t.mailbox.waitFor('second@example.com')) };
    const id = await idOf('first@example.com');
    await auth.deactivate(id);
    const follow = async () => [
      (await post('/auth/email-change/confirm', pending)).status,
      (await post('/auth/email-change/undo', undo)).status,
    ];
    expect(await follow()).toEqual([400, 400]);
    expect(await userRow(t, 'first@example.com')).toMatchObject({ id, isActive: false });
    // Or whoever took the account over, and the way back with it, would have the operator do it for them.
    await auth.reactivate(id);
    expect(await follow()).toEqual([400, 200]);
    expect(await userRow(t, email)).toMatchObject({ id, isActive: true });
    expect((await logIn(email)).status).toBe(401);
  });

  it('issue a link that sets a password: returned without a mail, or mailed without being returned', async () => {
    const email = 'helped@example.com';
    await t.activeUser(email);
    await t.mailIsDone();
    const id = await idOf(email);
    const mails = t.mailbox.to(email).length;
    const link = await auth.issueLink(id, { deliver: 'return' });
    expect(link).toMatch(/^http:\/\/localhost:5173\/.*[A-Za-z0-9_-]{64}$/);
    await t.mailIsDone();
    expect(t.mailbox.to(email)).toHaveLength(mails);
    expect(await auth.issueLink(id, { deliver: 'mail' })).toBeNull();
    const mailed = tokenIn(await t.mailbox.waitFor(email, mails + 1));
    const returned = /[A-Za-z0-9_-]{64}/.exec(link!)![0];
    // The newer one replaced the first.
    for (const [token, status] of [
      [returned, 400],
      [mailed, 200],
    ]) {
      const answer = await post('/auth/password-reset/confirm', { token: token!, new_password: NEW_PASSWORD });
      expect(answer.status).toBe(status);
    }
    await auth.deactivate(id);
    expect(await auth.issueLink(id, { deliver: 'return' })).toBeUndefined();
  });
});

it('who asks for a link that nobody gets ends none', async () => {
  const t = await createTestApp();
  const email = 'resting@example.com';
  await t.activeUser(email);
  await t.client.post('/auth/password-reset/request', { email });
  const token = tokenIn(await t.mailbox.waitFor(email, 2));
  await changeUser(t, email, { isActive: false });
  const { id } = (await userRow(t, email))!;
  expect(await t.app.get(AuthService).issueLink(id, { deliver: 'return' })).toBeUndefined();
  await changeUser(t, email, { isActive: true });
  const confirm = { token, new_password: NEW_PASSWORD };
  expect((await t.client.post('/auth/password-reset/confirm', confirm)).status).toBe(200);
  await t.close();
});

it('in mode D an account is active again after its reactivation, still unverified', async () => {
  const t = await createTestApp({ mode: 'D' });
  const { user_id } = await t.activeUser('at-once@example.com');
  const auth = t.app.get(AuthService);
  await auth.deactivate(user_id);
  const login = { email: 'at-once@example.com', password: PASSWORD };
  expect((await t.client.post('/auth/login', login)).status).toBe(401);
  await auth.reactivate(user_id);
  const { body } = await t.client.post('/auth/login', login);
  expect((await t.client.get('/demo/verified-only', { bearer: body.access_token })).status).toBe(403);
  await expect(auth.issueLink(user_id, { deliver: 'mail' })).rejects.toThrow('sends no mail');
  await t.close();
});

// SQLite has one writer: nothing commits while another transaction is at work.
describe.each(availableDatabases().filter((database) => database !== 'sqlite'))(
  'a deactivation that meets an activation, on %s',
  (database) => {
    it('keeps the verification that commits meanwhile, and the account stays deactivated', async () => {
      const t = await createTestApp({ database });
      const email = 'meanwhile@example.com';
      await t.client.post('/auth/signup', { email, password: PASSWORD });
      await t.mailIsDone();
      const { id } = (await userRow(t, email))!;
      const verification = { isActive: true, emailVerifiedAt: new Date(1_700_000_000_000) };
      const runner = t.dataSource.createQueryRunner();
      await runner.startTransaction();
      await runner.manager.update(User, { id }, verification);
      const before = t.statements.entries.length;
      const deactivation = t.app.get(AuthService).deactivate(id);
      while (!t.statements.entries.slice(before).some(({ sql }) => /^UPDATE .*users/s.test(sql))) await nextTurn();
      await runner.commitTransaction();
      await runner.release();
      expect(await deactivation).toBe(true);
      expect(await userRow(t, email)).toMatchObject({ ...verification, isActive: expect.toSatisfy((on) => !on) });
      await t.close();
    });
  },
);
