import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { inParallel } from './support/client.js';
import { availableDatabases } from './support/databases.js';
import { tokenIn } from './support/mailbox.js';
import { activate, failed, giveMoreTime, LATER, settled, signUp, wake } from './support/owed-mail.js';
import { tokenRows } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const isUpdate = ({ sql }: { sql: string }): boolean => /^UPDATE\b.*\buser_tokens\b/.test(sql);

describe.each(availableDatabases())('the outbox on %s', (database) => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({ database });
  });
  afterEach(() => {
    t.mailbox.behaviour = 'accept';
    t.mailbox.release();
  });
  afterAll(() => t.close());

  it('goes on after the database was away', async () => {
    const email = 'database-away@example.org';
    t.mailbox.behaviour = 'try again later';
    await signUp(t, email);
    await failed(t, email);
    t.mailbox.behaviour = 'accept';
    await t.dataSource.query('ALTER TABLE user_tokens RENAME TO away');
    t.clock.advance({ seconds: 7 });
    wake(t);
    await vi.waitFor(() => expect(t.logs.lines.join('\n')).toContain('could not look for owed mail'), 10_000);
    await t.dataSource.query('ALTER TABLE away RENAME TO user_tokens');
    wake(t);
    await t.mailbox.waitFor(email);
  });

  it('what was sent while the database was away is not sent again', async () => {
    const email = 'sent-while-away@example.org';
    t.mailbox.behaviour = 'hang after message';
    await signUp(t, email);
    await t.mailbox.waitUntilHanging();
    await t.dataSource.query('ALTER TABLE user_tokens RENAME TO away');
    const before = t.statements.entries.length;
    t.mailbox.behaviour = 'accept';
    t.mailbox.release();
    await vi.waitFor(() => expect(t.statements.entries.slice(before).some(isUpdate)).toBe(true), 10_000);
    await t.dataSource.query('ALTER TABLE away RENAME TO user_tokens');
    expect((await settled(t, email)).mailError).toBeNull();
    await giveMoreTime(t);
    expect(t.mailbox.to(email)).toHaveLength(1);
  });

  it('tells of a changed password where the account was then: not a thief who has changed the address since', async () => {
    const [email, thief] = ['owner@example.org', 'thief@example.org'];
    const { access_token: bearer } = await t.activeUser(email);
    t.mailbox.behaviour = 'try again later';
    const passwords = { current_password: PASSWORD, new_password: 'what a thief would choose' };
    expect((await t.client.post('/auth/password-change', passwords, { bearer })).status).toBe(204);
    await vi.waitFor(async () => {
      const notice = (await tokenRows(t, email)).find(({ purpose }) => purpose === 'password-changed-notice');
      expect(notice?.mailError).not.toBeNull();
    }, 10_000);
    await t.dataSource.query(`UPDATE users SET email = '${thief}' WHERE email = '${email}'`);
    t.mailbox.behaviour = 'accept';
    t.clock.advance({ seconds: 7 });
    wake(t);
    const { text } = await t.mailbox.waitFor(email, 2);
    expect(text).toContain('password');
    await t.mailIsDone();
    expect(t.mailbox.to(thief)).toEqual([]);
  });

  it('a mail that was given up is sent after all when an operator makes it due again', async () => {
    const email = 'due-again@example.org';
    t.mailbox.behaviour = 'refuse recipients';
    await signUp(t, email);
    const { id } = await settled(t, email);
    t.mailbox.behaviour = 'accept';
    await t.dataSource.query(`UPDATE user_tokens SET mail_due_at = 0 WHERE id = '${id}'`);
    wake(t);
    await t.mailbox.waitFor(email);
    expect((await settled(t, email)).mailError).toBeNull();
  });

  it.each([
    ['used', (token: string) => activate(t, token)],
    [
      'revoked',
      (_: string, id: string) => t.dataSource.query(`UPDATE user_tokens SET revoked_at = 1 WHERE id = '${id}'`),
    ],
  ])('a mail whose link was %s is not sent again, though an operator makes it due', async (state, end) => {
    const email = `due-but-${state}@example.org`;
    await signUp(t, email);
    const { id } = await settled(t, email);
    const [mail] = t.mailbox.to(email);
    await end(tokenIn(mail!), id);
    await t.dataSource.query(`UPDATE user_tokens SET mail_due_at = 0 WHERE id = '${id}'`);
    wake(t);
    const rowOf = async () => (await tokenRows(t, email)).find((row) => row.id === id)!;
    await vi.waitFor(async () => expect((await rowOf()).mailDueAt).toBeNull(), 10_000);
    expect(await rowOf()).toMatchObject({ mailAttempts: 1, mailError: null });
    await giveMoreTime(t);
    expect(t.mailbox.to(email)).toHaveLength(1);
  });

  it('two instances share what is owed, and nobody gets a mail twice', async () => {
    const emails = Array.from({ length: 30 }, (_, index) => `shared-${index}@example.org`);
    const other = await createTestApp({ on: t.database });
    other.clock.advance({ seconds: (t.clock.now() - other.clock.now()) / 1000 });
    try {
      await Promise.all([t.mailbox.goDown(), other.mailbox.goDown()]);
      await inParallel(emails.length, (index) => signUp(index % 2 ? t : other, emails[index]!));
      for (const email of emails) await failed(t, email);
      await Promise.all([t.mailbox.goUp(), other.mailbox.goUp()]);
      t.clock.advance(LATER);
      other.clock.advance(LATER);
      wake(t);
      wake(other);
      for (const email of emails) await settled(t, email);
      await giveMoreTime(t);
      const arrived = emails.map((email) => [...t.mailbox.to(email), ...other.mailbox.to(email)].length);
      expect(arrived).toEqual(emails.map(() => 1));
    } finally {
      await other.close();
    }
  });
});

describe('a shutdown while a mail hangs', () => {
  it.concurrent.each(availableDatabases())(
    'breaks it off, and the next start sends it at once (%s)',
    async (database) => {
      const email = 'shutdown@example.org';
      const first = await createTestApp({ database });
      first.mailbox.behaviour = 'hang';
      await signUp(first, email);
      await first.mailbox.waitUntilHanging();
      await first.app.close();

      // The lease would last two minutes; neither clock is moved.
      const second = await createTestApp({ on: first.database });
      try {
        const mail = await second.mailbox.waitFor(email);
        expect((await settled(second, email)).mailAttempts).toBe(2);
        expect((await activate(second, tokenIn(mail))).status).toBe(200);
        first.mailbox.release();
      } finally {
        await second.close();
        await first.mailbox.goDown();
        await first.database.drop();
      }
      expect(first.mailbox.mails).toEqual([]);
      expect(second.mailbox.mails).toHaveLength(1);
    },
  );
});
