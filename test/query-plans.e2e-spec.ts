import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import type { Client } from './support/client.js';
import { availableDrivers } from './support/databases.js';
import { claimsOf } from './support/jwt.js';
import { tokenIn } from './support/mailbox.js';
import { analyze, indexes, plan } from './support/query-plans.js';
import { NamedUser, NamedUserToken, namedSchema } from './support/users-with-username.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const USERS = 1000;
const TOKENS_PER_USER = 2;

/** Words with which a statement reads or changes rows that are already there. */
const REACHES_ROWS = /^(SELECT|UPDATE|DELETE)\b|^INSERT\b.*\bSELECT\b/is;

describe.each(availableDrivers())('the plans of the statements on %s', (kind) => {
  let t: TestApp;
  let statements: { sql: string; parameters: unknown[] }[];

  beforeAll(async () => {
    // So few that every login looks for those beyond it.
    const options = { session: { maxPerAccount: 10 } };
    t = await createTestApp({ mode: 'E', database: kind, schema: namedSchema(), options });
    await fill(t.dataSource);
    await analyze(t.dataSource, kind);
    const before = t.statements.entries.length;
    await runEveryFlow(t);
    statements = t.statements.entries.slice(before).filter(({ sql }) => REACHES_ROWS.test(sql));
  });
  afterAll(() => t.close());

  it('reach users and tokens by primary key, unique index or the indexes of user and due mail', async () => {
    const named = await indexes(t.dataSource, kind);
    const unplanned = new Set(statements.map(({ sql }) => sql));
    for (const { sql, parameters } of statements) {
      for (const { table, index } of await plan(t.dataSource, kind, sql, parameters)) {
        expect(index, `${table} is read in full by ${sql}`).toBeDefined();
        expect(named).toContain(index);
        unplanned.delete(sql);
      }
    }
    expect([...unplanned]).toEqual([]);
  });

  it('include those of the guard, of every flow and of the mail worker', () => {
    const all = statements.map(({ sql }) => sql.replaceAll(/["`]/g, '')).join('\n');
    for (const part of [
      "session.purpose = 'session'",
      'user.email = ',
      'user.username = ',
      'SET used_at',
      'SET generation = generation + 1',
      'is_active = ',
      'INSERT INTO user_tokens',
      'NOT EXISTS',
      'MAX(token.generation)',
      'DELETE FROM users',
      'token.mail_due_at <= ',
      'AS is_outdated',
      'COALESCE(token.last_used_at, token.created_at) DESC',
    ]) {
      expect(all).toContain(part);
    }
    expect(new Set(statements.map(({ sql }) => sql)).size).toBeGreaterThan(12);
  });

  it('would show a full scan if there were one', async () => {
    const sql = `SELECT id FROM users WHERE name = 'nobody'`;
    expect(await plan(t.dataSource, kind, sql, [])).toEqual([{ table: 'users', index: undefined }]);
  });
});

/** Enough rows that reading a table in full costs more than an index. */
async function fill({ manager }: DataSource): Promise<void> {
  const instant = new Date();
  const users = Array.from({ length: USERS }, (_, number) => ({
    id: uuidv7(),
    email: `resident-${number}@example.com`,
    username: `resident-${number}`,
    passwordHash: 'none',
    isActive: true,
    createdAt: instant,
    updatedAt: instant,
  }));
  const tokens = users.flatMap(({ id }) =>
    Array.from({ length: TOKENS_PER_USER }, () => ({
      id: uuidv7(),
      user: { id },
      purpose: 'session' as const,
      generation: 0,
      createdAt: instant,
      expiresAt: instant,
      mailAttempts: 0,
    })),
  );
  for (let start = 0; start < users.length; start += 500) {
    await manager.insert(NamedUser, users.slice(start, start + 500));
  }
  for (let start = 0; start < tokens.length; start += 500) {
    await manager.insert(NamedUserToken, tokens.slice(start, start + 500));
  }
}

async function runEveryFlow(t: TestApp): Promise<void> {
  const { client, mailbox, activeUser } = t;
  const pending = { email: 'pending@example.com', password: PASSWORD };
  await client.post('/auth/signup', pending);
  await client.post('/auth/signup', pending);
  await client.post('/auth/activation/resend', { email: pending.email });
  await mailbox.waitFor(pending.email, 3);
  const steady = await activeUser('steady@example.com');

  const email = 'planner@example.com';
  await client.post('/auth/signup', { email: 'page@example.com', password: PASSWORD });
  const pageLink = tokenIn(await mailbox.waitFor('page@example.com'));
  expect((await client.get(`/auth/activate/${pageLink}`)).status).toBe(200);
  expect((await client.get(`/auth/activate/${pageLink}`)).text).toContain('already');

  const first = await activeUser(email);
  const { body: pair } = await client.post('/auth/login', { email, password: PASSWORD });
  expect((await client.get('/auth/me', { bearer: pair.access_token })).status).toBe(200);
  const { body: next } = await client.post('/auth/refresh', { refresh_token: pair.refresh_token });
  expect((await client.post('/auth/refresh', { refresh_token: pair.refresh_token })).status).toBe(200);
  expect((await client.post('/auth/logout', { refresh_token: next.refresh_token })).status).toBe(204);
  expect((await client.post('/auth/logout-all', undefined, { bearer: first.access_token })).status).toBe(204);

  await client.post('/auth/signup', { email, password: PASSWORD });
  await client.post('/auth/password-reset/request', { email });
  await mailbox.waitFor(email, 3);
  await client.post('/auth/password-reset/request', { email });
  const token = tokenIn(await mailbox.waitFor(email, 4));
  expect((await client.get(`/auth/password-reset/${token}`)).status).toBe(200);
  const confirmed = await client.post('/auth/password-reset/confirm', {
    token,
    new_password: 'another fine passphrase',
  });
  expect(confirmed.status).toBe(200);
  await mailbox.waitFor(email, 5);
  const change = { current_password: PASSWORD, new_password: PASSWORD };
  const changed = await client.post('/auth/password-change', change, { bearer: steady.access_token });
  expect(changed.status).toBe(204);
  await client.post('/auth/login', { email: 'steady@example.com', password: PASSWORD });
  // Of a row that is there and of one that is not.
  for (const username of ['resident-1', 'nobody']) await client.post('/auth/login', { username, password: PASSWORD });
  await changeAddress(t);
  // Of an account that stays as it is.
  const move = { new_email: 'elsewhere@example.com', current_password: PASSWORD };
  const asked = await client.post('/auth/email-change/request', move, { bearer: steady.access_token });
  expect(asked.status).toBe(202);
  await runFlowsOfUser(await activeUser('keeper@example.com'), client);
}

/** A taken address, a free one, and the way back. */
async function changeAddress({ client, mailbox, activeUser }: TestApp): Promise<void> {
  const { access_token: bearer } = await activeUser('mover@example.com');
  const ask = (new_email: string) =>
    client.post('/auth/email-change/request', { new_email, current_password: PASSWORD }, { bearer });
  expect((await ask('steady@example.com')).status).toBe(202);
  await mailbox.waitFor('steady@example.com', 2);
  expect((await ask('moved@example.com')).status).toBe(202);
  const confirm = { token: tokenIn(await mailbox.waitFor('moved@example.com')) };
  expect((await client.post('/auth/email-change/confirm', confirm)).status).toBe(200);
  const undo = { token: tokenIn(await mailbox.waitFor('mover@example.com', 2)) };
  expect((await client.get(`/auth/email-change/undo/${undo.token}`)).status).toBe(200);
  expect((await client.post('/auth/email-change/undo', undo)).status).toBe(200);
  await mailbox.waitFor('mover@example.com', 3);
}

/** What a signed-in user does with the own account, up to its end. */
async function runFlowsOfUser({ access_token: bearer }: { access_token: string }, client: Client): Promise<void> {
  const { body: pair } = await client.post('/auth/login', { email: 'keeper@example.com', password: PASSWORD });
  expect((await client.get('/auth/sessions', { bearer: pair.access_token })).body).toHaveLength(2);
  const own = claimsOf(pair.access_token)['sid'] as string;
  expect((await client.request('DELETE', `/auth/sessions/${own}`, undefined, { bearer })).status).toBe(204);
  expect((await client.request('PATCH', '/auth/me', { name: 'Ann' }, { bearer })).status).toBe(200);
  expect((await client.get('/auth/me/export', { bearer })).status).toBe(200);
  const password = { current_password: PASSWORD };
  expect((await client.request('DELETE', '/auth/me', password, { bearer })).status).toBe(204);
}
