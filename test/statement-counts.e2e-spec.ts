import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Returns } from '../lib/engine/limits/returns.js';
import { OutboxWorker } from '../lib/engine/mail/outbox-worker.js';
import type { Answer } from './support/client.js';
import { claimsOf } from './support/jwt.js';
import { emailChanges } from './support/email-changes.js';
import { tokenIn } from './support/mailbox.js';
import { namedSchema } from './support/users-with-username.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';
import type { DriverKind } from './support/database-servers.js';
import { availableDrivers } from './support/databases.js';
import { createLimitedApp, from } from './support/limited-app.js';
import { stacksWithEitherKey } from './support/stacks.js';

const NEW_PASSWORD = 'another fine passphrase';

/** Sessions are counted by the insert of the new one where the database can, and else by a read after it. */
const countsApart = (database: DriverKind): number => (database === 'postgres' ? 0 : 1);

describe.each(stacksWithEitherKey())('the number of statements on $database, integer keys $integerKeys', (stack) => {
  let t: TestApp;
  const links = { activation: '', reset: '', confirm: '', undo: '' };
  let pair: { access_token: string; refresh_token: string };
  let changer: { access_token: string };

  beforeAll(async () => {
    t = await createTestApp(stack);
    pair = await t.activeUser('active@example.com');
    await t.activeUser('reset@example.com');
    changer = await t.activeUser('changer@example.com');
    for (const email of ['pending@example.com', 'activation@example.com']) {
      await t.client.post('/auth/signup', { email, password: PASSWORD });
    }
    await t.client.post('/auth/password-reset/request', { email: 'reset@example.com' });
    links.activation = tokenIn(await t.mailbox.waitFor('activation@example.com'));
    links.reset = tokenIn(await t.mailbox.waitFor('reset@example.com', 2));
    const on = emailChanges(t);
    await t.activeUser('mover@example.com');
    links.confirm = await on.linkTo('mover@example.com', 'mover-new@example.com');
    await t.activeUser('returner@example.com');
    links.undo = await on.move('returner@example.com', 'returner-new@example.com');
    // The worker shares the connection and its log: it ends its work before anything is counted.
    await t.app.get(OutboxWorker, { strict: false }).beforeApplicationShutdown();
  });
  afterAll(() => t.close());

  /** Runs a request, which must be answered with `status`, and gives its statements, BEGIN and COMMIT aside. */
  const statements = (status: number, path: string, body?: unknown, bearer?: string): Promise<string[]> =>
    statementsOf(status, () => (body ? t.client.post(path, body, { bearer }) : t.client.get(path, { bearer })));

  async function statementsOf(status: number, send: () => Promise<Answer>): Promise<string[]> {
    const all = await t.statements.during(async () => expect((await send()).status).toBe(status));
    // TypeORM writes numbers and null into SQLite's statements.
    return all.map((sql) => sql.replaceAll(/\b\d{13}\b|(?<="id" = )(\d+|NULL)/gi, '?'));
  }
  const login = (status: number, email: string, password = PASSWORD) =>
    statements(status, '/auth/login', { email, password });
  const signup = (email: string) => statements(201, '/auth/signup', { email, password: PASSWORD });
  const resend = (email: string) => statements(202, '/auth/activation/resend', { email });
  const requestReset = (email: string) => statements(202, '/auth/password-reset/request', { email });
  const confirmReset = (status: number, token: string) =>
    statements(status, '/auth/password-reset/confirm', { token, new_password: NEW_PASSWORD });

  const change = (status: number, current_password: string) =>
    statements(status, '/auth/password-change', { current_password, new_password: NEW_PASSWORD }, changer.access_token);

  const asked = (status: number, new_email: string, current_password = PASSWORD) =>
    statements(status, '/auth/email-change/request', { new_email, current_password }, pair.access_token);
  const follow = (status: number, step: 'confirm' | 'undo', token: string) =>
    statements(status, `/auth/email-change/${step}`, { token });

  it('guard: 1, and none without a genuine token', async () => {
    expect(await statements(200, '/demo/bare', undefined, pair.access_token)).toHaveLength(1);
    expect(await statements(401, '/demo/bare', undefined, `${pair.access_token.slice(0, -4)}AAAA`)).toEqual([]);
    expect(await statements(401, '/demo/bare')).toEqual([]);
  });

  it('guard and the whole user: 1', async () => {
    for (const path of ['/auth/me', '/demo/protected', '/demo/verified-only', '/demo/optional']) {
      expect((await statements(200, path, undefined, pair.access_token)).map(verb)).toEqual(['SELECT']);
    }
  });

  it('login: 2 and, where it is apart, a count of the sessions, and 1 whatever the reason of a refusal', async () => {
    const counted = countsApart(stack.database) ? ['SELECT'] : [];
    expect((await login(200, 'active@example.com')).map(verb)).toEqual(['SELECT', 'INSERT', ...counted]);
    const refused = await login(401, 'active@example.com', 'wrong but long enough');
    expect(refused).toHaveLength(1);
    expect(await login(401, 'nobody@example.com')).toEqual(refused);
    expect(await login(401, 'pending@example.com')).toEqual(refused);
  });

  it('refresh: 1, and 2 for the repetition within the grace time', async () => {
    const { body } = await t.client.post('/auth/login', { email: 'active@example.com', password: PASSWORD });
    const { refresh_token } = body;
    expect(await statements(200, '/auth/refresh', { refresh_token })).toHaveLength(1);
    expect(await statements(200, '/auth/refresh', { refresh_token })).toHaveLength(2);
    expect(await statements(401, '/auth/refresh', { refresh_token: 'forged' })).toEqual([]);
  });

  it('logout: 1, of a session that is over as well', async () => {
    const { body } = await t.client.post('/auth/login', { email: 'active@example.com', password: PASSWORD });
    const { refresh_token } = body;
    expect(await statements(204, '/auth/logout', { refresh_token })).toHaveLength(1);
    expect(await statements(204, '/auth/logout', { refresh_token })).toHaveLength(1);
  });

  it('signup: 3 for a new address, 2 for a taken one', async () => {
    const fresh = await signup('new@example.com');
    expect(fresh.map(verb)).toEqual(['SELECT', 'INSERT', 'INSERT']);
    // A new account has one row more. Which address was new is hidden by the hash and by the clock, see the timing tests.
    const taken = await signup('active@example.com');
    expect(taken.map(verb)).toEqual(['SELECT', 'INSERT']);
    expect((await signup('pending@example.com')).map(verb)).toEqual(taken.map(verb));
  });

  it('activation: 5 and, where it is apart, a count of the sessions, and 1 for a link that is not valid', async () => {
    expect(await statements(200, '/auth/activate', { token: links.activation })).toHaveLength(
      5 + countsApart(stack.database),
    );
    const used = await statements(409, '/auth/activate', { token: links.activation });
    expect(used).toHaveLength(1);
    expect(await statements(400, '/auth/activate', { token: 'x'.repeat(64) })).toEqual(used);
  });

  it('activation resend: 3, the same for every address', async () => {
    const pending = await resend('pending@example.com');
    expect(pending).toHaveLength(3);
    expect(await resend('nobody@example.com')).toEqual(pending);
    expect(await resend('active@example.com')).toEqual(pending);
  });

  it('reset request: 2, the same for every address', async () => {
    const known = await requestReset('active@example.com');
    expect(known).toHaveLength(2);
    expect(await requestReset('nobody@example.com')).toEqual(known);
    expect(await requestReset('pending@example.com')).toEqual(known);
  });

  it('reset confirm: 6 and, where it is apart, a count of the sessions, and 1 for a link that is not valid', async () => {
    expect(await confirmReset(200, links.reset)).toHaveLength(6 + countsApart(stack.database));
    const used = await confirmReset(409, links.reset);
    expect(used).toHaveLength(1);
    expect(await confirmReset(400, 'x'.repeat(64))).toEqual(used);
  });

  it('e-mail change request: guard and 4, the same for every address, and guard and 1 for a wrong password', async () => {
    const free = await asked(202, 'free@example.com');
    expect(free.map(verb)).toEqual(['SELECT', 'SELECT', 'SELECT', 'INSERT', 'UPDATE']);
    for (const other of ['mover', 'pending', 'active']) {
      expect((await asked(202, `${other}@example.com`)).map(verb)).toEqual(free.map(verb));
    }
    const refused = await asked(400, 'free@example.com', 'wrong but long enough');
    expect(refused.map(verb)).toEqual(['SELECT', 'SELECT']);
    expect(await asked(400, 'mover@example.com', 'wrong but long enough')).toEqual(refused);
  });

  it.each([
    ['confirm', ['SELECT', 'UPDATE', 'UPDATE', 'UPDATE', 'UPDATE', 'SELECT', 'INSERT']],
    ['undo', ['SELECT', 'UPDATE', 'UPDATE', 'UPDATE', 'UPDATE', 'UPDATE', 'INSERT']],
  ] as const)('e-mail change %s: 7, and 1 for a link that is not valid', async (step, verbs) => {
    expect((await follow(200, step, links[step])).map(verb)).toEqual(verbs);
    const used = await follow(409, step, links[step]);
    expect(used.map(verb)).toEqual(['SELECT']);
    expect(await follow(400, step, 'x'.repeat(64))).toEqual(used);
  });

  it('password change: guard and 4, and guard and 1 for a wrong password', async () => {
    expect((await change(400, 'wrong but long enough')).map(verb)).toEqual(['SELECT', 'SELECT']);
    expect((await change(204, PASSWORD)).map(verb)).toEqual(['SELECT', 'SELECT', 'UPDATE', 'UPDATE', 'INSERT']);
  });

  it('profile: guard and 2 for an edit, 1 without a field, 2 for an export, 4 for the end', async () => {
    const { body } = await t.client.post('/auth/login', { email: 'changer@example.com', password: NEW_PASSWORD });
    const bearer: string = body.access_token;
    const send = async (status: number, method: 'PATCH' | 'PUT' | 'DELETE', fields: object) =>
      (await statementsOf(status, () => t.client.request(method, '/auth/me', fields, { bearer }))).map(verb);
    expect(await send(200, 'PATCH', { name: 'Ann' })).toEqual(['SELECT', 'UPDATE', 'SELECT']);
    expect(await send(200, 'PATCH', {})).toEqual(['SELECT', 'SELECT']);
    expect(await send(200, 'PUT', {})).toEqual(['SELECT', 'UPDATE', 'SELECT']);
    const exported = await statements(200, '/auth/me/export', undefined, bearer);
    expect(exported.map(verb)).toEqual(['SELECT', 'SELECT', 'SELECT']);
    expect(await send(400, 'DELETE', { current_password: 'wrong' })).toEqual(['SELECT', 'SELECT']);
    expect(await send(204, 'DELETE', { current_password: NEW_PASSWORD })).toEqual([
      'SELECT',
      'SELECT',
      'SELECT',
      'DELETE',
      'DELETE',
    ]);
  });

  it('list of sessions: guard and 1; the end of one: guard and 1, and none for what is no id', async () => {
    const { body } = await t.client.post('/auth/login', { email: 'active@example.com', password: PASSWORD });
    const bearer: string = body.access_token;
    const end = (status: number, id: unknown) =>
      statementsOf(status, () => t.client.request('DELETE', `/auth/sessions/${String(id)}`, undefined, { bearer }));
    expect((await statements(200, '/auth/sessions', undefined, bearer)).map(verb)).toEqual(['SELECT', 'SELECT']);
    expect(await end(404, 'x')).toHaveLength(1);
    expect((await end(204, claimsOf(bearer)['sid'])).map(verb)).toEqual(['SELECT', 'UPDATE']);
  });
});

