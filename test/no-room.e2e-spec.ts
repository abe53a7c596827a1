import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from './support/client.js';
import { countTokens, countUsers } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const NEW_PASSWORD = 'another fine passphrase';
const OWNER = 'owner@example.com';
const BUSY = { statusCode: 503, code: 'SERVICE_UNAVAILABLE' };

// SQLite ends a transaction by itself there, which TypeORM does not notice.
describe('on SQLite, where nothing can be written', () => {
  let t: TestApp;
  let session: { access_token: string; refresh_token: string };

  beforeAll(async () => {
    t = await createTestApp({ database: 'sqlite' });
    session = await t.activeUser(OWNER);
    await t.mailIsDone();
  });
  afterAll(() => t.close());

  const signUp = (email: string) => t.client.post('/auth/signup', { email, password: PASSWORD });
  const logIn = (password: string) => t.client.post('/auth/login', { email: OWNER, password });
  const pragma = async (text: string) =>
    Object.values((await t.dataSource.query<Record<string, number>[]>(`PRAGMA ${text}`))[0] ?? {})[0]!;

  /** Every kind of write: transactions, and statements by themselves. */
  const writes: Record<string, () => Promise<Answer>> = {
    signup: () => signUp(`${'n'.repeat(60)}@example.com`),
    login: () => logIn(PASSWORD),
    refresh: () => t.client.post('/auth/refresh', { refresh_token: session.refresh_token }),
    reset: () => t.client.post('/auth/password-reset/request', { email: OWNER }),
    'password change': () =>
      t.client.post(
        '/auth/password-change',
        { current_password: PASSWORD, new_password: NEW_PASSWORD },
        { bearer: session.access_token },
      ),
    deletion: () =>
      t.client.request('DELETE', '/auth/me', { current_password: PASSWORD }, { bearer: session.access_token }),
  };

  /** What another process sees: what is only in an open transaction of the application is not there. */
  function seenByOthers(): { users: number; tokens: number } {
    const other = new Sqlite(String(t.database.options.database), { readonly: true });
    const count = (table: string) => other.prepare(`SELECT COUNT(*) FROM ${table}`).pluck().get() as number;
    const seen = { users: count('users'), tokens: count('user_tokens') };
    other.close();
    return seen;
  }

  /** Fills the file to its last page, and allows no further one. */
  async function fillUp(): Promise<void> {
    await t.dataSource.query('CREATE TABLE ballast (bytes BLOB)');
    await pragma(`max_page_count = ${await pragma('page_count')}`);
    for (const size of [4000, 400, 40, 4]) {
      const fill = () => t.dataSource.query('INSERT INTO ballast VALUES (zeroblob(?))', [size]);
      while (
        await fill().then(
          () => true,
          () => false,
        )
      );
    }
  }
  async function makeRoom(): Promise<void> {
    await pragma('max_page_count = 1000000');
    await t.dataSource.query('DROP TABLE ballast');
  }

  it('a full disk: 503, nothing by halves, and everything works again when there is room', async () => {
    await fillUp();
    const before = { users: await countUsers(t), tokens: await countTokens(t) };
    // Often enough to use up whatever room was left in pages that are not full.
    let refused = 0;
    for (let round = 0; round < 40 && refused < 10; round++) {
      const answer = await signUp(`${'f'.repeat(40)}-${round}@example.com`);
      const isDone = answer.status === 201;
      before.users += Number(isDone);
      before.tokens += Number(isDone);
      refused = isDone ? 0 : refused + 1;
      expect(isDone ? BUSY : answer.body).toMatchObject(BUSY);
    }
    expect(refused).toBe(10);
    expect({ users: await countUsers(t), tokens: await countTokens(t) }).toEqual(before);
    expect(seenByOthers()).toEqual(before);
    // A full disk is no reason to refuse what only reads.
    expect((await t.client.get('/demo/protected', { bearer: session.access_token })).status).toBe(200);

    await makeRoom();
    expect((await signUp('room@example.com')).status).toBe(201);
    // One that is rolled back for a reason of its own leaves no transaction open.
    const token = 'x'.repeat(64);
    expect((await t.client.post('/auth/activate', { token })).status).toBe(400);
    expect((await logIn(PASSWORD)).status).toBe(200);
    expect(seenByOthers().users).toBe(before.users + 1);
    expect(await pragma('integrity_check')).toBe('ok');
  });

  it('a transaction of the application that met a full disk leaves none of ours open', async () => {
    await fillUp();
    const failed = t.dataSource.transaction(async (manager) => {
      for (;;) await manager.query('INSERT INTO ballast VALUES (zeroblob(100000))');
    });
    await expect(failed).rejects.toMatchObject({ code: 'SQLITE_FULL' });
    await makeRoom();
    expect((await signUp('after-own@example.com')).status).toBe(201);
    const rolledBack = t.dataSource.transaction(async (manager) => {
      await manager.query('CREATE TABLE short_lived (id INTEGER)');
      throw new Error('changed its mind');
    });
    await expect(rolledBack).rejects.toThrow('changed its mind');
    expect((await signUp('after-rollback@example.com')).status).toBe(201);
    expect(seenByOthers()).toEqual({ users: await countUsers(t), tokens: await countTokens(t) });
  });

  it.each(Object.keys(writes))('a file that only reads: %s is 503 and changes nothing', async (name) => {
    const before = [await countUsers(t), await countTokens(t)];
    await pragma('query_only = 1');
    const answer = await writes[name]!();
    await pragma('query_only = 0');
    expect([answer.status, answer.body]).toMatchObject([503, BUSY]);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect([await countUsers(t), await countTokens(t)]).toEqual(before);
    expect((await logIn(PASSWORD)).status).toBe(200);
  });
});
