import { DataSource } from 'typeorm';
import { describe, expect, it, vi } from 'vitest';
import { type ChildApp, startChildApp } from './support/child-app.js';
import { availableDatabases, createDatabase, type DatabaseKind, type TestDatabase } from './support/databases.js';
import { Mailbox, type MailboxBehaviour, tokenIn } from './support/mailbox.js';
import { PASSWORD } from './support/test-app.js';

const EMAIL = 'crash@example.org';

/** What the test sees of the process that crashes and the one that follows it. */
interface Crash {
  database: TestDatabase;
  mailbox: Mailbox;
  start(): Promise<ChildApp>;
}

/** The row that owes the mail, read past the application. */
async function owedRow({ database }: Crash) {
  const source = await new DataSource(database.options).initialize();
  try {
    const columns = 'id, mail_due_at, mail_attempts, mail_error, used_at';
    const [row] = await source.query(`SELECT ${columns} FROM user_tokens WHERE purpose = 'activation'`);
    const dueAt = row.mail_due_at === null ? null : Number(row.mail_due_at);
    return { id: String(row.id), dueAt, attempts: Number(row.mail_attempts), error: row.mail_error as string | null };
  } finally {
    await source.destroy();
  }
}

/**
 * Lets the lease of the process that died run out. A real process has a real clock and the lease lasts two minutes:
 * rather than wait for them, the test moves the end of the lease to now.
 */
async function endLease({ database }: Crash): Promise<void> {
  const source = await new DataSource(database.options).initialize();
  await source.query(`UPDATE user_tokens SET mail_due_at = ${Date.now()} WHERE mail_due_at IS NOT NULL`);
  await source.destroy();
}

/** Runs a test with a database and a mailbox of its own, and ends every process it started. */
async function withCrash(kind: DatabaseKind, test: (crash: Crash) => Promise<void>): Promise<void> {
  const database = await createDatabase(kind);
  const mailbox = await new Mailbox().goUp();
  const children: ChildApp[] = [];
  const start = async (): Promise<ChildApp> => {
    const child = await startChildApp(database, mailbox, { AUTH_MAIL_POLL_SECONDS: '1' });
    children.push(child);
    return child;
  };
  try {
    await test({ database, mailbox, start });
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    await mailbox.goDown();
    await database.drop();
  }
}

async function signUpAndCrash(crash: Crash, behaviour: MailboxBehaviour): Promise<void> {
  crash.mailbox.behaviour = behaviour;
  const child = await crash.start();
  expect((await child.client.post('/auth/signup', { email: EMAIL, password: PASSWORD })).status).toBe(201);
  await crash.mailbox.waitUntilHanging();
  // SIGKILL: nothing of the process runs any more, no shutdown hook either.
  await child.stop();
  crash.mailbox.behaviour = 'accept';
}

async function activate({ client }: ChildApp, token: string): Promise<number> {
  return (await client.post('/auth/activate', { token })).status;
}

describe.each(availableDatabases())('a process that dies on %s', (kind) => {
  it('between commit and send: the next one sends the mail when the lease has ended, and not before', () =>
    withCrash(kind, async (crash) => {
      await signUpAndCrash(crash, 'hang');
      const claimed = await owedRow(crash);
      expect(claimed.attempts).toBe(1);
      expect(claimed.dueAt! - Date.now()).toBeGreaterThan(60_000);
      expect(crash.mailbox.mails).toEqual([]);

      const next = await crash.start();
      // A mail to somebody else shows that the worker is at work and leaves the claimed one alone.
      await next.client.post('/auth/signup', { email: 'witness@example.org', password: PASSWORD });
      await crash.mailbox.waitFor('witness@example.org');
      expect(crash.mailbox.to(EMAIL)).toEqual([]);

      await endLease(crash);
      const mail = await crash.mailbox.waitFor(EMAIL);
      expect(mail.messageId).toBe(`<${claimed.id}@example.com>`);
      expect(await activate(next, tokenIn(mail))).toBe(200);
      expect(crash.mailbox.to(EMAIL)).toHaveLength(1);
    }));

  it('after the server took the mail, before that was written down: one duplicate, the same in every way', () =>
    withCrash(kind, async (crash) => {
      await signUpAndCrash(crash, 'hang after message');
      const first = await crash.mailbox.waitFor(EMAIL);

      const next = await crash.start();
      await endLease(crash);
      const second = await crash.mailbox.waitFor(EMAIL, 2);
      expect([second.messageId, tokenIn(second)]).toEqual([first.messageId, tokenIn(first)]);
      await vi.waitFor(async () => expect((await owedRow(crash)).dueAt).toBeNull(), 10_000);
      expect([await activate(next, tokenIn(first)), await activate(next, tokenIn(second))]).toEqual([200, 400]);
      expect(crash.mailbox.to(EMAIL)).toHaveLength(2);
    }));

  it('while the SMTP server was down: the next one sends the mail after the back-off', () =>
    withCrash(kind, async (crash) => {
      await crash.mailbox.goDown();
      const child = await crash.start();
      expect((await child.client.post('/auth/signup', { email: EMAIL, password: PASSWORD })).status).toBe(201);
      await vi.waitFor(async () => expect((await owedRow(crash)).error).toContain('ECONNREFUSED'), 10_000);
      await child.stop();
      await crash.mailbox.goUp();

      const next = await crash.start();
      // 5 seconds, a fifth more or less: the test waits for them, and nobody helps.
      const mail = await crash.mailbox.waitFor(EMAIL);
      expect(mail.messageId).toBe(`<${(await owedRow(crash)).id}@example.com>`);
      expect(await activate(next, tokenIn(mail))).toBe(200);
      expect(crash.mailbox.to(EMAIL)).toHaveLength(1);
    }));
});
