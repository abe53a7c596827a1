import { setImmediate as nextTurn } from 'node:timers/promises';
import { AuthService } from 'nestjs-gatehouse';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, inParallel } from './support/client.js';
import { User } from './support/users-plain.js';
import { tokenIn } from './support/mailbox.js';
import { tokenRows, userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const NEW_PASSWORD = 'another fine passphrase';

/** Each kind of request ten times, and two of the ten belong to a doomed address. */
const PER_KIND = 10;
const isDoomed = (index: number): boolean => index % 5 === 0;
const addressOf = (kind: string, index: number): string =>
  `${isDoomed(index) ? 'doomed' : 'lucky'}-${kind}-${index}@example.com`;

const DOOMED_CHANGES = [
  ['refuse_insert', 'INSERT'],
  ['refuse_rotation', 'UPDATE OF generation'],
];

// better-sqlite3 has one connection for everybody: whatever lands inside a foreign transaction shares its fate.
describe('on SQLite, with the one connection that the application shares', () => {
  let t: TestApp;

  beforeAll(async () => {
    t = await createTestApp({ database: 'sqlite' });
  });
  afterAll(() => t.close());

  /** The database refuses to add a row for a doomed address, with which transactions end, and to rotate its session. */
  async function doom(): Promise<void> {
    for (const [name, change] of DOOMED_CHANGES) {
      await t.dataSource.query(`
        CREATE TRIGGER ${name} AFTER ${change} ON user_tokens
        WHEN EXISTS (SELECT 1 FROM users WHERE id = NEW.user_id AND email LIKE 'doomed-%')
        BEGIN SELECT RAISE(ABORT, 'this address is doomed'); END`);
    }
  }
  async function relent(): Promise<void> {
    for (const [name] of DOOMED_CHANGES) await t.dataSource.query(`DROP TRIGGER ${name}`);
  }

  const exists = async (email: string): Promise<boolean> => (await userRow(t, email)) !== null;

  it('what was acknowledged is there, of what failed nothing is, and the writes of the application stay', async () => {
    const users = (kind: string) => Array.from({ length: PER_KIND }, (_, index) => addressOf(kind, index));
    const active = ['refresh', 'request', 'confirm'].flatMap(users);
    const sessions = await Promise.all(active.map((email) => t.activeUser(email)));
    const pairOf = (kind: string, index: number) => sessions[active.indexOf(addressOf(kind, index))]!;
    const signupLinks = await Promise.all(
      users('activate').map(async (email) => {
        await t.client.post('/auth/signup', { email, password: PASSWORD });
        return tokenIn(await t.mailbox.waitFor(email));
      }),
    );
    const resetLinks = await Promise.all(
      ['confirm', 'request'].flatMap(users).map(async (email) => {
        await t.client.post('/auth/password-reset/request', { email });
        return tokenIn(await t.mailbox.waitFor(email, 2));
      }),
    );

    const requests: Record<string, (index: number) => Promise<Answer>> = {
      signup: (index) => t.client.post('/auth/signup', { email: addressOf('signup', index), password: PASSWORD }),
      activate: (index) => t.client.post('/auth/activate', { token: signupLinks[index] }),
      request: (index) => t.client.post('/auth/password-reset/request', { email: addressOf('request', index) }),
      confirm: (index) =>
        t.client.post('/auth/password-reset/confirm', { token: resetLinks[index], new_password: NEW_PASSWORD }),
      refresh: (index) => t.client.post('/auth/refresh', { refresh_token: pairOf('refresh', index).refresh_token }),
    };
    const kinds = Object.keys(requests);
    await doom();
    const hostWrites = writeMeanwhile(t);
    const answers = await inParallel(kinds.length * PER_KIND, (position) =>
      requests[kinds[position % kinds.length]!]!(Math.floor(position / kinds.length)),
    );
    const hostEmails = await hostWrites.stop();
    await relent();

    const statusOf = (kind: string, index: number) => answers[index * kinds.length + kinds.indexOf(kind)]!.status;
    for (let index = 0; index < PER_KIND; index++) {
      const failed = isDoomed(index);
      expect([kinds.map((kind) => statusOf(kind, index)), failed]).toEqual([
        failed ? [500, 500, 500, 500, 500] : [201, 200, 202, 200, 200],
        failed,
      ]);
      const email = (kind: string) => addressOf(kind, index);

      expect(await exists(email('signup'))).toBe(!failed);
      expect(await tokenRows(t, email('signup'), 'activation')).toHaveLength(failed ? 0 : 1);

      expect(await userRow(t, email('activate'))).toMatchObject({ isActive: !failed });
      expect(await tokenRows(t, email('activate'), 'session')).toHaveLength(failed ? 0 : 1);
      expect((await tokenRows(t, email('activate'), 'activation'))[0]!.usedAt === null).toBe(failed);

      const links = await tokenRows(t, email('request'), 'password-reset');
      expect(links.map(({ revokedAt }) => revokedAt === null)).toEqual(failed ? [true] : [false, true]);

      const logins = await Promise.all(
        [PASSWORD, NEW_PASSWORD].map((password) => t.client.post('/auth/login', { email: email('confirm'), password })),
      );
      expect(logins.map(({ status }) => status)).toEqual(failed ? [200, 401] : [401, 200]);
      expect((await tokenRows(t, email('confirm'), 'password-changed-notice')).length).toBe(failed ? 0 : 1);

      expect(await tokenRows(t, email('refresh'), 'session')).toMatchObject([
        { generation: failed ? 0 : 1, revokedAt: null },
      ]);
    }
    expect(hostEmails.length).toBeGreaterThan(20);
    for (const email of hostEmails) expect(await exists(email)).toBe(true);
    // What failed can be done again: the rollback has given the link back.
    expect((await requests['activate']!(0)).status).toBe(200);
    expect((await requests['confirm']!(5)).status).toBe(200);
    expect((await requests['refresh']!(5)).status).toBe(200);
    expect(answers.filter(({ status }) => status >= 500)).toHaveLength(10);
    expect(linesAboutTransactions(t)).toEqual([]);
  });

  it('calls of the application on one turn of the event loop do not share a transaction, nor its fate', async () => {
    const auth = t.app.get(AuthService);
    const emails = Array.from({ length: 20 }, (_, index) => addressOf('call', index));
    await Promise.all(emails.map((email) => t.activeUser(email)));
    await doom();
    const results = await Promise.allSettled(
      emails.flatMap((email, index) => [
        auth.requestPasswordReset(email),
        t.dataSource.getRepository(User).insert(hostRow(`beside-${index}@example.com`)),
      ]),
    );
    await relent();
    for (const [index, email] of emails.entries()) {
      const [call, insert] = results.slice(2 * index);
      expect([call!.status, insert!.status]).toEqual([isDoomed(index) ? 'rejected' : 'fulfilled', 'fulfilled']);
      expect(await tokenRows(t, email, 'password-reset')).toHaveLength(isDoomed(index) ? 0 : 1);
      expect(await exists(`beside-${index}@example.com`)).toBe(true);
    }
    expect(linesAboutTransactions(t)).toEqual([]);
  });

  it('what was acknowledged survives the rollback of a transaction of the application that stays open for long', async () => {
    const emails = Array.from({ length: 10 }, (_, index) => `patient-${index}@example.com`);
    const { refresh_token } = await t.activeUser('rotating@example.com');
    const runner = t.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.manager.insert(User, hostRow('abandoned@example.com'));
    let answered = 0;
    const requests = [
      ...emails.map((email) => t.client.post('/auth/signup', { email, password: PASSWORD })),
      t.client.post('/auth/refresh', { refresh_token }),
    ].map(async (request) => {
      const answer = await request;
      answered++;
      return answer.status;
    });
    // Long enough for the requests to reach the database: these come after them, and are answered.
    for (let round = 0; round < 20; round++) {
      expect((await t.client.post('/auth/login', { email: 'nobody@example.com', password: PASSWORD })).status).toBe(
        401,
      );
      await nextTurn();
    }
    expect(answered).toBe(0);
    expect(runner.isTransactionActive).toBe(true);
    await runner.rollbackTransaction();

    expect(await Promise.all(requests)).toEqual([...emails.map(() => 201), 200]);
    for (const email of emails) expect(await exists(email)).toBe(true);
    expect(await tokenRows(t, 'rotating@example.com', 'session')).toMatchObject([{ generation: 1 }]);
    expect(await exists('abandoned@example.com')).toBe(false);
    expect(linesAboutTransactions(t)).toEqual([]);
  });
});

/** SQLite's complaint about a transaction within a transaction, among others. */
const linesAboutTransactions = (t: TestApp): string[] => t.logs.lines.filter((line) => /transaction/i.test(line));

/** A row of the application's own. */
function hostRow(email: string): Partial<User> {
  const now = new Date();
  return { id: uuidv7(), email, passwordHash: 'none', isActive: true, createdAt: now, updatedAt: now };
}

/** Writes rows of the application's own, one on each turn of the event loop, alternating `insert` and `save`. */
function writeMeanwhile(t: TestApp): { stop: () => Promise<string[]> } {
  const written: string[] = [];
  const state = { isStopped: false };
  const writing = (async () => {
    while (!state.isStopped) {
      const email = `host-${written.length}@example.com`;
      if (written.length % 2) await t.dataSource.getRepository(User).save(hostRow(email));
      else await t.dataSource.getRepository(User).insert(hostRow(email));
      written.push(email);
      await nextTurn();
    }
    return written;
  })();
  return {
    stop: () => {
      state.isStopped = true;
      return writing;
    },
  };
}
