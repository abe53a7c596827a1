import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthService } from 'nestjs-gatehouse';
import { type Answer, inParallel } from './support/client.js';
import { tokenIn } from './support/mailbox.js';
import { changeUser, countTokens, tokenRows, userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';
import { stacks } from './support/stacks.js';

const NEW_PASSWORD = 'a quite different passphrase';
const CROWD = 20;

interface Pair {
  access_token: string;
  refresh_token: string;
}

/** What the tests do to a known password, on one application. */
function actions(t: TestApp) {
  return {
    change: (bearer: string | undefined, current_password: unknown, new_password: unknown = NEW_PASSWORD) =>
      t.client.post('/auth/password-change', { current_password, new_password }, { bearer }),
    login: (email: string, password: string) => t.client.post('/auth/login', { email, password }),
    /** The statuses that the two tokens of a pair get: [200, 200] while the session lives. */
    use: async ({ access_token, refresh_token }: Pair): Promise<[number, number]> => [
      (await t.client.get('/demo/bare', { bearer: access_token })).status,
      (await t.client.post('/auth/refresh', { refresh_token })).status,
    ],
    /** How many notices were sent to an address, once all mails have arrived. */
    notices: async (email: string) => {
      await t.mailIsDone();
      return t.mailbox.to(email).filter(({ subject }) => subject === 'Your password was changed').length;
    },
  };
}

function expectWrong(answer: Answer): void {
  expect([answer.status, answer.body]).toEqual([
    400,
    { statusCode: 400, code: 'PASSWORD_CURRENT_WRONG', message: 'The current password is wrong.' },
  ]);
  expect(answer.headers.get('cache-control')).toBe('no-store');
}

describe.each(stacks())('password change on $database with $adapter', (stack) => {
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

  it('sets the new password, ends every other session, keeps this one, and tells the user once', async () => {
    const email = 'known@example.com';
    const other: Pair = await t.activeUser(email);
    const own: Pair = (await on.login(email, PASSWORD)).body;
    const stranger = await t.activeUser('stranger@example.com');
    const before = (await userRow(t, email))!;
    t.clock.advance({ seconds: 1 });
    const answer = await on.change(own.access_token, PASSWORD);
    expect([answer.status, answer.text, answer.headers.get('cache-control')]).toEqual([204, '', 'no-store']);
    expect(await on.use(other)).toEqual([401, 401]);
    expect(await on.use(own)).toEqual([200, 200]);
    expect((await on.login(email, PASSWORD)).status).toBe(401);
    expect((await on.login(email, NEW_PASSWORD)).status).toBe(200);
    expect(await on.notices(email)).toBe(1);
    const after = (await userRow(t, email))!;
    expect(after.updatedAt.getTime()).toBeGreaterThan(before.updatedAt.getTime());
    expect({ ...after, passwordHash: null, updatedAt: null }).toEqual({
      ...before,
      passwordHash: null,
      updatedAt: null,
    });

    expect(await on.use(stranger)).toEqual([200, 200]);
    expect((await on.login('stranger@example.com', PASSWORD)).status).toBe(200);
    expect(await on.notices('stranger@example.com')).toBe(0);
  });

  it('ends the other sessions in a second process on its very next request', async () => {
    const email = 'two-processes@example.com';
    const other: Pair = await t.activeUser(email);
    const own: Pair = (await elsewhere.client.post('/auth/login', { email, password: PASSWORD })).body;
    for (const { access_token } of [own, other]) {
      expect((await elsewhere.client.get('/demo/bare', { bearer: access_token })).status).toBe(200);
    }
    expect((await on.change(own.access_token, PASSWORD)).status).toBe(204);
    expect(await actions(elsewhere).use(other)).toEqual([401, 401]);
    expect(await actions(elsewhere).use(own)).toEqual([200, 200]);
  });

  it('refuses a wrong current password: nothing changes, nobody gets mail', async () => {
    const email = 'wrong@example.com';
    const other: Pair = await t.activeUser(email);
    const own: Pair = (await on.login(email, PASSWORD)).body;
    await t.mailIsDone();
    const [before, rows, mails] = [await userRow(t, email), await countTokens(t), t.mailbox.to(email).length];
    const lookAlikes = [PASSWORD.toUpperCase(), `${PASSWORD} `, ` ${PASSWORD}`, PASSWORD.slice(1), `${PASSWORD}\u200b`];
    for (const wrong of [...lookAlikes, NEW_PASSWORD, '', 'x', 'x'.repeat(2000), before!.passwordHash]) {
      expectWrong(await on.change(own.access_token, wrong));
    }
    expect(await userRow(t, email)).toEqual(before);
    expect(await countTokens(t)).toBe(rows);
    expect(await on.use(own)).toEqual([200, 200]);
    expect(await on.use(other)).toEqual([200, 200]);
    await t.mailIsDone();
    expect(t.mailbox.to(email)).toHaveLength(mails);
    expect((await on.login(email, PASSWORD)).status).toBe(200);
  });

  it('refuses a new password against the policy, the address and the name included', async () => {
    const email = 'gwendolyn@example.com';
    const { access_token: bearer } = await t.activeUser(email);
    await changeUser(t, email, { name: 'Marguerite Lindqvist' } as never);
    const refused = ['short', email, 'Gwendolyn1234', 'Marguerite77', 'Lindqvist!!1', 'passwordpassword'];
    for (const password of [...refused, 'x'.repeat(129)]) {
      const answer = await on.change(bearer, PASSWORD, password);
      expect([password, answer.status, answer.body.code]).toEqual([password, 400, 'PASSWORD_REJECTED']);
      expect(answer.body.errors).toMatchObject([{ field: 'new_password' }]);
      expect(answer.text).not.toContain(password);
    }
    // Whoever does not know the password learns nothing of the rest.
    expectWrong(await on.change(bearer, 'not the password at all', 'short'));
    expect((await on.login(email, PASSWORD)).status).toBe(200);
    expect(await on.notices(email)).toBe(0);
  });

  it('kills every reset link', async () => {
    const email = 'link@example.com';
    const { access_token: bearer } = await t.activeUser(email);
    await t.client.post('/auth/password-reset/request', { email });
    const token = tokenIn(await t.mailbox.waitFor(email, 2));
    expect((await on.change(bearer, PASSWORD)).status).toBe(204);
    const reset = await t.client.post('/auth/password-reset/confirm', { token, new_password: 'a third passphrase' });
    expect([reset.status, reset.body.code]).toEqual([400, 'PASSWORD_RESET_INVALID_TOKEN']);
    expect((await on.login(email, NEW_PASSWORD)).status).toBe(200);
    expect(await tokenRows(t, email, 'password-reset')).toMatchObject([{ revokedAt: expect.any(Date), usedAt: null }]);
  });

  it('accepts the current password as the new one, which ends the other sessions all the same', async () => {
    const email = 'same@example.com';
    const other: Pair = await t.activeUser(email);
    const own: Pair = (await on.login(email, PASSWORD)).body;
    expect((await on.change(own.access_token, PASSWORD, PASSWORD)).status).toBe(204);
    expect(await on.use(other)).toEqual([401, 401]);
    expect(await on.use(own)).toEqual([200, 200]);
  });

  it('needs a live session of the account; a body that names another user is refused', async () => {
    const one = await t.activeUser('one@example.com');
    const two = await t.activeUser('two@example.com');
    expect((await on.change(undefined, PASSWORD)).body.code).toBe('ACCESS_UNAUTHENTICATED');
    for (const bearer of ['garbage', one.refresh_token]) {
      expect((await on.change(bearer, PASSWORD)).body.code).toBe('ACCESS_INVALID_TOKEN');
    }
    const body = { current_password: PASSWORD, new_password: NEW_PASSWORD };
    for (const extra of [{ user_id: two.user_id }, { id: two.user_id }, { email: 'two@example.com' }]) {
      const answer = await t.client.post('/auth/password-change', { ...body, ...extra }, { bearer: one.access_token });
      expect([answer.status, answer.body.code]).toEqual([400, 'INPUT_INVALID']);
    }
    await t.client.post('/auth/logout', undefined, { bearer: one.access_token });
    expect((await on.change(one.access_token, PASSWORD)).body.code).toBe('ACCESS_INVALID_TOKEN');
    await changeUser(t, 'two@example.com', { isActive: false });
    expect((await on.change(two.access_token, PASSWORD)).body.code).toBe('ACCESS_INVALID_TOKEN');
    await changeUser(t, 'two@example.com', { isActive: true });
    for (const email of ['one@example.com', 'two@example.com']) {
      expect((await on.login(email, PASSWORD)).status).toBe(200);
      expect(await on.notices(email)).toBe(0);
    }
  });

  it(`of ${CROWD} parallel changes with one current password lets one win`, async () => {
    const email = 'race@example.com';
    const pairs: Pair[] = [await t.activeUser(email)];
    while (pairs.length < CROWD) pairs.push((await on.login(email, PASSWORD)).body);
    const passwords = pairs.map((_, index) => `a long enough secret, number ${index}`);
    const answers = await inParallel(CROWD, (index) =>
      on.change(pairs[index]!.access_token, PASSWORD, passwords[index]),
    );
    const winners = answers.flatMap(({ status }, index) => (status === 204 ? [index] : []));
    expect(winners).toHaveLength(1);
    // Whoever comes to the guard after the winner's commit has no session any more.
    const losers = answers.filter(({ status }) => status !== 204);
    expect(losers.map(({ body }) => body.code).filter((code) => code !== 'ACCESS_INVALID_TOKEN')).toEqual(
      losers.filter(({ status }) => status === 400).map(() => 'PASSWORD_CURRENT_WRONG'),
    );
    const uses = await Promise.all(pairs.map((pair) => on.use(pair)));
    expect(uses.map(String)).toEqual(answers.map(({ status }) => (status === 204 ? '200,200' : '401,401')));
    const logins = await inParallel(CROWD, (index) => on.login(email, passwords[index]!));
    expect(logins.flatMap(({ status }, index) => (status === 200 ? [index] : []))).toEqual(winners);
    expect((await on.login(email, PASSWORD)).status).toBe(401);
    expect(await on.notices(email)).toBe(1);
  });

  it('of parallel changes by one session lets one win: to the others the current password is wrong', async () => {
    const email = 'one-session@example.com';
    const own: Pair = await t.activeUser(email);
    const answers = await inParallel(CROWD, (index) =>
      on.change(own.access_token, PASSWORD, `a long enough secret, number ${index}`),
    );
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    const others = answers.filter(({ status }) => status !== 204);
    expect(others).toHaveLength(CROWD - 1);
    others.forEach(expectWrong);
    expect(await on.use(own)).toEqual([200, 200]);
    expect(await on.notices(email)).toBe(1);
  });

  it('leaves no session of a login that was under way with the old password', async () => {
    for (let round = 0; round < 10; round++) {
      const email = `overlap-${round}@example.com`;
      const own: Pair = await t.activeUser(email);
      // The change goes first, second, ... last.
      const answers = await inParallel(5, (index) =>
        index === round % 5 ? on.change(own.access_token, PASSWORD) : on.login(email, PASSWORD),
      );
      const [changed] = answers.splice(round % 5, 1);
      expect(changed!.status).toBe(204);
      for (const { status } of answers) expect([200, 401]).toContain(status);
      for (const { body } of answers.filter(({ status }) => status === 200)) {
        expect(await on.use(body)).toEqual([401, 401]);
      }
      expect(await on.use(own)).toEqual([200, 200]);
    }
  });

  it('leaves one password of a change and a reset in parallel, and no error', async () => {
    for (let round = 0; round < 6; round++) {
      const email = `reset-race-${round}@example.com`;
      const own: Pair = await t.activeUser(email);
      await t.client.post('/auth/password-reset/request', { email });
      const token = tokenIn(await t.mailbox.waitFor(email, 2));
      const new_password = 'the passphrase of the reset';
      const send = [
        () => on.change(own.access_token, PASSWORD),
        () => t.client.post('/auth/password-reset/confirm', { token, new_password }),
      ];
      const answers = await inParallel(2, (index) => send[(index + round) % 2]!());
      const [changed, reset] = round % 2 === 0 ? answers : answers.toReversed();
      expect([204, 400, 401]).toContain(changed!.status);
      expect([200, 400]).toContain(reset!.status);
      const opened = [NEW_PASSWORD, new_password, PASSWORD].map(async (each) => (await on.login(email, each)).status);
      // Whichever came last has it; the one before may have been answered as well.
      expect((await Promise.all(opened)).toSorted()).toEqual([200, 401, 401]);
      expect((await on.login(email, PASSWORD)).status).toBe(401);
    }
  });

  it('is there for code without HTTP, where every session ends unless one is named', async () => {
    const email = 'facade@example.com';
    const { user_id, ...pair } = await t.activeUser(email);
    const auth = t.app.get(AuthService, { strict: false });
    const { id } = (await userRow(t, email))!;
    expect(id).toBe(user_id);
    await expect(auth.changePassword(id, 'not the password', NEW_PASSWORD)).rejects.toMatchObject({
      code: 'PASSWORD_CURRENT_WRONG',
    });
    expect(await on.use(pair)).toEqual([200, 200]);
    await auth.changePassword(id, PASSWORD, NEW_PASSWORD);
    expect(await on.use(pair)).toEqual([401, 401]);
    expect((await on.login(email, NEW_PASSWORD)).status).toBe(200);
  });

  it('left no password and no error in the log', () => {
    const log = [...t.logs.lines, ...elsewhere.logs.lines].join('\n');
    for (const secret of [PASSWORD, NEW_PASSWORD, 'a long enough secret', '$argon2id$']) {
      expect(log).not.toContain(secret);
    }
    expect(t.logs.lines.filter((line) => /error|fail|deadlock|duplicate/i.test(line))).toEqual([]);
  });
});

describe('password change in mode D', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({ mode: 'D' });
  });
  afterAll(() => t.close());

  it('works for an address that was never verified, and owes no mail', async () => {
    const { access_token } = await t.activeUser('d@example.com');
    const on = actions(t);
    expect((await on.change(access_token, PASSWORD)).status).toBe(204);
    expect((await on.login('d@example.com', NEW_PASSWORD)).status).toBe(200);
    expect(await tokenRows(t, 'd@example.com', 'password-changed-notice')).toEqual([]);
    expect(t.mailbox.mails).toEqual([]);
  });
});
