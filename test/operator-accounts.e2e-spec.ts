import type { TokenPair } from 'nestjs-gatehouse';
import { describe, expect, it } from 'vitest';
import { emailChanges, NOTICE_SUBJECT, RESET_SUBJECT } from './support/email-changes.js';
import { tokenIn } from './support/mailbox.js';
import { addInactiveUser, changeUser, countUsers, userRow } from './support/rows.js';
import { stacks } from './support/stacks.js';
import { PASSWORD } from './support/test-app.js';
import { codeOf, idOf, Told, withTold } from './support/told.js';

const NEW_PASSWORD = 'another fine passphrase';

describe.each(stacks())('AuthService.createAccount on $database, integer keys: $integerKeys', (stack) => {
  const on = withTold(stack);
  const logIn = (email: string, password = PASSWORD) => on.t.client.post('/auth/login', { email, password });

  it('makes an active account, whose address counts as verified only where the operator says so', async () => {
    const { t, auth } = on;
    const name = stack.integerKeys ? {} : { name: 'Ann' };
    const userId = await auth.createAccount({
      email: 'made@example.com',
      password: PASSWORD,
      username: 'ann',
      ...name,
    });
    expect(Told.told).toEqual(['afterSignup', 'afterActivation operator']);
    expect(await userRow(t, 'made@example.com')).toMatchObject({
      id: userId,
      username: 'ann',
      emailVerifiedAt: null,
      ...name,
    });
    const unverified = (await logIn('made@example.com')).body.access_token;
    expect((await t.client.get('/demo/verified-only', { bearer: unverified })).status).toBe(403);
    await auth.createAccount({ email: 'known@example.com', password: PASSWORD }, { isEmailVerified: true });
    const verified = (await logIn('known@example.com')).body.access_token;
    expect((await t.client.get('/demo/verified-only', { bearer: verified })).status).toBe(200);
    await t.mailIsDone();
    expect(t.mailbox.mails).toEqual([]);
  });

  it('without a password lets nobody in before a link has set one', async () => {
    const { t, auth } = on;
    const email = 'invited@example.com';
    const userId = await auth.createAccount({ email });
    for (const password of ['', '!', PASSWORD]) expect((await logIn(email, password)).status).not.toBe(200);
    const link = await auth.issueLink(userId, { deliver: 'return' });
    const token = /[\w-]{64}/.exec(link!)![0];
    expect((await t.client.post('/auth/password-reset/confirm', { token, new_password: PASSWORD })).status).toBe(200);
    expect((await logIn(email)).status).toBe(200);
  });

  it('holds to the rules of a signup, and writes nothing where they are broken', async () => {
    const { t, auth } = on;
    await t.activeUser('taken@example.com');
    await auth.createAccount({ email: 'first@example.com', password: PASSWORD, username: 'first' });
    const before = await countUsers(t);
    const email = 'refused@example.com';
    Told.breaksFor = 'broken@example.com';
    for (const [input, code] of [
      [{ email, password: 'short' }, 'PASSWORD_REJECTED'],
      [{ email, password: 'password1234' }, 'PASSWORD_REJECTED'],
      [{ email, password: email }, 'PASSWORD_REJECTED'],
      [{ email, password: PASSWORD, isActive: false }, 'INPUT_INVALID'],
      [{ email, password: PASSWORD, passwordHash: 'x' }, 'INPUT_INVALID'],
      [{ email, password: PASSWORD, role: 'admin' }, 'INPUT_INVALID'],
      [{ email, password: PASSWORD, username: 'an@address' }, 'INPUT_INVALID'],
      [{ email: 'taken@example.com', password: PASSWORD }, 'SIGNUP_EMAIL_TAKEN'],
      [{ email, password: PASSWORD, username: 'first' }, 'SIGNUP_CONFLICT'],
      [{ email: 'broken@example.com', password: PASSWORD }, 'Error: the table of profiles is away'],
    ] as const) {
      expect([input, await codeOf(auth.createAccount(input))]).toEqual([input, code]);
    }
    expect(await countUsers(t)).toBe(before);
    expect((await logIn('taken@example.com')).status).toBe(200);
  });

  it('takes the place of a signup that waits under the address, whose links die with it', async () => {
    const { t, auth } = on;
    const email = 'claimed@example.com';
    await t.client.post('/auth/signup', { email, password: 'a password of a stranger' });
    const token = tokenIn(await t.mailbox.waitFor(email));
    const stranger = await idOf(t, email);
    expect(await auth.createAccount({ email, password: PASSWORD })).not.toEqual(stranger);
    expect((await t.client.post('/auth/activate', { token })).status).toBe(400);
    expect((await logIn(email, 'a password of a stranger')).status).toBe(401);
    expect((await logIn(email)).status).toBe(200);
  });

  it('leaves an inactive account of before the module where it is, though a stranger signed up for it', async () => {
    const { t, auth } = on;
    const email = 'before@example.com';
    await addInactiveUser(t, email);
    const id = await idOf(t, email);
    await t.client.post('/auth/signup', { email, password: 'a password of a stranger' });
    expect(await codeOf(auth.createAccount({ email, password: NEW_PASSWORD }))).toBe('SIGNUP_EMAIL_TAKEN');
    expect(await userRow(t, email)).toMatchObject({ id, isActive: false, passwordHash: 'x' });
  });

  it('leaves a deactivated account where it is', async () => {
    const { t, auth } = on;
    await t.activeUser('resting@example.com');
    const id = await idOf(t, 'resting@example.com');
    await auth.deactivate(id);
    const account = { email: 'resting@example.com', password: NEW_PASSWORD };
    expect(await codeOf(auth.createAccount(account))).toBe('SIGNUP_EMAIL_TAKEN');
    expect(await userRow(t, 'resting@example.com')).toMatchObject({ id });
    expect((await logIn('resting@example.com', NEW_PASSWORD)).status).toBe(401);
  });
});

