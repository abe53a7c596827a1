import { Controller, Get } from '@nestjs/common';
import { Authenticated, type BaseUserToken, CurrentSession, type Principal } from 'nestjs-gatehouse';
import { describe, expect, it } from 'vitest';
import { tokenIn } from './support/mailbox.js';
import { tokenRows } from './support/rows.js';
import { stacks } from './support/stacks.js';
import { PASSWORD, type TestApp } from './support/test-app.js';
import { codeOf, idOf, Told, withTold } from './support/told.js';

const NEW_PASSWORD = 'another fine passphrase';
const DEVICE = { ip: '192.0.2.7', userAgent: 'A kiosk' };

/** What a handler learns of the proof behind its request. */
@Controller('proof')
class ProofController {
  @Get()
  @Authenticated()
  proof(@CurrentSession() { userId, amr, authenticatedAt }: Principal) {
    return { userId, amr, authenticatedAt };
  }
}

const proofOf = async (t: TestApp, bearer: string) => (await t.client.get('/proof', { bearer })).body;

async function lastSession(t: TestApp, email: string): Promise<BaseUserToken> {
  return (await tokenRows(t, email, 'session')).at(-1)!;
}

describe.each(stacks())('AuthService.signIn on $database, integer keys: $integerKeys', (stack) => {
  const on = withTold(stack, { controllers: [ProofController] });

  it('opens a session on the word of the application, which says how it knows and from where', async () => {
    const { t, auth } = on;
    const email = 'social@example.com';
    await t.activeUser(email);
    const userId = await idOf(t, email);
    Told.told = [];
    const before = t.clock.now();
    const pair = await auth.signIn(userId, { amr: ['fed', 'mfa'], device: DEVICE });
    expect(Told.told).toEqual(['beforeLogin application', 'afterLogin application']);
    const row = await lastSession(t, email);
    expect(row).toMatchObject({ ...DEVICE, revokedAt: null, payload: { amr: ['fed', 'mfa'] } });
    const { authenticatedAt } = row.payload as { authenticatedAt: number };
    expect(authenticatedAt).toBeGreaterThanOrEqual(before);
    expect(await proofOf(t, pair.accessToken)).toEqual({ userId, amr: ['fed', 'mfa'], authenticatedAt });
    // A refresh proves nothing anew.
    t.clock.advance({ seconds: 60 });
    const { body } = await t.client.post('/auth/refresh', { refresh_token: pair.refreshToken });
    expect(await proofOf(t, body.access_token)).toEqual({ userId, amr: ['fed', 'mfa'], authenticatedAt });
    expect((await lastSession(t, email)).payload).toEqual(row.payload);
  });

  it('knows nothing of what it is not told', async () => {
    const { t, auth } = on;
    const email = 'silent@example.com';
    await t.activeUser(email);
    const pair = await auth.signIn(await idOf(t, email));
    expect(await proofOf(t, pair.accessToken)).toMatchObject({ amr: [] });
    expect(await lastSession(t, email)).toMatchObject({ ip: null, userAgent: null });
  });

  it('stores no more of a device than there is room for, and no line breaks', async () => {
    const { t, auth } = on;
    const email = 'talkative@example.com';
    await t.activeUser(email);
    const userAgent = `Robot\n${'x'.repeat(400)}`;
    await auth.signIn(await idOf(t, email), { device: { ip: '2001:db8::1%'.padEnd(60, '0'), userAgent } });
    const row = await lastSession(t, email);
    expect([row.userAgent, row.ip]).toEqual([`Robot${'x'.repeat(250)}`, '2001:db8::1%'.padEnd(45, '0')]);
  });

  it('refuses whom nobody may sign in, and opens nothing', async () => {
    const { t, auth } = on;
    await t.client.post('/auth/signup', { email: 'pending@example.com', password: PASSWORD });
    await t.activeUser('off@example.com');
    const off = await idOf(t, 'off@example.com');
    await auth.deactivate(off);
    const nobody = stack.integerKeys ? 999_999 : '0190a1b2-0000-7000-8000-000000000000';
    const sessions = await t.dataSource.query<unknown[]>("SELECT 1 FROM user_tokens WHERE purpose = 'session'");
    for (const userId of [await idOf(t, 'pending@example.com'), off, nobody]) {
      expect(await codeOf(auth.signIn(userId, { amr: ['fed'] }))).toBe('LOGIN_INVALID_CREDENTIALS');
    }
    await t.activeUser('banned@example.com');
    Told.banned = 'banned@example.com';
    const { length } = await tokenRows(t, 'banned@example.com', 'session');
    expect(await codeOf(auth.signIn(await idOf(t, 'banned@example.com')))).toBe('LOGIN_REFUSED');
    expect(await tokenRows(t, 'banned@example.com', 'session')).toHaveLength(length);
    // That of the account that is banned now.
    const after = await t.dataSource.query<unknown[]>("SELECT 1 FROM user_tokens WHERE purpose = 'session'");
    expect(after).toHaveLength(sessions.length + 1);
  });
});

describe.each(stacks())('a session on $database with $adapter knows how its owner came in', (stack) => {
  const on = withTold(stack, { controllers: [ProofController] });

  it('by a password or by a mailed link', async () => {
    const { t } = on;
    const email = 'ways@example.com';
    const activated = await t.activeUser(email);
    expect(await proofOf(t, activated.access_token)).toMatchObject({ amr: ['otp'] });
    const { body: loggedIn } = await t.client.post('/auth/login', { email, password: PASSWORD });
    expect(await proofOf(t, loggedIn.access_token)).toMatchObject({ amr: ['pwd'] });
    await t.client.post('/auth/password-reset/request', { email });
    const token = tokenIn(await t.mailbox.waitFor(email, 2));
    const { body: reset } = await t.client.post('/auth/password-reset/confirm', { token, new_password: NEW_PASSWORD });
    expect(await proofOf(t, reset.access_token)).toMatchObject({ amr: ['otp'] });
    expect((await tokenRows(t, email, 'session')).map(({ payload }) => payload)).toEqual([
      null,
      null,
      { amr: ['otp'], authenticatedAt: expect.any(Number) },
    ]);
  });

  it('goes on where a release before has kept nothing of it', async () => {
    const { t } = on;
    const email = 'of-old@example.com';
    const { access_token, refresh_token } = await t.activeUser(email);
    await t.dataSource.query("UPDATE user_tokens SET payload = NULL WHERE purpose = 'session'");
    const userId = await idOf(t, email);
    const since = (await lastSession(t, email)).createdAt.getTime();
    expect(await proofOf(t, access_token)).toEqual({ userId, amr: [], authenticatedAt: since });
    t.clock.advance({ seconds: 60 });
    const { body } = await t.client.post('/auth/refresh', { refresh_token });
    expect(await proofOf(t, body.access_token)).toEqual({ userId, amr: [], authenticatedAt: since });
  });
});
