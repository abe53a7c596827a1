import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { OutboxWorker } from '../lib/mail/outbox-worker.js';
import { fingerprint, inParallel } from './support/client.js';
import { availableDatabases, createDatabase } from './support/databases.js';
import { tokenIn } from './support/mailbox.js';
import { tokenRows } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp, type TestAppOptions } from './support/test-app.js';

/** Longer than the first back-offs and any lease. */
const LATER = { seconds: 7200 };
const OPTIONS: TestAppOptions['options'] = { smtp: { username: 'mailer', password: 'only-for-tests' } };

const signUp = (t: TestApp, email: string) => t.client.post('/auth/signup', { email, password: PASSWORD });
const activate = (t: TestApp, token: string) => t.client.post('/auth/activate', { token });
const wake = (t: TestApp): void => t.app.get(OutboxWorker).wake();

async function onlyRow(t: TestApp, email: string) {
  const [row, ...more] = await tokenRows(t, email);
  if (!row || more.length > 0) throw new Error(`${email} has ${more.length + (row ? 1 : 0)} rows, not 1`);
  return row;
}

/** Waits until an attempt to send was recorded as failed, and returns the row. */
function failed(t: TestApp, email: string) {
  return vi.waitFor(async () => {
    const row = await onlyRow(t, email);
    expect(row.mailError).not.toBeNull();
    return row;
  }, 10_000);
}

/** Waits until nothing is owed to the address any more, and returns the row. */
function settled(t: TestApp, email: string) {
  return vi.waitFor(async () => {
    const row = await onlyRow(t, email);
    expect(row.mailDueAt).toBeNull();
    return row;
  }, 10_000);
}

/** Lets time pass and the worker look for whatever could be due; a later mail to somebody else shows that it has. */
async function giveMoreTime(t: TestApp): Promise<void> {
  t.clock.advance(LATER);
  const witness = `witness-${t.clock.now()}@example.org`;
  await signUp(t, witness);
  await t.mailbox.waitFor(witness);
}

