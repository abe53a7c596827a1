import { setImmediate as nextTurn } from 'node:timers/promises';
import { Table } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Cleanup } from '../lib/platform/data/store/cleanup.js';
import { availableDrivers } from './support/databases.js';
import { emailChanges } from './support/email-changes.js';
import { User, UserToken } from './support/users-plain.js';
import { tokenIn } from './support/mailbox.js';
import { createLimitedApp } from './support/limited-app.js';
import { SCHEMA_WITHOUT_CASCADE } from './support/no-cascade.js';
import { addInactiveUser, changeUser, countTokens, countUsers, tokenRows, userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const DAY = 24 * 3600;

describe.each(availableDrivers())('the cleanup on %s', (database) => {
  let t: TestApp;
  const run = () => t.app.get(Cleanup, { strict: false }).run();
  beforeAll(async () => {
    t = await createTestApp({ mode: 'C', database });
  });
  afterAll(() => t.close());

  it('deletes what expired more than a day ago, and nothing else', async () => {
    const { refresh_token } = await t.activeUser('stays@example.com');
    await t.client.post('/auth/password-reset/request', { email: 'stays@example.com' });
    const session = async () => (await tokenRows(t, 'stays@example.com', 'session')).length;
    const before = await countTokens(t);
    expect([before, (await run()).rows]).toEqual([3, 0]);

    // The reset link has expired, but not a day ago; the session is kept alive by refreshing.
    t.clock.advance({ seconds: DAY });
    expect((await run()).rows).toBe(0);
    const pair = (await t.client.post('/auth/refresh', { refresh_token })).body;
    t.clock.advance({ seconds: DAY });
    expect([(await run()).rows, await session()]).toEqual([1, 1]);
    expect((await t.client.post('/auth/refresh', pair)).status).toBe(400);
    const next = await t.client.post('/auth/refresh', { refresh_token: pair.refresh_token });
    expect(next.status).toBe(200);

    // The activation link is gone; the session, refreshed six days later, is older than it and still lives.
    t.clock.advance({ seconds: 6 * DAY });
    const last = await t.client.post('/auth/refresh', { refresh_token: next.body.refresh_token });
    t.clock.advance({ seconds: DAY });
    expect([(await run()).rows, await session(), await countTokens(t)]).toEqual([1, 1, 1]);
    expect((await t.client.get('/auth/me', { bearer: last.body.access_token })).status).toBe(401);
    expect((await t.client.post('/auth/refresh', { refresh_token: last.body.refresh_token })).status).toBe(200);
  });

  it('keeps the evidence of a replay as long as a replayed token could be genuine', async () => {
    const { refresh_token } = await t.activeUser('robbed@example.com');
    await t.client.post('/auth/refresh', { refresh_token });
    t.clock.advance({ seconds: 60 });
    expect((await t.client.post('/auth/refresh', { refresh_token })).status).toBe(401);
    t.clock.advance({ seconds: 6 * DAY });
    await run();
    expect((await tokenRows(t, 'robbed@example.com', 'session'))[0]?.revokedAt).toBeInstanceOf(Date);
  });

  describe('of a large table', () => {
    let large: TestApp;
    let cleanup: Cleanup;
    beforeAll(async () => {
      large = await createTestApp({ mode: 'C', database });
      cleanup = large.app.get(Cleanup, { strict: false });
      await large.activeUser('many@example.com');
      await addSessions(1_200);
    });
    afterAll(() => large.close());

    /** Sessions that live a week from now. */
    async function addSessions(count: number): Promise<void> {
      const user = (await userRow(large, 'many@example.com')) as User;
      const createdAt = new Date(large.clock.now());
      const expiresAt = new Date(large.clock.now() + 7 * DAY * 1000);
      const session = { user, purpose: 'session' as const, createdAt, expiresAt };
      const rows = Array.from({ length: count }, () => ({ ...session, id: uuidv7({ msecs: createdAt.getTime() }) }));
      while (rows.length > 0) await large.dataSource.getRepository(UserToken).insert(rows.splice(0, 400));
    }
    /** How many statements a round takes, and how many rows it deletes. */
    async function round(): Promise<[reads: number, deletions: number, rows: number]> {
      let rows = 0;
      const statements = await large.statements.during(async () => ({ rows } = await cleanup.run()));
      const [reads, deletions] = ['SELECT', 'DELETE'].map((verb) => statements.filter((sql) => sql.startsWith(verb)));
      expect(reads!.length + deletions!.length).toBe(statements.length);
      return [reads!.length, deletions!.length, rows];
    }

    it('reads live rows once, and then only the end of the table', async () => {
      expect(await round()).toEqual([3, 0, 0]);
      expect(await round()).toEqual([1, 0, 0]);
      large.clock.advance({ seconds: 4 * DAY });
      expect(await round()).toEqual([1, 0, 0]);
    });

    it('finds what was added since, and passes over what it knows', async () => {
      await addSessions(700);
      expect(await round()).toEqual([2, 0, 0]);
      expect(await round()).toEqual([1, 0, 0]);
    });

    it('reads a range again when its first row may have expired, once a day at most', async () => {
      large.clock.advance({ seconds: 4 * DAY + 60 });
      // The first sessions have expired, and those that were added four days later have not.
      const [reads, deletions, rows] = await round();
      expect(rows).toBe(1_202);
      expect(reads + deletions).toBeLessThanOrEqual(8);
      expect(await countTokens(large)).toBe(700);
      expect((await round())[2]).toBe(0);
      large.clock.advance({ seconds: 4 * DAY });
      expect((await round())[2]).toBe(700);
      expect(await countTokens(large)).toBe(0);
    });
  });
});

describe.each(availableDrivers())('accounts that nobody activates, on %s', (database) => {
  let t: TestApp;
  const run = () => t.app.get(Cleanup, { strict: false }).run();
  const signUp = (email: string) => t.client.post('/auth/signup', { email, password: PASSWORD });
  const exists = async (email: string) => (await userRow(t, email)) !== null;
  beforeEach(async () => {
    // Without a cascade: an order of deletion that needed one would fail.
    t = await createTestApp({ database, schema: SCHEMA_WITHOUT_CASCADE });
    return () => t.close();
  });

  it('are deleted with all that is stored about them, a month after the last signup', async () => {
    await signUp('never@example.com');
    await signUp('never@example.com');
    t.clock.advance({ seconds: 10 * DAY });
    await signUp('again@example.com');
    await signUp('never@example.com');
    await t.mailIsDone();
    t.clock.advance({ seconds: 29 * DAY });
    expect((await run()).accounts).toBe(0);
    expect(await exists('never@example.com')).toBe(true);
    t.clock.advance({ seconds: DAY });
    expect(await run()).toEqual({ accounts: 2, rows: 0 });
    expect([await countUsers(t), await countTokens(t)]).toEqual([0, 0]);
    expect((await signUp('never@example.com')).status).toBe(201);
  });

  it('stay while a link of theirs is live, which then still activates them', async () => {
    const email = 'late@example.com';
    await signUp(email);
    await t.mailIsDone();
    t.clock.advance({ seconds: 31 * DAY });
    await t.client.post('/auth/password-reset/request', { email });
    expect(await run()).toEqual({ accounts: 0, rows: 0 });
    const token = tokenIn(await t.mailbox.waitFor(email, 2));
    const answer = await t.client.post('/auth/password-reset/confirm', { token, new_password: PASSWORD });
    expect(answer.status).toBe(200);
    t.clock.advance({ seconds: 31 * DAY });
    expect((await run()).accounts).toBe(0);
    expect(await exists(email)).toBe(true);
  });

  // SQLite has one writer: nothing commits while the cleanup is at work.
  it.skipIf(database === 'sqlite')('stay where a link is made while the cleanup is looking at them', async () => {
    await signUp('waiting@example.com');
    await t.mailIsDone();
    t.clock.advance({ seconds: 31 * DAY });
    const { id } = (await userRow(t, 'waiting@example.com'))!;
    const now = t.clock.now();
    const link = {
      purpose: 'password-reset' as const,
      tokenHash: 'x',
      createdAt: new Date(now),
      expiresAt: new Date(now + DAY * 1000),
    };
    const runner = t.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.manager.update(User, { id }, { name: 'locked' });
    await runner.manager.insert(UserToken, { ...link, id: uuidv7(), user: { id: String(id) } });
    const before = t.statements.entries.length;
    const round = run();
    while (!t.statements.entries.slice(before).some(({ sql }) => /^UPDATE .*users/s.test(sql))) await nextTurn();
    await runner.commitTransaction();
    await runner.release();
    expect(await round).toEqual({ accounts: 0, rows: 0 });
    expect(await tokenRows(t, 'waiting@example.com')).toHaveLength(2);
  });

  it('stay where they are deactivated or active', async () => {
    for (const email of ['off@example.com', 'on@example.com']) await signUp(email);
    await changeUser(t, 'off@example.com', { emailVerifiedAt: new Date(0) });
    await changeUser(t, 'on@example.com', { isActive: true });
    await t.mailIsDone();
    t.clock.advance({ seconds: 100 * DAY });
    expect((await run()).accounts).toBe(0);
    expect(await countUsers(t)).toBe(2);
    // Their links are gone all the same.
    expect(await countTokens(t)).toBe(0);
  });

  it('stay where they were there before the module, whoever signs up with their address', async () => {
    for (const email of ['asleep@example.com', 'wanted@example.com']) await addInactiveUser(t, email);
    await signUp('wanted@example.com');
    await t.client.post('/auth/activation/resend', { email: 'wanted@example.com' });
    await signUp('own@example.com');
    await t.mailIsDone();
    t.clock.advance({ seconds: 5 * DAY });
    await signUp('wanted@example.com');
    // A resend hands out the only signup that waits: of two, the one of a stranger must not be left over.
    t.clock.advance({ seconds: 29 * DAY });
    expect((await run()).accounts).toBe(1);
    expect(await tokenRows(t, 'wanted@example.com', 'activation')).toHaveLength(3);
    t.clock.advance({ seconds: 2 * DAY });
    expect(await run()).toEqual({ accounts: 0, rows: 3 });
    expect([await countTokens(t), await countUsers(t)]).toEqual([0, 2]);
    expect(await exists('wanted@example.com')).toBe(true);
  });

  it('stay where rows of the application refer to them, which is said once, and others go', async () => {
    const emails = ['first@example.com', 'used@example.com', 'last@example.com'];
    for (const email of emails) await signUp(email);
    await t.mailIsDone();
    const { id } = (await userRow(t, 'used@example.com'))!;
    const runner = t.dataSource.createQueryRunner();
    const { type, length } = (await runner.getTable('users'))!.findColumnByName('id')!;
    const toUser = { columnNames: ['user_id'], referencedTableName: 'users', referencedColumnNames: ['id'] };
    const columns = [{ name: 'user_id', type, length }];
    await runner.createTable(
      new Table({ name: 'orders', columns, foreignKeys: [{ ...toUser, onDelete: 'RESTRICT' }] }),
    );
    await runner.query(`INSERT INTO orders (user_id) VALUES ('${String(id)}')`);
    await runner.release();

    t.clock.advance({ seconds: 31 * DAY });
    const lines = t.logs.lines.length;
    expect(await run()).toEqual({ accounts: 2, rows: 0 });
    expect(await run()).toEqual({ accounts: 0, rows: 0 });
    expect(t.logs.lines.slice(lines)).toEqual([expect.stringContaining(`refer to them: ${String(id)}.`)]);
    expect(await tokenRows(t, 'used@example.com', 'activation')).toHaveLength(1);
    await t.dataSource.query('DROP TABLE orders');
    expect((await run()).accounts).toBe(1);
    expect(await countUsers(t)).toBe(0);
  });
});

describe('accounts that nobody activates', () => {
  it('stay where the application says so', async () => {
    const t = await createTestApp({ options: { cleanup: { pendingAccountSeconds: 0 } } });
    await t.client.post('/auth/signup', { email: 'never@example.com', password: PASSWORD });
    await t.mailIsDone();
    t.clock.advance({ seconds: 400 * DAY });
    expect(await t.app.get(Cleanup, { strict: false }).run()).toEqual({ accounts: 0, rows: 1 });
    expect(await countUsers(t)).toBe(1);
    await t.close();
  });

  it('are known for such, where they stay, as long as a change of address can be taken back', async () => {
    const options = { cleanup: { pendingAccountSeconds: 0 }, emailChange: { undoTtlSeconds: 20 * DAY } };
    const t = await createTestApp({ options });
    const on = emailChanges(t);
    const [old, hijacked] = ['owner@example.com', 'hijacker@example.com'];
    await t.activeUser(old);
    const link = await on.move(old, hijacked);
    for (const password of [PASSWORD, 'the passphrase of a hijacker']) {
      await t.client.post('/auth/signup', { email: old, password });
      t.clock.advance({ seconds: 3 * DAY });
    }
    t.clock.advance({ seconds: 13 * DAY });
    await t.app.get(Cleanup, { strict: false }).run();
    // Of two signups one alone would be handed out by a resend.
    expect(await tokenRows(t, old, 'activation')).toHaveLength(2);
    expect((await on.undo(link)).status).toBe(200);
    await t.close();
  });
});

describe('the cleanup of an application with a limit entity', () => {
  it('deletes tries that nothing depends on any more, and no others', async () => {
    const t = await createLimitedApp();
    const keys = async () =>
      (await t.dataSource.query<{ id: string }[]>('SELECT id FROM auth_limits')).map(({ id }) => id.split(':')[0]);
    t.clock.stopAt(new Date(t.clock.now()));
    await t.client.post('/auth/login', { email: 'guessed@example.com', password: 'wrong but long enough' });
    t.clock.advance({ seconds: 3599 });
    await t.app.get(Cleanup, { strict: false }).run();
    expect((await keys()).toSorted()).toEqual(['login', 'login-address']);
    t.clock.advance({ seconds: 1 });
    await t.app.get(Cleanup, { strict: false }).run();
    expect(await keys()).toEqual(['login']);
    t.clock.advance({ seconds: 30 * DAY });
    await t.app.get(Cleanup, { strict: false }).run();
    expect(await keys()).toEqual([]);
    await t.close();
  });
});
