import { AuthService } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inParallel, visible } from './support/client.js';
import { availableDatabases } from './support/databases.js';
import { tokenIn } from './support/mailbox.js';
import { countTokens, countUsers, tokenRows } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';
import { CALLER_SCHEMA, callerRow, CallerSignupDto, softDelete } from './support/users-with-phone.js';
import { clubSchema, MemberSignupDto } from './support/users-with-own-fields.js';

const TAKEN = '+4930111111';

const signUp = (t: TestApp, email: string, fields: object) =>
  t.client.post('/auth/signup', { email, password: PASSWORD, ...fields });

const activate = async (t: TestApp, email: string, count = 1) =>
  t.client.post('/auth/activate', { token: tokenIn(await t.mailbox.waitFor(email, count)) });

async function expectMailsTo(t: TestApp, email: string, count: number): Promise<void> {
  await t.mailIsDone();
  expect(t.mailbox.to(email)).toHaveLength(count);
}

describe.each(availableDatabases())('a unique column of the application on %s', (database) => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({ database, schema: CALLER_SCHEMA, options: { signupDto: CallerSignupDto } });
    await signUp(t, 'owner@example.com', { phone: TAKEN });
    await activate(t, 'owner@example.com');
  });
  afterAll(() => t.close());

  it('answers a taken value like a free one, whether the address is new or not', async () => {
    const free = visible(await signUp(t, 'new-1@example.com', { phone: '+4930000001' }));
    expect(free.status).toBe(201);
    expect(visible(await signUp(t, 'new-2@example.com', { phone: TAKEN }))).toEqual(free);
    expect(visible(await signUp(t, 'owner@example.com', { phone: TAKEN }))).toEqual(free);
    expect(visible(await signUp(t, 'new-1@example.com', { phone: TAKEN }))).toEqual(free);
  });

  it('is in the link alone until that is followed, so that a second signup tells nothing of the first', async () => {
    const phone = '+4930000002';
    await signUp(t, 'victim@example.com', { phone });
    expect(await callerRow(t, 'victim@example.com')).toMatchObject({ isActive: false, phone: null });
    const second = await signUp(t, 'stranger@example.com', { phone });
    expect(second.status).toBe(201);
    expect((await activate(t, 'stranger@example.com')).status).toBe(200);
    expect(await callerRow(t, 'stranger@example.com')).toMatchObject({ isActive: true, phone });
  });

  it('tells that a value is taken to whoever follows the link, which stays as it was', async () => {
    const email = 'late@example.com';
    await signUp(t, email, { phone: TAKEN });
    const refused = await activate(t, email);
    expect([refused.status, refused.body.code]).toEqual([409, 'SIGNUP_CONFLICT']);
    expect(await callerRow(t, email)).toMatchObject({ isActive: false, phone: null });
    expect(await tokenRows(t, email, 'activation')).toMatchObject([{ usedAt: null, revokedAt: null }]);
    await signUp(t, email, { phone: '+4930000003' });
    expect((await activate(t, email, 2)).status).toBe(200);
    expect(await callerRow(t, email)).toMatchObject({ isActive: true, phone: '+4930000003' });
  });

  it('lets 20 parallel signups of one value and several addresses pass alike', async () => {
    const emails = Array.from({ length: 20 }, (_, index) => `crowd-${index % 5}@example.com`);
    const answers = await inParallel(20, (index) => signUp(t, emails[index]!, { phone: '+4930000004' }));
    expect(new Set(answers.map((answer) => JSON.stringify(visible(answer)))).size).toBe(1);
    expect(answers[0]!.status).toBe(201);
    for (const email of new Set(emails)) expect(await callerRow(t, email)).toMatchObject({ phone: null });
  });

  it('is answered alike where the entity does not say that it is unique', async () => {
    const own = await createTestApp({ database });
    try {
      await own.dataSource.query('CREATE UNIQUE INDEX one_of_a_name ON users (name)');
      await signUp(own, 'first@example.com', { name: 'Taken' });
      expect((await activate(own, 'first@example.com')).status).toBe(200);
      const known = visible(await signUp(own, 'first@example.com', { name: 'Taken' }));
      expect(visible(await signUp(own, 'second@example.com', { name: 'Taken' }))).toEqual(known);
      expect((await activate(own, 'second@example.com')).body.code).toBe('SIGNUP_CONFLICT');
    } finally {
      await own.close();
    }
  });
});

