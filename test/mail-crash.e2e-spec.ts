import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type SampleProcess, startSampleProcess } from './support/sample-process.js';
import { availableDatabases, createDatabase, type TestDatabase } from './support/databases.js';
import { Mailbox, tokenIn } from './support/mailbox.js';
import { PASSWORD } from './support/test-app.js';

const UNSENT = 'unsent@example.org';
const UNRECORDED = 'unrecorded@example.org';
const BACKED_OFF = 'backed-off@example.org';
const WITNESS = 'witness@example.org';
const POLL_OFTEN = { AUTH_MAIL_POLL_SECONDS: '1' };

async function signUp({ client }: SampleProcess, email: string): Promise<void> {
  const { status } = await client.post('/auth/signup', { email, password: PASSWORD });
  if (status !== 201) throw new Error(`the signup of ${email} was answered ${status}`);
}

describe.each(availableDatabases())('a process that is killed on %s', (kind) => {
  let database: TestDatabase;
  /** The test's own look into the tables, past the application. */
  let tables: DataSource;
  let mailbox: Mailbox;
  let next: SampleProcess;

  beforeAll(async () => {
    database = await createDatabase(kind);
    mailbox = await new Mailbox().goUp();
    mailbox.behaviourTo.set(UNSENT, 'hang').set(UNRECORDED, 'hang after message').set(BACKED_OFF, 'try again later');
    const first = await startSampleProcess(database, mailbox, POLL_OFTEN);
    try {
      tables = await new DataSource(database.options).initialize();
      for (const email of [BACKED_OFF, UNSENT, UNRECORDED]) await signUp(first, email);
      await mailbox.waitUntilHanging(2);
      await vi.waitUntil(async () => (await owed(BACKED_OFF)).error !== null, 10_000);
    } finally {
      // SIGKILL: nothing of the process runs any more, no shutdown hook either.
      await first.stop();
    }
    mailbox.behaviourTo.clear();
    next = await startSampleProcess(database, mailbox, POLL_OFTEN);
  }, 120_000);

  afterAll(async () => {
    await next?.stop();
    await tables?.destroy();
    await mailbox.goDown();
    await database.drop();
  });

  async function activate(token: string): Promise<number> {
    return (await next.client.post('/auth/activate', { token })).status;
  }

  async function owed(email: string) {
    const [row] = await tables.query(
      `SELECT t.id, t.mail_due_at, t.mail_error FROM user_tokens t INNER JOIN users u ON u.id = t.user_id
       WHERE t.purpose = 'activation' AND u.email = '${email}'`,
    );
    const dueAt = row.mail_due_at === null ? null : Number(row.mail_due_at);
    return { id: String(row.id), dueAt, error: row.mail_error as string | null };
  }

  /**
   * Lets the lease of the killed process run out. A real process has a real clock, and the lease lasts two minutes:
   * rather than wait for them, the test moves its end to now.
   */
  async function endLease(email: string): Promise<void> {
    const { id } = await owed(email);
    await tables.query(`UPDATE user_tokens SET mail_due_at = ${Date.now()} WHERE id = '${id}'`);
  }

  it('before the server took a mail: the next one sends it when the lease has ended, and not before', async () => {
    const { id, dueAt } = await owed(UNSENT);
    expect(dueAt! - Date.now()).toBeGreaterThan(30_000);
    // A mail to somebody else shows that the worker is at work and leaves the claimed one alone.
    await signUp(next, WITNESS);
    await mailbox.waitFor(WITNESS);
    expect(mailbox.to(UNSENT)).toEqual([]);

    await endLease(UNSENT);
    const mail = await mailbox.waitFor(UNSENT);
    expect(mail.messageId).toBe(`<${id}@example.com>`);
    expect(await activate(tokenIn(mail))).toBe(200);
  });

  it('before it wrote down that the server took a mail: one duplicate, with the same link and Message-ID', async () => {
    const [first] = mailbox.to(UNRECORDED);
    await endLease(UNRECORDED);
    const second = await mailbox.waitFor(UNRECORDED, 2);
    expect([second.messageId, tokenIn(second)]).toEqual([first!.messageId, tokenIn(first!)]);
    await vi.waitFor(async () => expect((await owed(UNRECORDED)).dueAt).toBeNull(), 10_000);
    expect([await activate(tokenIn(first!)), await activate(tokenIn(second))]).toEqual([200, 409]);
  });

  it('before a mail was tried again: the next one sends it after the back-off, without help', async () => {
    const mail = await mailbox.waitFor(BACKED_OFF);
    expect(mail.messageId).toBe(`<${(await owed(BACKED_OFF)).id}@example.com>`);
    expect(await activate(tokenIn(mail))).toBe(200);
  });

  it('nobody got more than that', () => {
    const counts = [UNSENT, UNRECORDED, BACKED_OFF, WITNESS].map((email) => mailbox.to(email).length);
    expect(counts).toEqual([1, 2, 1, 1]);
  });
});