describe.each(stacks())('AuthService.setPassword on $database, integer keys: $integerKeys', (stack) => {
  const on = withTold(stack);
  const opens = async ({ accessToken, refreshToken }: Pick<TokenPair, 'accessToken' | 'refreshToken'>) => [
    (await on.t.client.get('/demo/bare', { bearer: accessToken })).status,
    (await on.t.client.post('/auth/refresh', { refresh_token: refreshToken })).status,
  ];

  it('ends every session and every link but the way back, and tells the owner', async () => {
    const { t, auth } = on;
    const change = emailChanges(t);
    await t.activeUser('owner@example.com');
    const undo = await change.move('owner@example.com', 'moved@example.com');
    const email = 'moved@example.com';
    const id = await idOf(t, email);
    const session = await auth.signIn(id);
    await t.client.post('/auth/password-reset/request', { email });
    const reset = await change.mailedLink(email, RESET_SUBJECT);
    const confirm = await change.linkTo(email, 'again@example.com');
    const sent = t.mailbox.to(email).length;
    expect(await auth.setPassword(id, NEW_PASSWORD, { actor: 'helpdesk' })).toBe(true);
    expect(await opens(session)).toEqual([401, 401]);
    const redeemed = [await change.reset(reset, PASSWORD), await change.confirm(confirm)];
    expect(redeemed.map(({ status }) => status)).toEqual([400, 400]);
    await t.mailIsDone();
    expect(
      t.mailbox
        .to(email)
        .slice(sent)
        .map(({ subject }) => subject),
    ).toEqual(['Your password was changed']);
    expect((await change.login(email)).status).toBe(401);
    expect((await change.login(email, NEW_PASSWORD)).status).toBe(200);
    expect(await change.subjects('owner@example.com')).toEqual([NOTICE_SUBJECT]);
    expect((await change.undo(undo)).status).toBe(200);
  });

  it('refuses what the policy refuses, and changes nothing', async () => {
    const { t, auth } = on;
    const email = 'gwendolyn@example.com';
    const { access_token: accessToken, refresh_token: refreshToken } = await t.activeUser(email);
    const id = await idOf(t, email);
    const row = await userRow(t, email);
    for (const password of ['short', email, 'passwordpassword', 'x'.repeat(129)]) {
      expect([password, await codeOf(auth.setPassword(id, password))]).toEqual([password, 'PASSWORD_REJECTED']);
    }
    expect(await userRow(t, email)).toEqual(row);
    expect(await opens({ accessToken, refreshToken })).toEqual([200, 200]);
  });

  it('is for active accounts only', async () => {
    const { t, auth } = on;
    await t.client.post('/auth/signup', { email: 'waits@example.com', password: PASSWORD });
    await t.activeUser('off@example.com');
    await changeUser(t, 'off@example.com', { isActive: false });
    const nobody = stack.integerKeys ? 999_999 : '0190a1b2-0000-7000-8000-000000000000';
    for (const email of ['waits@example.com', 'off@example.com']) {
      const row = await userRow(t, email);
      expect(await auth.setPassword(row!.id, NEW_PASSWORD)).toBe(false);
      expect(await userRow(t, email)).toEqual(row);
    }
    expect(await auth.setPassword(nobody, NEW_PASSWORD)).toBe(false);
  });
});
