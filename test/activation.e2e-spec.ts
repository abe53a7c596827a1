import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprint } from './support/client.js';
import { tokenIn } from './support/mailbox.js';
import { changeUser, countTokens, tokenRows, userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';
import { stacks } from './support/stacks.js';

const DAY = 24 * 3600;

const DONE = {
  statusCode: 409,
  code: 'ACTIVATION_ALREADY_DONE',
  message: 'The account was already activated with this link.',
};
const INVALID = {
  statusCode: 400,
  code: 'ACTIVATION_INVALID_TOKEN',
  message: 'The activation link is invalid or has expired.',
};

describe.each(stacks())('activation on $database with $adapter, integer keys: $integerKeys', (stack) => {
  let t: TestApp;
  beforeAll(async () => void (t = await createTestApp({ mode: 'A', ...stack })));
  afterAll(() => t.close());

  const activate = (body: object) => t.client.post('/auth/activate', body);
  const activateByPath = (token: string) => t.client.post(`/auth/activate/${token}`);
  const resend = (email: string) => t.client.post('/auth/activation/resend', { email });

  async function signUp(email: string, password = PASSWORD): Promise<string> {
    const earlier = t.mailbox.to(email).length;
    await t.client.post('/auth/signup', { email, password });
    return tokenIn(await t.mailbox.waitFor(email, earlier + 1));
  }

  describe.each(['path', 'body'])('with the token in the %s', (place) => {
    it('proves the address, opens the account and logs it in', async () => {
      const email = `by-${place}@example.com`;
      const token = await signUp(email);
      const { status, body, headers } = await (place === 'path' ? activateByPath(token) : activate({ token }));
      const user = await userRow(t, email);
      expect(status).toBe(200);
      expect(body).toEqual({
        user_id: user?.id,
        access_token: expect.any(String),
        refresh_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 900,
      });
      expect(headers.get('cache-control')).toBe('no-store');
      expect(typeof body.user_id).toBe(stack.integerKeys ? 'number' : 'string');
      expect(user?.isActive).toBe(true);
      expect(Math.abs(user!.emailVerifiedAt!.getTime() - t.clock.now())).toBeLessThan(10_000);
      const me = await t.client.get('/auth/me', { bearer: body.access_token });
      expect(me.body).toMatchObject({ id: user?.id, email, is_active: true, is_verified: true });
      expect((await t.client.get('/demo/verified-only', { bearer: body.access_token })).status).toBe(200);
      expect((await t.client.post('/auth/refresh', { refresh_token: body.refresh_token })).status).toBe(200);
      expect((await t.client.post('/auth/login', { email, password: PASSWORD })).status).toBe(200);
      expect(await tokenRows(t, email, 'session')).toHaveLength(2);
    });
  });

  it('answers every link that is not good with the same 400, and activates nobody', async () => {
    const used = await signUp('used@example.com');
    expect((await activate({ token: used })).status).toBe(200);
    await t.activeUser('reset@example.com');
    await t.client.post('/auth/password-reset/request', { email: 'reset@example.com' });
    const reset = tokenIn(await t.mailbox.waitFor('reset@example.com', 2));
    const stillPending = await signUp('still-pending@example.com');
    const [row] = await tokenRows(t, 'still-pending@example.com');
    const tokens = {
      reset,
      'the hash at rest': row!.tokenHash!,
      'the nonce': row!.nonce!,
      'the id': row!.id,
      'of the right shape': 'A'.repeat(64),
      garbage: 'garbage',
      'in another case': swapCase(stillPending),
      padded: `${stillPending}=`,
      longer: `${stillPending}A`,
      shorter: stillPending.slice(0, -1),
      'with a space after it': `${stillPending} `,
      'with a line break after it': `${stillPending}\n`,
      'with a look-alike letter': stillPending.replace(/[A-Za-z0-9]/, 'а'),
      'a space': ' ',
      'the word null': 'null',
      'the word undefined': 'undefined',
      zero: '0',
      wildcards: '%'.repeat(64),
    };
    const sessions = await countTokens(t);
    for (const [what, token] of Object.entries(tokens)) {
      const inBody = await activate({ token });
      expect([what, inBody.status, inBody.body]).toEqual([what, 400, INVALID]);
      const inPath = await activateByPath(encodeURIComponent(token));
      expect([what, inPath.status, inPath.body]).toEqual([what, 400, INVALID]);
      expect(inPath.text).toBe(inBody.text);
    }
    // Whoever holds a link that worked is told that it did; it opens nothing.
    for (const again of [await activate({ token: used }), await activateByPath(used)]) {
      expect([again.status, again.body]).toEqual([409, DONE]);
    }
    const empty = await activate({ token: '' });
    expect([empty.status, empty.body]).toEqual([400, INVALID]);
    expect(await userRow(t, 'still-pending@example.com')).toMatchObject({ isActive: false, emailVerifiedAt: null });
    expect(await countTokens(t)).toBe(sessions);
    // None of it has used up a genuine link.
    expect((await activate({ token: stillPending })).status).toBe(200);
    const good = { token: reset, new_password: 'yet another passphrase' };
    expect((await t.client.post('/auth/password-reset/confirm', good)).status).toBe(200);
  });

  it('answers a token that is no text with one 400 that names the field, even while rows without a hash exist', async () => {
    await signUp('no-text@example.com');
    const answers = [];
    for (const body of [{}, { token: null }, { token: 0 }, { token: true }, { token: [] }, { token: { $ne: null } }]) {
      answers.push(await activate(body));
    }
    expect(answers[0]!.body.errors).toEqual([{ field: 'token', messages: ['token must be a string'] }]);
    for (const answer of answers) expect([answer.status, answer.text]).toEqual([400, answers[0]!.text]);
    expect(await userRow(t, 'no-text@example.com')).toMatchObject({ isActive: false });
  });

  it('refuses fields beside the token, such as whom to activate', async () => {
    const token = await signUp('beside@example.com');
    const answer = await activate({ token, email: 'else@example.com', user_id: 1 });
    expect([answer.status, answer.body.code]).toEqual([400, 'INPUT_INVALID']);
    expect(await userRow(t, 'beside@example.com')).toMatchObject({ isActive: false });
  });

  it('ends at the very instant a link expires, and not before', async () => {
    const [early, late] = [await signUp('early@example.com'), await signUp('late@example.com')];
    const [earlyRow] = await tokenRows(t, 'early@example.com');
    const [lateRow] = await tokenRows(t, 'late@example.com');
    expect(lateRow!.expiresAt.getTime() - lateRow!.createdAt.getTime()).toBe(7 * DAY * 1000);
    t.clock.stopAt(new Date(earlyRow!.expiresAt.getTime() - 1));
    expect((await activate({ token: early })).status).toBe(200);
    t.clock.stopAt(lateRow!.expiresAt);
    const tooLate = await activate({ token: late });
    t.clock.goOn();
    expect([tooLate.status, tooLate.body]).toEqual([400, INVALID]);
    expect(await userRow(t, 'late@example.com')).toMatchObject({ isActive: false, emailVerifiedAt: null });
  });

  it('sends a pending account a new link; whichever is followed first ends the other', async () => {
    const first = await signUp('again@example.com');
    expect((await resend('AGAIN@example.com')).status).toBe(202);
    const second = tokenIn(await t.mailbox.waitFor('again@example.com', 2));
    expect(second).not.toBe(first);
    expect((await activate({ token: second })).status).toBe(200);
    expect((await activate({ token: first })).body).toEqual(INVALID);
    expect((await t.client.post('/auth/login', { email: 'again@example.com', password: PASSWORD })).status).toBe(200);
  });

  it('sends a link that works after the first has expired', async () => {
    const first = await signUp('lost@example.com');
    t.clock.advance({ seconds: 8 * DAY });
    expect((await activate({ token: first })).body).toEqual(INVALID);
    await resend('lost@example.com');
    const second = tokenIn(await t.mailbox.waitFor('lost@example.com', 2));
    expect((await activate({ token: second })).status).toBe(200);
    expect((await activate({ token: first })).body).toEqual(INVALID);
    expect((await t.client.post('/auth/login', { email: 'lost@example.com', password: PASSWORD })).status).toBe(200);
  });

  it('never resends the password of a stranger: where several signups wait, the new link sets one', async () => {
    const email = 'contested@example.com';
    await signUp(email, 'the owner of this address');
    const stranger = await signUp(email, 'a stranger passing by here');
    expect((await resend(email)).status).toBe(202);
    const mail = await t.mailbox.waitFor(email, 3);
    const token = tokenIn(mail);
    expect((await activate({ token })).body).toEqual(INVALID);
    const confirm = { token, new_password: 'chosen by the mailbox owner' };
    expect((await t.client.post('/auth/password-reset/confirm', confirm)).status).toBe(200);
    expect(await userRow(t, email)).toMatchObject({ isActive: true });
    expect((await activate({ token: stranger })).body).toEqual(INVALID);
    for (const [password, status] of [
      ['the owner of this address', 401],
      ['a stranger passing by here', 401],
      [confirm.new_password, 200],
    ]) {
      expect((await t.client.post('/auth/login', { email, password })).status).toBe(status);
    }
  });

  it('leaves nothing of what a stranger stated for the address before its owner', async () => {
    for (const email of ['owned@example.com', 'reset@example.com']) {
      await t.client.post('/auth/signup', { email, password: 'a stranger passing by here', name: 'Mallory' });
      await t.mailbox.waitFor(email);
    }
    await activate({ token: await signUp('owned@example.com') });
    await t.client.post('/auth/password-reset/request', { email: 'reset@example.com' });
    const token = tokenIn(await t.mailbox.waitFor('reset@example.com', 2));
    await t.client.post('/auth/password-reset/confirm', { token, new_password: PASSWORD });
    for (const email of ['owned@example.com', 'reset@example.com']) {
      expect(await userRow(t, email)).toMatchObject({ isActive: true, name: null });
    }
  });

  it('owes a new link to nobody but a pending account, and says the same to everybody', async () => {
    await signUp('waits@example.com');
    await t.activeUser('is-active@example.com');
    await t.activeUser('was-active@example.com');
    await changeUser(t, 'was-active@example.com', { isActive: false });
    const pending = await resend('waits@example.com');
    expect(await tokenRows(t, 'waits@example.com', 'activation')).toHaveLength(2);
    const rows = await countTokens(t);
    for (const email of ['unknown@example.com', 'is-active@example.com', 'was-active@example.com']) {
      expect(fingerprint(await resend(email))).toEqual(fingerprint(pending));
    }
    expect(await countTokens(t)).toBe(rows);
    expect([pending.status, Object.keys(pending.body)]).toEqual([202, ['message', 'activation_url']]);
    expect(await userRow(t, 'was-active@example.com')).toMatchObject({ isActive: false });
  });

  it('ends no link of an account that it sends none to', async () => {
    const email = 'forgetful@example.com';
    await t.activeUser(email);
    await t.client.post('/auth/password-reset/request', { email });
    const token = tokenIn(await t.mailbox.waitFor(email, 2));
    expect((await resend(email)).status).toBe(202);
    const confirm = { token, new_password: 'chosen by the mailbox owner' };
    expect((await t.client.post('/auth/password-reset/confirm', confirm)).status).toBe(200);
  });

  it('does not resend to what is no address', async () => {
    const rows = await countTokens(t);
    for (const email of ['', 'nobody', null, ['a@example.com'], '\u212Aim@example.com']) {
      const answer = await t.client.post('/auth/activation/resend', { email });
      expect([answer.status, answer.body.code]).toEqual([400, 'INPUT_INVALID']);
    }
    expect(await countTokens(t)).toBe(rows);
  });
});

function swapCase(text: string): string {
  return text.replace(/[a-z]/gi, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );
}