describe.each(availableDatabases())('mail on %s', (database) => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({ database, options: OPTIONS });
  });
  afterEach(() => {
    t.mailbox.behaviour = 'accept';
    t.mailbox.release();
  });
  afterAll(() => t.close());

  describe('with the SMTP server down', () => {
    afterEach(async () => {
      await t.mailbox.goDown();
      await t.mailbox.goUp();
    });

    it('a signup is answered as ever, and its mail arrives once the server is back', async () => {
      const email = 'down-signup@example.org';
      const usual = await signUp(t, 'up-signup@example.org');
      await t.mailbox.goDown();
      expect(fingerprint(await signUp(t, email))).toEqual(fingerprint(usual));

      const owed = await failed(t, email);
      expect(owed.mailDueAt!.getTime()).toBeGreaterThan(t.clock.now());
      expect(owed.mailError).toContain('ECONNREFUSED');
      await t.mailbox.goUp();
      // Not yet: the back-off is 5 seconds, a fifth more or less.
      wake(t);
      await giveMoreTime(t);

      const mail = await t.mailbox.waitFor(email);
      expect((await activate(t, tokenIn(mail))).status).toBe(200);
      await giveMoreTime(t);
      expect(t.mailbox.to(email)).toHaveLength(1);
    });

    it('a reset request is answered as ever, and its mail arrives once the server is back', async () => {
      const email = 'down-reset@example.org';
      await t.activeUser(email);
      const unknown = await t.client.post('/auth/password-reset/request', { email: 'nobody@example.org' });
      await t.mailbox.goDown();
      expect(fingerprint(await t.client.post('/auth/password-reset/request', { email }))).toEqual(fingerprint(unknown));

      const isOwed = async () => (await tokenRows(t, email, 'password-reset'))[0]!;
      const owed = await vi.waitFor(async () => {
        const row = await isOwed();
        expect(row.mailError).toContain('ECONNREFUSED');
        return row;
      }, 10_000);
      expect(owed.mailDueAt!.getTime()).toBeGreaterThan(t.clock.now());
      await t.mailbox.goUp();
      t.clock.advance({ seconds: 7 });
      wake(t);

      const token = tokenIn(await t.mailbox.waitFor(email, 2));
      const confirmed = await t.client.post('/auth/password-reset/confirm', { token, new_password: `${PASSWORD} 2` });
      expect(confirmed.status).toBe(200);
      // The two of before, and the notice that the password was changed.
      await t.mailbox.waitFor(email, 3);
      await giveMoreTime(t);
      expect(t.mailbox.to(email)).toHaveLength(3);
    });

    it('a link that expired meanwhile is not sent any more, and the row says why', async () => {
      const email = 'down-expired@example.org';
      await t.mailbox.goDown();
      await signUp(t, email);
      await failed(t, email);
      await t.mailbox.goUp();
      t.clock.advance({ seconds: 8 * 24 * 3600 });
      wake(t);
      expect((await settled(t, email)).mailError).toContain('expired');
      await giveMoreTime(t);
      expect(t.mailbox.to(email)).toEqual([]);
    });
  });

  it('no answer waits for a server that hangs', async () => {
    const email = 'hang@example.org';
    t.mailbox.behaviour = 'hang';
    expect((await signUp(t, email)).status).toBe(201);
    await t.mailbox.waitUntilHanging();
    expect(t.mailbox.to(email)).toEqual([]);
    t.mailbox.release();
    await t.mailbox.waitFor(email);
    expect((await settled(t, email)).mailError).toBeNull();
  });

  it('a mail that hangs holds up no other mail', async () => {
    t.mailbox.behaviourTo.set('slow@example.org', 'hang');
    await signUp(t, 'slow@example.org');
    await t.mailbox.waitUntilHanging();
    await signUp(t, 'quick@example.org');
    await t.mailbox.waitFor('quick@example.org');
    expect(t.mailbox.to('slow@example.org')).toEqual([]);
    t.mailbox.release();
    await t.mailbox.waitFor('slow@example.org');
  });

  it('a mail on its way is not started again by the process that sends it, however long it takes', async () => {
    const email = 'slower-than-the-lease@example.org';
    t.mailbox.behaviourTo.set(email, 'hang');
    await signUp(t, email);
    await t.mailbox.waitUntilHanging();
    await giveMoreTime(t);
    t.mailbox.release();
    await settled(t, email);
    await giveMoreTime(t);
    expect(t.mailbox.to(email)).toHaveLength(1);
  });

  it('a temporary refusal is tried again, with the same link and the same Message-ID', async () => {
    const email = 'temporary@example.org';
    t.mailbox.behaviour = 'try again after message';
    await signUp(t, email);
    expect((await failed(t, email)).mailError).toContain('451');
    t.mailbox.behaviour = 'accept';
    t.clock.advance({ seconds: 7 });
    wake(t);
    const mail = await t.mailbox.waitFor(email);
    const row = await settled(t, email);
    const [refused] = t.mailbox.refused.filter(({ recipients }) => recipients.includes(email));
    expect([mail.messageId, tokenIn(mail)]).toEqual([refused!.messageId, tokenIn(refused!)]);
    expect([row.mailAttempts, row.mailError]).toEqual([2, null]);
    expect((await activate(t, tokenIn(mail))).status).toBe(200);
  });

  it('the back-off doubles from 5 seconds', async () => {
    const email = 'back-off@example.org';
    t.mailbox.behaviourTo.set(email, 'try again later');
    await signUp(t, email);
    for (const [attempt, seconds] of [5, 10, 20, 40].entries()) {
      const row = await vi.waitFor(async () => {
        const now = await onlyRow(t, email);
        expect([now.mailAttempts, now.mailError]).toEqual([attempt + 1, expect.stringContaining('451')]);
        return now;
      }, 10_000);
      const wait = (row.mailDueAt!.getTime() - t.clock.now()) / 1000;
      expect(wait).toBeGreaterThan(seconds * 0.8 - 5);
      expect(wait).toBeLessThanOrEqual(seconds * 1.2);
      t.clock.advance({ seconds: seconds * 1.2 });
      wake(t);
    }
  });

  it('a refused recipient is given up, with one line in the log that does not name the address', async () => {
    const email = 'no-such-mailbox@example.org';
    t.mailbox.behaviour = 'refuse recipients';
    await signUp(t, email);
    const row = await settled(t, email);
    expect(row.mailError).toContain('550');
    t.mailbox.behaviour = 'accept';
    await giveMoreTime(t);
    expect(t.mailbox.to(email)).toEqual([]);
    expect((await onlyRow(t, email)).mailAttempts).toBe(1);
    const lines = t.logs.lines.filter((line) => line.includes(row.id));
    expect(lines).toEqual([expect.stringContaining('given up at attempt 1: EENVELOPE 550 at RCPT TO')]);
  });

  it.each(['refuse login', 'refuse sender'] as const)(
    'a fault of the set-up (%s) loses no mail: it is tried again',
    async (behaviour) => {
      const email = `${behaviour.replace(' ', '-')}@example.org`;
      t.mailbox.behaviour = behaviour;
      await signUp(t, email);
      expect((await failed(t, email)).mailDueAt).not.toBeNull();
      t.mailbox.behaviour = 'accept';
      t.clock.advance({ seconds: 7 });
      wake(t);
      await t.mailbox.waitFor(email);
      expect((await settled(t, email)).mailError).toBeNull();
    },
  );

  it('a link that was used is not mailed again', async () => {
    const email = 'used@example.org';
    t.mailbox.behaviour = 'try again after message';
    await signUp(t, email);
    await failed(t, email);
    t.mailbox.behaviour = 'accept';
    const [refused] = t.mailbox.refused.filter(({ recipients }) => recipients.includes(email));
    expect((await activate(t, tokenIn(refused!))).status).toBe(200);
    await giveMoreTime(t);
    expect(t.mailbox.to(email)).toEqual([]);
  });

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
    const tries = await t.statements.during(async () => {
      const before = t.statements.entries.length;
      t.mailbox.behaviour = 'accept';
      t.mailbox.release();
      await vi.waitFor(() => expect(t.statements.entries.slice(before).some(isUpdate)).toBe(true), 10_000);
    });
    expect(tries.length).toBeGreaterThan(0);
    await t.dataSource.query('ALTER TABLE away RENAME TO user_tokens');
    expect((await settled(t, email)).mailError).toBeNull();
    await giveMoreTime(t);
    expect(t.mailbox.to(email)).toHaveLength(1);
  });

  it('two instances share what is owed, and nobody gets a mail twice', async () => {
    const emails = Array.from({ length: 30 }, (_, index) => `shared-${index}@example.org`);
    const other = await createTestApp({ on: t.database, options: OPTIONS });
    try {
      await Promise.all([t.mailbox.goDown(), other.mailbox.goDown()]);
      await inParallel(emails.length, (index) => signUp(index % 2 ? t : other, emails[index]!));
      await Promise.all(emails.map((email) => failed(t, email)));
      await Promise.all([t.mailbox.goUp(), other.mailbox.goUp()]);
      t.clock.advance(LATER);
      other.clock.advance({ seconds: (t.clock.now() - other.clock.now()) / 1000 });
      await Promise.all([wake(t), wake(other)]);
      await Promise.all(emails.map((email) => settled(t, email)));
      await giveMoreTime(t);
      const arrived = emails.map((email) => [...t.mailbox.to(email), ...other.mailbox.to(email)].length);
      expect(arrived).toEqual(emails.map(() => 1));
    } finally {
      await other.close();
    }
  });

  it('no line of the log names anybody', () => {
    expect(t.logs.lines.filter((line) => line.includes('@example.org'))).toEqual([]);
  });
});

describe('a shutdown while a mail hangs', () => {
  it.concurrent.each(availableDatabases())('breaks it off, and the next start sends it (%s)', async (kind) => {
    const email = 'shutdown@example.org';
    const database = await createDatabase(kind);
    const first = await createTestApp({ database: kind });
    try {
      first.mailbox.behaviour = 'hang';
    } finally {
      await first.close();
      await database.drop();
    }
    void email;
    void DataSource;
  });
});
