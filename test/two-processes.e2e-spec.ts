import type { BaseUserToken, TokenPurpose } from 'nestjs-gatehouse';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type SampleProcess, startSampleProcess } from './support/sample-process.js';
import { type Answer, type Client, inParallel } from './support/client.js';
import { createDatabase, describeOnServers, type TestDatabase } from './support/databases.js';
import { User, UserToken } from './support/users-plain.js';
import { claimsOf } from './support/jwt.js';
import { Mailbox, tokenIn } from './support/mailbox.js';
import { PASSWORD } from './support/test-app.js';

const CROWD = 50;

interface Tokens {
  access_token: string;
  refresh_token: string;
}

const password = (index: number): string => `a long enough secret, number ${index}`;

// A SQLite file belongs to one process.
describeOnServers('two processes on one %s', (kind) => {
  let database: TestDatabase;
  let mailbox: Mailbox;
  let dataSource: DataSource;
  const processes: SampleProcess[] = [];
  let clients: [Client, Client];

  beforeAll(async () => {
    database = await createDatabase(kind);
    mailbox = await new Mailbox().goUp();
    const env = { AUTH_MAIL_POLL_SECONDS: '1' };
    // One after the other: the first runs the migrations.
    for (let number = 0; number < 2; number++) processes.push(await startSampleProcess(database, mailbox, env));
    clients = [processes[0]!.client, processes[1]!.client];
    dataSource = await new DataSource({ ...database.options, entities: [User, UserToken] } as never).initialize();
  });
  afterAll(async () => {
    await Promise.all(processes.map((child) => child.stop()));
    await dataSource?.destroy();
    await mailbox?.goDown();
    await database?.drop();
  });

  /** Half of the requests go to either process. */
  const split = (send: (client: Client, index: number) => Promise<Answer>): Promise<Answer[]> =>
    inParallel(CROWD, (index) => send(clients[index % 2]!, index));

  const rows = (email: string, purpose: TokenPurpose): Promise<BaseUserToken[]> =>
    dataSource.getRepository(UserToken).findBy({ user: { email }, purpose });

  /** Also those that a worker has claimed and not yet settled. */
  const owedMails = (): Promise<number> =>
    dataSource.getRepository(UserToken).createQueryBuilder('token').where('token.mailDueAt IS NOT NULL').getCount();

  async function activationLink(email: string): Promise<string> {
    await clients[0].post('/auth/signup', { email, password: PASSWORD });
    return tokenIn(await mailbox.waitFor(email));
  }

  const login = (email: string) => clients[0].post('/auth/login', { email, password: PASSWORD });

  async function activeUser(email: string): Promise<Tokens> {
    return (await clients[0].post('/auth/activate', { token: await activationLink(email) })).body;
  }

  it('activate once, whichever of them is asked', async () => {
    const email = 'activation@example.com';
    const token = await activationLink(email);
    const answers = await split((client) => client.post('/auth/activate', { token }));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'ACTIVATION_ALREADY_DONE')).toHaveLength(CROWD - 1);
    expect(await rows(email, 'session')).toHaveLength(1);
    expect(await dataSource.getRepository(User).findBy({ email })).toMatchObject([{ isActive: true }]);
  });

  it('set one of many passwords', async () => {
    const email = 'reset@example.com';
    await activeUser(email);
    await clients[1].post('/auth/password-reset/request', { email });
    const token = tokenIn(await mailbox.waitFor(email, 2));
    const answers = await split((client, index) =>
      client.post('/auth/password-reset/confirm', { token, new_password: password(index) }),
    );
    const winners = answers.flatMap(({ status }, index) => (status === 200 ? [index] : []));
    expect(winners).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'PASSWORD_RESET_ALREADY_DONE')).toHaveLength(CROWD - 1);
    const logins = await split((client, index) => client.post('/auth/login', { email, password: password(index) }));
    expect(logins.flatMap(({ status }, index) => (status === 200 ? [index] : []))).toEqual(winners);
    expect(await rows(email, 'password-changed-notice')).toHaveLength(1);
  });

  it('rotate a refresh token once; inside the grace time everybody gets the same successor, later nobody', async () => {
    const email = 'refresh@example.com';
    const { refresh_token } = await activeUser(email);
    const answers = await split((client) => client.post('/auth/refresh', { refresh_token }));
    expect(answers.map(({ status }) => status)).toEqual(Array(CROWD).fill(200));
    const [successor, ...others] = new Set(answers.map(({ body }) => body.refresh_token as string));
    expect(others).toEqual([]);
    expect(await rows(email, 'session')).toMatchObject([{ generation: 1, revokedAt: null }]);
    const { body: third } = await clients[0].post('/auth/refresh', { refresh_token: successor });
    expect(await rows(email, 'session')).toMatchObject([{ generation: 2, revokedAt: null }]);

    const replays = await split((client) => client.post('/auth/refresh', { refresh_token }));
    expect(replays.map(({ status }) => status)).toEqual(Array(CROWD).fill(401));
    for (const client of clients) {
      expect((await client.post('/auth/refresh', { refresh_token: third.refresh_token })).status).toBe(401);
      expect((await client.get('/demo/protected', { bearer: third.access_token })).status).toBe(401);
    }
    expect(await rows(email, 'session-reuse-notice')).toHaveLength(1);
  });

  it('leave one account its 50 newest sessions, however many logins overlap', async () => {
    const email = 'sessions@example.com';
    await activeUser(email);
    for (let round = 0; round < 2; round++) {
      const answers = await split((client) => client.post('/auth/login', { email, password: PASSWORD }));
      expect(answers.map(({ status }) => status)).toEqual(Array(CROWD).fill(200));
    }
    const sessions = (await rows(email, 'session')).toSorted(
      (one, other) => one.createdAt.getTime() - other.createdAt.getTime() || (one.id < other.id ? -1 : 1),
    );
    expect(sessions).toHaveLength(2 * CROWD + 1);
    expect(sessions.map(({ revokedAt }) => revokedAt === null)).toEqual(sessions.map((_, index) => index > CROWD));
  });

  it('open one account for many signups with one address', async () => {
    const email = 'signup@example.com';
    const answers = await split((client) => client.post('/auth/signup', { email, password: PASSWORD }));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]!.status).toBe(201);
    expect(await dataSource.getRepository(User).countBy({ email })).toBe(1);
  });

  describe('refuse both tokens on the very next request, where the other one', () => {
    /** What ends the session of `tokens`, done by the first process. */
    const endings: Record<string, (email: string, tokens: Tokens) => Promise<unknown>> = {
      'logged out': (_, { refresh_token }) => clients[0].post('/auth/logout', { refresh_token }),
      'logged out every device': (_, { access_token }) =>
        clients[0].post('/auth/logout-all', {}, { bearer: access_token }),
      'ended the device': async (email, { access_token }) => {
        const { body } = await login(email);
        const id = String(claimsOf(access_token)['sid']);
        return clients[0].request('DELETE', `/auth/sessions/${id}`, undefined, { bearer: body.access_token });
      },
      'changed the password': async (email) => {
        const { body } = await login(email);
        const passwords = { current_password: PASSWORD, new_password: 'another long enough secret' };
        return clients[0].post('/auth/password-change', passwords, { bearer: body.access_token });
      },
      'changed the address': async (email, { access_token }) => {
        const change = { new_email: `new-${email}`, current_password: PASSWORD };
        await clients[0].post('/auth/email-change/request', change, { bearer: access_token });
        const token = tokenIn(await mailbox.waitFor(change.new_email));
        return clients[0].post('/auth/email-change/confirm', { token });
      },
      'deactivated the account': (email) => dataSource.getRepository(User).update({ email }, { isActive: false }),
      'deleted the account': (_, { access_token }) =>
        clients[0].request('DELETE', '/auth/me', { current_password: PASSWORD }, { bearer: access_token }),
    };

    it.each(Object.keys(endings))('%s', async (name) => {
      const other = clients[1];
      const email = `${name.replaceAll(' ', '-')}@example.com`;
      const { access_token: bearer, refresh_token } = await activeUser(email);
      expect((await other.get('/demo/protected', { bearer })).status).toBe(200);
      await endings[name]!(email, { access_token: bearer, refresh_token });
      expect((await other.get('/demo/protected', { bearer })).status).toBe(401);
      expect((await other.post('/auth/refresh', { refresh_token })).status).toBe(401);
    });
  });

  it('send every owed mail once', async () => {
    const emails = Array.from({ length: 20 }, (_, index) => `mail-${index}@example.com`);
    await inParallel(emails.length, (index) =>
      clients[index % 2]!.post('/auth/signup', { email: emails[index], password: PASSWORD }),
    );
    await Promise.all(emails.map((email) => mailbox.waitFor(email)));
    await vi.waitFor(async () => expect(await owedMails()).toBe(0), { timeout: 15_000 });
    expect(emails.map((email) => mailbox.to(email).length)).toEqual(Array(20).fill(1));
    const ids = mailbox.mails.map(({ messageId }) => messageId);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
