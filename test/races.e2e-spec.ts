import type { Server } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { AuthHooks, type BaseUserToken } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, inParallel } from './support/client.js';
import { availableDrivers } from './support/databases.js';
import { User } from './support/users-plain.js';
import { tokenIn } from './support/mailbox.js';
import { tokenRows } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const CROWD = 50;

describe.each(availableDrivers())('parallel requests on %s', (database) => {
  let t: TestApp;
  let sockets: { peak: number };

  beforeAll(async () => {
    t = await createTestApp({ database });
    sockets = watchSockets(t.app.getHttpServer() as Server);
  });
  afterAll(() => t.close());

  it('with one activation link: one activates, everybody else gets the same 409', async () => {
    const email = 'activation@example.com';
    await t.client.post('/auth/signup', { email, password: PASSWORD });
    const token = tokenIn(await t.mailbox.waitFor(email));
    const answers = await inParallel(CROWD, () => t.client.post('/auth/activate', { token }));
    const [winner, ...others] = split(answers, 200);
    expect(winner).toHaveLength(1);
    expect(others.flat()).toHaveLength(CROWD - 1);
    expect(new Set(others.flat().map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(others.flat()[0]).toMatchObject({ status: 409, body: { code: 'ACTIVATION_ALREADY_DONE' } });
    expect(await liveSessions(t, email)).toHaveLength(1);
    expect(await t.dataSource.getRepository(User).findBy({ email })).toMatchObject([
      { isActive: true, emailVerifiedAt: expect.any(Date) },
    ]);
    expect(sockets.peak).toBeGreaterThanOrEqual(CROWD);
  });

  it('with one reset link and as many passwords: one is set, and no other opens the account', async () => {
    const email = 'reset@example.com';
    await t.activeUser(email);
    const token = await resetLink(t, email, 2);
    const passwords = Array.from({ length: CROWD }, (_, index) => `a long enough secret, number ${index}`);
    const answers = await inParallel(CROWD, (index) =>
      t.client.post('/auth/password-reset/confirm', { token, new_password: passwords[index] }),
    );
    const winners = passwords.filter((_, index) => answers[index]!.status === 200);
    const [, losers] = split(answers, 200);
    expect(winners).toHaveLength(1);
    expect(new Set(losers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(losers[0]).toMatchObject({ status: 409, body: { code: 'PASSWORD_RESET_ALREADY_DONE' } });
    const logins = await inParallel(CROWD, (index) =>
      t.client.post('/auth/login', { email, password: passwords[index] }),
    );
    expect(passwords.filter((_, index) => logins[index]!.status === 200)).toEqual(winners);
    expect((await t.client.post('/auth/login', { email, password: PASSWORD })).status).toBe(401);
    expect(await tokenRows(t, email, 'password-changed-notice')).toHaveLength(1);
  });

  it('with one refresh token inside the grace time: everybody gets the same successor', async () => {
    const email = 'refresh@example.com';
    const { refresh_token } = await t.activeUser(email);
    const answers = await inParallel(CROWD, () => t.client.post('/auth/refresh', { refresh_token }));
    expect(answers.map(({ status }) => status)).toEqual(Array(CROWD).fill(200));
    const successors = new Set(answers.map(({ body }) => body.refresh_token as string));
    expect(successors.size).toBe(1);
    expect(new Set(answers.map(({ body }) => body.access_token)).size).toBe(1);
    expect([...successors]).not.toContain(refresh_token);
    expect(await liveSessions(t, email)).toMatchObject([{ generation: 1 }]);
    expect((await t.client.post('/auth/refresh', { refresh_token: [...successors][0] })).status).toBe(200);
    expect(await tokenRows(t, email, 'session-reuse-notice')).toHaveLength(0);
  });

  it('with a refresh token that was used before: the session ends, and its owner is told once', async () => {
    const email = 'replay@example.com';
    const { refresh_token } = await t.activeUser(email);
    const { body: next } = await t.client.post('/auth/refresh', { refresh_token });
    t.clock.advance({ seconds: 11 });
    const answers = await inParallel(20, () => t.client.post('/auth/refresh', { refresh_token }));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(401));
    await expectDead(t, next);
    await t.mailbox.waitFor(email, 2);
    expect(await tokenRows(t, email, 'session-reuse-notice')).toHaveLength(1);
    expect(t.mailbox.to(email)).toHaveLength(2);
  });

  it('of signups with one address: one account, equal answers, no error', async () => {
    const email = 'signup@example.com';
    const answers = await inParallel(CROWD, (index) =>
      t.client.post('/auth/signup', { email, password: PASSWORD, name: `Signup ${index}` }),
    );
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.map(({ status }) => status)).toEqual(Array(CROWD).fill(201));
    expect(await t.dataSource.getRepository(User).findBy({ email })).toMatchObject([
      { isActive: false, emailVerifiedAt: null },
    ]);
    expect(await tokenRows(t, email, 'activation')).toHaveLength(CROWD);
    expect(await tokenRows(t, email, 'session')).toHaveLength(0);
  });

  it('of refresh and logout: no token of the session outlives the logout', async () => {
    const email = 'logout@example.com';
    await t.activeUser(email);
    for (let round = 0; round < 50; round++) {
      const { body: pair } = await t.client.post('/auth/login', { email, password: PASSWORD });
      const { refresh_token } = pair;
      const send = [
        () => t.client.post('/auth/refresh', { refresh_token }),
        () => t.client.post('/auth/logout', { refresh_token }),
      ];
      // Each of the two goes first in half of the rounds.
      const answers = await inParallel(2, (index) => send[(index + round) % 2]!());
      const [refreshed, loggedOut] = round % 2 === 0 ? answers : answers.toReversed();
      expect(loggedOut!.status).toBe(204);
      expect([200, 401]).toContain(refreshed!.status);
      await expectDead(t, pair);
      if (refreshed!.status === 200) await expectDead(t, refreshed!.body);
    }
    expect(await liveSessions(t, email)).toHaveLength(1); // that of the activation
    expect(await tokenRows(t, email, 'session-reuse-notice')).toHaveLength(0);
  });

  it('of logins with the old password and a reset: no session of the old password survives', async () => {
    const emails = Array.from({ length: 30 }, (_, round) => `overlap-${round}@example.com`);
    const links = await Promise.all(emails.map((email) => t.activeUser(email).then(() => resetLink(t, email, 2))));
    const new_password = 'another fine passphrase';
    for (const [round, email] of emails.entries()) {
      // The reset goes first, second, ... last.
      const answers = await inParallel(5, (index) =>
        index === round % 5
          ? t.client.post('/auth/password-reset/confirm', { token: links[round], new_password })
          : t.client.post('/auth/login', { email, password: PASSWORD }),
      );
      const [reset] = answers.splice(round % 5, 1);
      expect(reset!.status).toBe(200);
      for (const login of answers) {
        expect([200, 401]).toContain(login.status);
        if (login.status === 200) await expectDead(t, login.body);
      }
      expect((await t.client.get('/demo/protected', { bearer: reset!.body.access_token })).status).toBe(200);
      expect(await liveSessions(t, email)).toHaveLength(1);
      expect((await t.client.post('/auth/login', { email, password: PASSWORD })).status).toBe(401);
    }
  });

  it('leave no error in the log', () => {
    expect(t.logs.lines.filter((line) => /error|fail|deadlock|duplicate/i.test(line))).toEqual([]);
  });
});

describe.each(availableDrivers())('parallel refreshes without a grace time on %s', (database) => {
  let t: TestApp;

  beforeAll(async () => {
    t = await createTestApp({ database, options: { jwt: { refreshGraceSeconds: 0 } } });
  });
  afterAll(() => t.close());

  it('one gets a successor, and the session ends with all its tokens', async () => {
    const email = 'strict@example.com';
    const { refresh_token } = await t.activeUser(email);
    const answers = await inParallel(CROWD, () => t.client.post('/auth/refresh', { refresh_token }));
    const [winners, losers] = split(answers, 200);
    expect(winners).toHaveLength(1);
    const refusals = losers.filter(({ status, body }) => status === 401 && body.code === 'SESSION_INVALID_TOKEN');
    expect(refusals).toHaveLength(CROWD - 1);
    await expectDead(t, winners[0]!.body);
    expect(await liveSessions(t, email)).toHaveLength(0);
    expect(await tokenRows(t, email, 'session-reuse-notice')).toHaveLength(1);
  });
});

function split(answers: Answer[], status: number): [Answer[], Answer[]] {
  return [answers.filter((answer) => answer.status === status), answers.filter((answer) => answer.status !== status)];
}

/** Neither token of a pair is good for anything any more. */
async function expectDead(t: TestApp, pair: { access_token: string; refresh_token: string }): Promise<void> {
  const [access, refresh] = await Promise.all([
    t.client.get('/demo/protected', { bearer: pair.access_token }),
    t.client.post('/auth/refresh', { refresh_token: pair.refresh_token }),
  ]);
  expect([access.status, refresh.status]).toEqual([401, 401]);
}

/** Asks for a reset link, which arrives as mail number `count` to the address. */
async function resetLink(t: TestApp, email: string, count: number): Promise<string> {
  await t.client.post('/auth/password-reset/request', { email });
  return tokenIn(await t.mailbox.waitFor(email, count));
}

async function liveSessions(t: TestApp, email: string): Promise<BaseUserToken[]> {
  return (await tokenRows(t, email, 'session')).filter(({ revokedAt }) => revokedAt === null);
}

/** How many connections were open at the same time, at most. */
function watchSockets(server: Server): { peak: number } {
  const seen = { peak: 0 };
  let open = 0;
  server.on('connection', (socket) => {
    seen.peak = Math.max(seen.peak, ++open);
    socket.once('close', () => open--);
  });
  return seen;
}

describe.each(availableDrivers())('a signup for an address whose account is being deleted, on %s', (database) => {
  /** Keeps the deletion's transaction open, with the account in it, until the signup has looked the account up. */
  @Injectable()
  class Slow extends AuthHooks {
    static until: () => Promise<void>;
    override beforeDeletion() {
      return Slow.until();
    }
  }

  it('becomes an account of its own', async () => {
    const t = await createTestApp({ database, options: { hooks: Slow } });
    const email = 'again@example.com';
    const { access_token: bearer, user_id } = await t.activeUser(email);
    await t.mailIsDone();
    let signup: Promise<Answer> | undefined;
    Slow.until = async () => {
      const before = t.statements.entries.length;
      signup = t.client.post('/auth/signup', { email, password: 'a password of the newcomer' });
      // SQLite lets the signup's own transaction begin only after this one.
      const last = database === 'sqlite' ? /^SELECT .* WHERE .*email/s : /^INSERT INTO .*user_tokens/s;
      while (!t.statements.entries.slice(before).some(({ sql }) => last.test(sql))) await nextTurn();
    };
    const deletion = await t.client.request('DELETE', '/auth/me', { current_password: PASSWORD }, { bearer });
    expect([deletion.status, (await signup!).status]).toEqual([204, 201]);
    const token = tokenIn(await t.mailbox.waitFor(email, 2));
    const activated = await t.client.post('/auth/activate', { token });
    expect(activated.status).toBe(200);
    expect(activated.body.user_id).not.toBe(user_id);
    await t.close();
  });
});