describe.each(stacksWithEitherKey())('the number of statements with usernames on $database', (stack) => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({ ...stack, schema: namedSchema(stack) });
    await t.client.post('/auth/signup', { email: 'ann@example.com', username: 'ann', password: PASSWORD });
    const token = tokenIn(await t.mailbox.waitFor('ann@example.com'));
    await t.client.post('/auth/activate', { token });
    await t.app.get(OutboxWorker, { strict: false }).beforeApplicationShutdown();
  });
  afterAll(() => t.close());

  const verbs = async (path: string, body: object, status: number) =>
    (
      await t.statements.during(async () => {
        expect((await t.client.post(path, { password: PASSWORD, ...body })).status).toBe(status);
      })
    ).map(verb);

  it('login: 2 and, where it is apart, a count of the sessions, and 1 for a refusal, by username as by address', async () => {
    for (const key of [{ username: 'ann' }, { username: 'ann@example.com' }, { email: 'ann@example.com' }]) {
      const counted = countsApart(stack.database) ? ['SELECT'] : [];
      expect(await verbs('/auth/login', key, 200)).toEqual(['SELECT', 'INSERT', ...counted]);
    }
    for (const key of [{ username: 'bob' }, { username: 'bob@example.com' }, { email: 'bob@example.com' }]) {
      expect(await verbs('/auth/login', key, 401)).toEqual(['SELECT']);
    }
  });

  const signup = (status: number, email: string, username?: string) =>
    verbs('/auth/signup', { email: `${email}@example.com`, username }, status);

  it('signup: 1 more with a username, and that one alone where it is taken', async () => {
    expect(await signup(201, 'new')).toEqual(['SELECT', 'INSERT', 'INSERT']);
    expect(await signup(201, 'named', 'named')).toEqual(['SELECT', 'SELECT', 'INSERT', 'INSERT']);
    expect(await signup(201, 'ann', 'another')).toEqual(['SELECT', 'SELECT', 'INSERT']);
    for (const email of ['ann', 'named', 'unheard-of']) expect(await signup(409, email, 'ann')).toEqual(['SELECT']);
  });
});

const verb = (sql: string): string => /^\w+/.exec(sql)![0];

describe.each(availableDrivers())('limits in a table of %s', (database) => {
  it('cost a login one statement, or two where the database cannot count two in one, and a success one more a moment later', async () => {
    const t = await createLimitedApp({ database });
    await t.activeUser('active@example.com');
    await t.mailIsDone();
    await t.app.get(OutboxWorker, { strict: false }).beforeApplicationShutdown();
    const counting = async (password: string, status: number) => {
      const statements = await t.statements.during(async () => {
        const answer = await t.client.post(
          '/auth/login',
          { email: 'active@example.com', password },
          from('203.0.113.3'),
        );
        expect(answer.status).toBe(status);
        await t.app.get(Returns, { strict: false }).send();
      });
      return statements.filter((sql) => sql.includes('auth_limits')).length;
    };
    const counted = database === 'postgres' ? 1 : 2;
    const both = [await counting('a wrong passphrase', 401), await counting(PASSWORD, 200)];
    expect(both).toEqual([counted, counted + 1]);
    await t.close();
  });
});