describe.each(availableDatabases())('a unique column that cannot be empty on %s', (database) => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({ database, schema: clubSchema(false), options: { signupDto: MemberSignupDto } });
    await signUp(t, 'owner@example.com', { handle: 'taken' });
    await activate(t, 'owner@example.com');
  });
  afterAll(() => t.close());

  it('is answered alike, though a new address gets neither account nor mail; the log says why', async () => {
    const known = visible(await signUp(t, 'owner@example.com', { handle: 'taken' }));
    const users = await countUsers(t);
    expect(visible(await signUp(t, 'new@example.com', { handle: 'taken' }))).toEqual(known);
    expect(known.status).toBe(201);
    expect(await countUsers(t)).toBe(users);
    await expectMailsTo(t, 'new@example.com', 0);
    const logged = t.logs.lines.filter((line) => line.includes('no row could be written'));
    expect(logged).toHaveLength(1);
    expect(logged[0]).not.toMatch(/new@example.com|taken"/);
  });

  it('is warned of at start', () => {
    expect(t.logs.lines.join('\n')).toContain('Member.handle is unique and must not be null');
  });
});

describe('where answers tell anyway', () => {
  it('a unique column that cannot be empty is no reason to warn', async () => {
    const t = await createTestApp({ mode: 'D', schema: clubSchema(false), options: { signupDto: MemberSignupDto } });
    expect(t.logs.lines.join('\n')).not.toContain('is unique and must not be null');
    await t.close();
  });
});

describe.each(availableDatabases())('a soft-deleted account on %s', (database) => {
  let t: TestApp;
  const gone = 'gone@example.com';
  beforeAll(async () => {
    t = await createTestApp({ database, schema: CALLER_SCHEMA, options: { signupDto: CallerSignupDto } });
  });
  afterAll(() => t.close());

  it('ends its sessions with the next request, and refreshes none', async () => {
    const { access_token: bearer, refresh_token } = await t.activeUser(gone);
    expect((await t.client.get('/demo/bare', { bearer })).status).toBe(200);
    await softDelete(t, gone);
    expect((await t.client.get('/demo/bare', { bearer })).status).toBe(401);
    expect((await t.client.get('/demo/protected', { bearer })).status).toBe(401);
    expect((await t.client.post('/auth/refresh', { refresh_token })).status).toBe(401);
  });

  it('keeps its address: a signup is answered as always, and nothing is written or mailed', async () => {
    await t.mailIsDone();
    const [row, tokens, mails] = [await callerRow(t, gone), await countTokens(t), t.mailbox.to(gone).length];
    const fresh = visible(await signUp(t, 'fresh@example.com', {}));
    const before = tokens + 1;
    expect(fresh.status).toBe(201);
    expect(visible(await signUp(t, gone, {}))).toEqual(fresh);
    expect(visible(await signUp(t, gone, { phone: '+4930000009' }))).toEqual(fresh);
    expect(await callerRow(t, gone)).toEqual(row);
    expect(await countTokens(t)).toBe(before);
    await expectMailsTo(t, gone, mails);
  });

  it('gets no link of any kind, and a link it had opens nothing', async () => {
    const email = 'linked@example.com';
    await t.activeUser(email);
    await t.client.post('/auth/password-reset/request', { email });
    const token = tokenIn(await t.mailbox.waitFor(email, 2));
    await softDelete(t, email);
    const confirmed = await t.client.post('/auth/password-reset/confirm', { token, new_password: PASSWORD });
    expect([confirmed.status, confirmed.body.code]).toEqual([400, 'PASSWORD_RESET_INVALID_TOKEN']);
    await t.client.post('/auth/password-reset/request', { email });
    await t.client.post('/auth/activation/resend', { email });
    await expectMailsTo(t, email, 2);
  });

  it('keeps its address from a change as well, without a mail to it', async () => {
    const { access_token: bearer } = await t.activeUser('mover@example.com');
    await t.mailIsDone();
    const mails = t.mailbox.to(gone).length;
    const ask = (new_email: string) =>
      t.client.post('/auth/email-change/request', { new_email, current_password: PASSWORD }, { bearer });
    const free = visible(await ask('nobody@example.com'));
    expect(free.status).toBe(202);
    expect(visible(await ask(gone))).toEqual(free);
    await expectMailsTo(t, gone, mails);
  });

  it('is told to an operator, by the code of a taken address', async () => {
    const account = { email: gone, password: PASSWORD };
    await expect(t.app.get(AuthService).createAccount(account)).rejects.toMatchObject({
      code: 'SIGNUP_EMAIL_TAKEN',
    });
  });
});

describe.each(['C', 'D'] as const)('a soft-deleted account in mode %s', (mode) => {
  it('is told like any taken address', async () => {
    const t = await createTestApp({ mode, schema: CALLER_SCHEMA, options: { signupDto: CallerSignupDto } });
    await signUp(t, 'gone@example.com', {});
    await softDelete(t, 'gone@example.com');
    const { status, body } = await signUp(t, 'gone@example.com', {});
    expect([status, body.code]).toEqual([409, 'SIGNUP_EMAIL_TAKEN']);
    await t.close();
  });
});
