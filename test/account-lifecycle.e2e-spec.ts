import { AuthService } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, inParallel } from './support/client.js';
import { tokenIn } from './support/mailbox.js';
import { countTokens, countUsers, tokenRows, userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';
import { stacks } from './support/stacks.js';

interface Pair {
  access_token: string;
  refresh_token: string;
}

/** What the tests do to an account, on one application. */
function actions(t: TestApp) {
  return {
    patch: (bearer: string | undefined, body: unknown) => t.client.request('PATCH', '/auth/me', body, { bearer }),
    put: (bearer: string | undefined, body: unknown) => t.client.request('PUT', '/auth/me', body, { bearer }),
    delete: (bearer: string | undefined, current_password: unknown = PASSWORD) =>
      t.client.request('DELETE', '/auth/me', { current_password }, { bearer }),
    export: (bearer?: string) => t.client.get('/auth/me/export', { bearer }),
    login: async (email: string): Promise<Answer> => t.client.post('/auth/login', { email, password: PASSWORD }),
    /** The statuses that the two tokens of a pair get. */
    use: async ({ access_token, refresh_token }: Pair): Promise<[number, number]> => [
      (await t.client.get('/demo/bare', { bearer: access_token })).status,
      (await t.client.post('/auth/refresh', { refresh_token })).status,
    ],
  };
}

describe.each(stacks())('the own account on $database with $adapter', (stack) => {
  let t: TestApp;
  let elsewhere: TestApp;
  let on: ReturnType<typeof actions>;
  beforeAll(async () => {
    t = await createTestApp(stack);
    elsewhere = await createTestApp({ ...stack, on: t.database, options: { mail: { pollSeconds: 3600 } } });
    on = actions(t);
  });
  afterAll(async () => {
    await elsewhere.close();
    await t.close();
  });

  describe('is edited', () => {
    it('by PATCH in the fields that are given, by PUT as a whole', async () => {
      const email = 'edit@example.com';
      const { access_token: bearer, user_id } = await t.activeUser(email);
      await t.activeUser('bystander@example.com');
      const before = (await userRow(t, email))!;
      t.clock.advance({ seconds: 1 });
      const named = await on.patch(bearer, { name: 'Zoë \u{1f600}' });
      expect([named.status, named.headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(named.body).toMatchObject({ id: user_id, email, name: 'Zoë \u{1f600}', is_verified: true });
      expect(named.body).toEqual((await t.client.get('/auth/me', { bearer })).body);
      const after = (await userRow(t, email))!;
      expect(after.updatedAt.getTime()).toBeGreaterThan(before.updatedAt.getTime());
      expect({ ...after, name: null, updatedAt: before.updatedAt }).toEqual(before);

      t.clock.advance({ seconds: 1 });
      expect((await on.patch(bearer, {})).body.name).toBe('Zoë \u{1f600}');
      expect(await userRow(t, email)).toEqual(after);
      expect((await on.put(bearer, { name: 'Zoe' })).body.name).toBe('Zoe');
      expect((await on.put(bearer, {})).body.name).toBeNull();
      expect((await on.patch(bearer, { name: 'Z' })).body.name).toBe('Z');
      expect((await on.patch(bearer, { name: null })).body.name).toBeNull();
      expect(await userRow(t, 'bystander@example.com')).toMatchObject({ name: null });
    });

    it('in no field but those of the allow-list', async () => {
      const email = 'mass@example.com';
      const { access_token: bearer } = await t.activeUser(email);
      const before = await userRow(t, email);
      const extras = [
        { id: 1 },
        { email: 'other@example.com' },
        { password: 'another fine passphrase' },
        { passwordHash: 'x' },
        { password_hash: 'x' },
        { is_active: false },
        { isActive: false },
        { emailVerifiedAt: null },
        { created_at: 0 },
        { updatedAt: 0 },
        { user: { id: 1 } },
      ];
      for (const extra of extras) {
        for (const send of [on.patch, on.put]) {
          const answer = await send(bearer, { name: 'Mallory', ...extra });
          expect([answer.status, answer.body.code]).toEqual([400, 'INPUT_INVALID']);
          expect(answer.body.errors).toMatchObject([{ field: Object.keys(extra)[0] }]);
        }
      }
      expect((await on.patch(bearer, { name: 'x'.repeat(101) })).body.code).toBe('INPUT_INVALID');
      expect(await userRow(t, email)).toEqual(before);
    });
  });

  describe('is deleted', () => {
    it('with all its rows; every token stops working at once, in a second process as well', async () => {
      const email = 'leaver@example.com';
      const pairs: Pair[] = [await t.activeUser(email), (await on.login(email)).body];
      const stranger = await t.activeUser('stays@example.com');
      await t.client.post('/auth/password-reset/request', { email });
      const token = tokenIn(await t.mailbox.waitFor(email, 2));
      await t.mailIsDone();
      const [users, others] = [await countUsers(t), (await countTokens(t)) - (await tokenRows(t, email)).length];
      for (const { access_token: bearer } of pairs) {
        expect((await elsewhere.client.get('/demo/bare', { bearer })).status).toBe(200);
      }
      const answer = await on.delete(pairs[1]!.access_token);
      expect([answer.status, answer.text, answer.headers.get('cache-control')]).toEqual([204, '', 'no-store']);
      expect(await actions(elsewhere).use(pairs[0]!)).toEqual([401, 401]);
      expect(await on.use(pairs[1]!)).toEqual([401, 401]);
      expect(await userRow(t, email)).toBeNull();
      expect([await countUsers(t), await countTokens(t)]).toEqual([users - 1, others]);
      const reset = { token, new_password: 'another fine passphrase' };
      expect((await t.client.post('/auth/password-reset/confirm', reset)).status).toBe(400);
      expect((await on.login(email)).body.code).toBe('LOGIN_INVALID_CREDENTIALS');
      expect((await on.delete(pairs[1]!.access_token)).body.code).toBe('ACCESS_INVALID_TOKEN');
      expect(await on.use(stranger)).toEqual([200, 200]);

      await t.client.post('/auth/signup', { email, password: PASSWORD });
      const link = tokenIn(await t.mailbox.waitFor(email, 3));
      expect((await t.client.post('/auth/activate', { token: link })).status).toBe(200);
      expect((await on.login(email)).status).toBe(200);
      for (const pair of pairs) expect(await on.use(pair)).toEqual([401, 401]);
    });

    it('only with the current password', async () => {
      const email = 'hesitant@example.com';
      const pair = await t.activeUser(email);
      await t.mailIsDone();
      const [before, rows] = [await userRow(t, email), await countTokens(t)];
      for (const wrong of ['', 'not the password', `${PASSWORD} `, before!.passwordHash]) {
        const answer = await on.delete(pair.access_token, wrong);
        expect([answer.status, answer.body.code]).toEqual([400, 'PASSWORD_CURRENT_WRONG']);
      }
      for (const body of [undefined, {}, { current_password: null }, { current_password: PASSWORD, id: 1 }]) {
        const answer = await t.client.request('DELETE', '/auth/me', body, { bearer: pair.access_token });
        expect([answer.status, answer.body.code]).toEqual([400, 'INPUT_INVALID']);
      }
      expect((await on.delete(undefined)).body.code).toBe('ACCESS_UNAUTHENTICATED');
      expect([await userRow(t, email), await countTokens(t)]).toEqual([before, rows]);
      expect(await on.use(pair)).toEqual([200, 200]);
    });

    it('once by 10 parallel requests, whatever else its owner does meanwhile, and nothing of it stays', async () => {
      for (let round = 0; round < 4; round++) {
        const email = `race-${round}@example.com`;
        const pair: Pair = await t.activeUser(email);
        const rivals = [
          () => t.client.post('/auth/refresh', { refresh_token: pair.refresh_token }),
          () => on.login(email),
          () => on.patch(pair.access_token, { name: 'Late' }),
          () => t.client.post('/auth/password-reset/request', { email }),
        ];
        const answers = await inParallel(14, (index) => rivals[index - 5]?.() ?? on.delete(pair.access_token));
        const [refreshed, loggedIn, edited, requested] = answers.splice(5, 4);
        expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
        const codes = new Set(answers.flatMap(({ body }) => (body ? [body.code] : [])));
        expect(['PASSWORD_CURRENT_WRONG', 'ACCESS_INVALID_TOKEN']).toEqual(expect.arrayContaining([...codes]));
        expect([200, 401]).toContain(refreshed!.status);
        expect([200, 401]).toContain(loggedIn!.status);
        expect([200, 401]).toContain(edited!.status);
        expect(requested!.status).toBe(202);
        for (const { body } of [refreshed!, loggedIn!].filter(({ status }) => status === 200)) {
          expect(await on.use(body)).toEqual([401, 401]);
        }
        expect(await on.use(pair)).toEqual([401, 401]);
        expect(await userRow(t, email)).toBeNull();
      }
      const orphans = 'SELECT 1 FROM user_tokens WHERE user_id NOT IN (SELECT id FROM users)';
      expect(await t.dataSource.query(orphans)).toEqual([]);
    });
  });

  describe('is exported', () => {
    it('as a file with every column and row of the user, but without anything that proves who it is', async () => {
      const email = 'export@example.com';
      const { access_token: bearer, user_id } = await t.activeUser(email);
      await on.patch(bearer, { name: 'Ex' });
      await on.login(email);
      await t.client.post('/auth/signup', { email, password: PASSWORD });
      await t.client.post('/auth/password-reset/request', { email });
      await t.mailIsDone();
      await t.activeUser('not-exported@example.com');
      const answer = await on.export(bearer);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-disposition')).toBe('attachment; filename="account.json"');
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      const { account, sessions, links, notices, ...more } = answer.body;
      expect(more).toEqual({ exported_at: iso });
      expect(account).toEqual({
        id: user_id,
        email,
        name: 'Ex',
        is_active: true,
        email_verified_at: iso,
        created_at: iso,
        updated_at: iso,
      });
      expect([sessions.length, links.length, notices.length]).toEqual([2, 2, 1]);
      expect(links.map(({ purpose }: { purpose: string }) => purpose)).toEqual(['activation', 'password-reset']);
      expect(notices[0]).toMatchObject({ purpose: 'account-exists', created_at: iso, mail_due_at: null });
      expect(sessions[0]).toMatchObject({ created_at: iso, expires_at: iso, ip: '127.0.0.1', generation: 0 });
      const rows = await tokenRows(t, email);
      const { passwordHash } = (await userRow(t, email))!;
      const secrets = rows.flatMap(({ tokenHash, nonce }) => [tokenHash, nonce]).filter((secret) => secret !== null);
      expect(secrets).toHaveLength(4);
      for (const secret of [...secrets, passwordHash, bearer, PASSWORD]) expect(answer.text).not.toContain(secret);
      expect(answer.text).not.toMatch(/argon2|_hash|nonce|not-exported|eyJ/);
    });

    it('for its owner only', async () => {
      const answer = await on.export();
      expect([answer.status, answer.body.code]).toEqual([401, 'ACCESS_UNAUTHENTICATED']);
    });
  });

  it('is there for code without HTTP', async () => {
    const email = 'facade@example.com';
    const pair = await t.activeUser(email);
    const auth = t.app.get(AuthService, { strict: false });
    const { id } = (await userRow(t, email))!;
    expect(await auth.editProfile(id, { name: 'Fa' })).toMatchObject({ email, name: 'Fa' });
    await expect(auth.editProfile(id, { isActive: false })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect((await auth.exportAccount(id)).account).toMatchObject({ email, name: 'Fa', is_active: true });
    await expect(auth.deleteAccount(id, 'wrong')).rejects.toMatchObject({ code: 'PASSWORD_CURRENT_WRONG' });
    await auth.deleteAccount(id, PASSWORD);
    expect(await on.use(pair)).toEqual([401, 401]);
    await expect(auth.exportAccount(id)).rejects.toMatchObject({ code: 'ACCESS_INVALID_TOKEN' });
  });

  it('left no secret and no error in the log', () => {
    expect(t.logs.lines.filter((line) => /error|deadlock|eyJ|argon2/i.test(line))).toEqual([]);
    expect(t.logs.lines.join('\n')).not.toContain(PASSWORD);
  });
});
