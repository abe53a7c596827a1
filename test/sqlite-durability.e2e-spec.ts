import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { AuthService } from 'nestjs-gatehouse';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, inParallel } from './support/client.js';
import { User } from './support/users-plain.js';
import { tokenIn } from './support/mailbox.js';
import { countTokens, tokenRows, userRow } from './support/rows.js';
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

      // A session follows the commit of what opens it: that it cannot be written takes nothing back.
      expect(await userRow(t, email('activate'))).toMatchObject({ isActive: true });
      expect(await tokenRows(t, email('activate'), 'session')).toHaveLength(failed ? 0 : 1);
      expect((await tokenRows(t, email('activate'), 'activation'))[0]!.usedAt).not.toBeNull();

      const links = await tokenRows(t, email('request'), 'password-reset');
      expect(links.map(({ revokedAt }) => revokedAt === null)).toEqual(failed ? [true] : [true, true]);

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
    expect((await requests['activate']!(0)).body.code).toBe('ACTIVATION_ALREADY_DONE');
    const credentials = { email: addressOf('activate', 0), password: PASSWORD };
    expect((await t.client.post('/auth/login', credentials)).status).toBe(200);
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

/** Far above what waiting costs, for a busy machine, and far below spinning, and below better-sqlite3's wait of 5 s. */
const CPU_BOUND = 0.5;
const BLOCK_BOUND_MS = 1_000;

describe.each(['wal', 'delete'])('on SQLite, while somebody else holds the file (journal_mode %s)', (journal) => {
  let t: TestApp;
  /** Another process, as SQLite sees it: a connection of its own. */
  let stranger: Sqlite.Database;

  beforeAll(async () => {
    t = await createTestApp({ database: 'sqlite' });
    await t.dataSource.query(`PRAGMA journal_mode = ${journal}`);
    stranger = new Sqlite(String(t.database.options.database));
    await t.activeUser('waiting@example.com');
    await t.mailIsDone();
  });
  afterEach(() => {
    if (stranger.inTransaction) stranger.exec('ROLLBACK');
  });
  afterAll(async () => {
    stranger.close();
    await t.close();
  });

  const logIn = (email = 'waiting@example.com') => t.client.post('/auth/login', { email, password: PASSWORD });
  const busyTimeout = async () => (await t.dataSource.query<{ timeout: number }[]>('PRAGMA busy_timeout'))[0]!.timeout;

  it.each(['IMMEDIATE', 'EXCLUSIVE'])('waits without holding the event loop up, BEGIN %s', async (kind) => {
    stranger.exec(`BEGIN ${kind}`);
    const requests = Array.from({ length: 5 }, () => logIn());
    const strain = await strainDuring(1_000);
    stranger.exec('COMMIT');
    expect((await Promise.all(requests)).map(({ status }) => status)).toEqual(Array(5).fill(200));
    expect(strain.cpuShare).toBeLessThan(CPU_BOUND);
    expect(strain.longestBlockMs).toBeLessThan(BLOCK_BOUND_MS);
    expect(await busyTimeout()).toBe(5_000);
  });

  it('answers 503 after some seconds, changes nothing, and goes on when the file is free', async () => {
    const before = await countTokens(t);
    stranger.exec('BEGIN IMMEDIATE');
    const startedAt = performance.now();
    const answering = Promise.all([logIn(), logIn(), logIn()]);
    const strain = await strainDuring(1_000);
    for (const answer of await answering) {
      expect([answer.status, answer.body.code]).toEqual([503, 'SERVICE_BUSY']);
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    expect(performance.now() - startedAt).toBeLessThan(9_000);
    expect(strain.longestBlockMs).toBeLessThan(BLOCK_BOUND_MS);
    stranger.exec('COMMIT');
    expect(await countTokens(t)).toBe(before);
    expect((await logIn()).status).toBe(200);
    expect(await busyTimeout()).toBe(5_000);
  });

  it('writes again after the file was away', async () => {
    const signUp = () => t.client.post('/auth/signup', { email: 'back@example.com', password: PASSWORD });
    await t.dataSource.destroy();
    expect((await signUp()).status).toBe(503);
    await t.dataSource.initialize();
    expect((await signUp()).status).toBe(201);
  });

  it("leaves the application's own statements as patient as it made them", async () => {
    await t.dataSource.query('PRAGMA busy_timeout = 1234');
    expect((await logIn()).status).toBe(200);
    expect((await t.client.post('/auth/signup', { email: 'more@example.com', password: PASSWORD })).status).toBe(201);
    expect(await busyTimeout()).toBe(1_234);
    await t.dataSource.query('PRAGMA busy_timeout = 5000');
  });

  it('waits for a transaction of the application without spinning', async () => {
    const runner = t.dataSource.createQueryRunner();
    await runner.startTransaction();
    const requests = Array.from({ length: 5 }, () => logIn());
    const strain = await strainDuring(1_000);
    await runner.rollbackTransaction();
    expect((await Promise.all(requests)).map(({ status }) => status)).toEqual(Array(5).fill(200));
    expect(strain.cpuShare).toBeLessThan(CPU_BOUND);
    expect(strain.longestBlockMs).toBeLessThan(BLOCK_BOUND_MS);
  });
});

/** What this process had to do during that time: its share of one processor, and the longest pause of its event loop. */
async function strainDuring(ms: number): Promise<{ cpuShare: number; longestBlockMs: number }> {
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  const [startedAt, before] = [performance.now(), process.cpuUsage()];
  await delay(ms);
  const { user, system } = process.cpuUsage(before);
  delays.disable();
  return {
    cpuShare: (user + system) / 1000 / (performance.now() - startedAt),
    longestBlockMs: delays.max / 1e6,
  };
}

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
