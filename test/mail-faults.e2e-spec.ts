import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { fingerprint } from './support/client.js';
import { availableDatabases } from './support/databases.js';
import { tokenIn } from './support/mailbox.js';
import { activate, failed, giveMoreTime, onlyRow, settled, signUp, wake } from './support/owed-mail.js';
import { tokenRows } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

describe.each(availableDatabases())('mail on %s', (database) => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({
      database,
      options: { smtp: { username: 'mailer', password: 'only-for-tests' } },
    });
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
      t.clock.advance({ seconds: 7 });
      wake(t);
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

      const owed = await vi.waitFor(async () => {
        const [row] = await tokenRows(t, email, 'password-reset');
        expect(row!.mailError).toContain('ECONNREFUSED');
        return row!;
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

    it('of links that outdate one another the newest alone is mailed, and works', async () => {
      const email = 'down-thrice@example.org';
      await t.activeUser(email);
      const rows = () => tokenRows(t, email, 'password-reset');
      await t.mailbox.goDown();
      for (let count = 1; count <= 3; count++) {
        await t.client.post('/auth/password-reset/request', { email });
        await vi.waitFor(async () => expect((await rows())[count - 1]?.mailError).toContain('ECONNREFUSED'), 10_000);
        t.clock.advance({ seconds: 1 });
      }
      await t.mailbox.goUp();
      t.clock.advance({ seconds: 60 });
      wake(t);
      const settledRows = await vi.waitFor(async () => {
        const all = await rows();
        expect(all.map(({ mailDueAt }) => mailDueAt)).toEqual([null, null, null]);
        return all;
      }, 10_000);
      // The older ones were not even tried; that is no failure.
      expect(settledRows.map(({ mailAttempts, mailError }) => [mailAttempts, mailError])).toEqual([
        [1, null],
        [1, null],
        [2, null],
      ]);
      const ids = settledRows.map(({ id }) => id);
      expect(t.logs.lines.filter((line) => line.includes('given up') && ids.some((id) => line.includes(id)))).toEqual(
        [],
      );
      const [, reset, ...more] = t.mailbox.to(email);
      expect(more).toEqual([]);
      const body = { token: tokenIn(reset!), new_password: `${PASSWORD} 2` };
      expect((await t.client.post('/auth/password-reset/confirm', body)).status).toBe(200);
      await giveMoreTime(t);
      // The notice that the password was changed, and nothing else.
      expect(t.mailbox.to(email)).toHaveLength(3);
    });

    it('of signups, which do not outdate one another, each is mailed', async () => {
      const email = 'down-joined@example.org';
      await t.mailbox.goDown();
      for (let count = 1; count <= 3; count++) {
        await signUp(t, email);
        await vi.waitFor(async () => expect((await tokenRows(t, email))[count - 1]?.mailError).not.toBeNull(), 10_000);
      }
      await t.mailbox.goUp();
      t.clock.advance({ seconds: 60 });
      wake(t);
      await t.mailbox.waitFor(email, 3);
      expect(new Set(t.mailbox.to(email).map(tokenIn)).size).toBe(3);
      expect((await activate(t, tokenIn(t.mailbox.to(email)[0]!))).status).toBe(200);
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
    const refused = t.mailbox.refused.find(({ recipients }) => recipients.includes(email));
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
        expect(now.mailAttempts).toBe(attempt + 1);
        // A claim lasts two minutes: the attempt has not failed yet.
        expect(now.mailDueAt!.getTime() - t.clock.now()).toBeLessThan(100_000);
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
    const refused = t.mailbox.refused.find(({ recipients }) => recipients.includes(email));
    expect((await activate(t, tokenIn(refused!))).status).toBe(200);
    await giveMoreTime(t);
    expect(t.mailbox.to(email)).toEqual([]);
  });

  it('no line of the log names anybody', () => {
    expect(t.logs.lines.filter((line) => line.includes('@example.org'))).toEqual([]);
  });
});
