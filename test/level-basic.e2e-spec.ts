import { Controller, Get, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  Authenticated,
  AuthModule,
  type AuthModuleOptions,
  AuthService,
  AuthStartUpError,
  CurrentSession,
  type Principal,
} from 'nestjs-gatehouse';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Endpoint } from '../lib/platform/http/endpoint.js';
import { ENDPOINTS } from '../lib/module/flows.js';
import { inParallel } from './support/client.js';
import { User, UserToken } from './support/users-plain.js';
import { claimsOf, headerOf } from './support/jwt.js';
import { createTestApp, LogLines, PASSWORD, type TestApp } from './support/test-app.js';
import { stacks } from './support/stacks.js';

const SECRET = 'levels-tests-only:4pW8xN2cV6bM1qL5zK9jH3gF7dS0aQeR';

@Controller('own')
class OwnController {
  @Authenticated()
  @Get('session')
  session(@CurrentSession() { userId, sessionId, isEmailVerified }: Principal) {
    return { userId, hasSession: sessionId !== undefined, isEmailVerified };
  }
}

afterEach(() => vi.unstubAllEnvs());

describe.each(stacks())('level basic on $database, $adapter, integer keys $integerKeys', (stack) => {
  let t: TestApp;

  beforeAll(async () => {
    t = await createTestApp({ ...stack, level: 'basic', controllers: [OwnController] });
  });
  afterAll(() => t.close());

  const signup = (email: string) => t.client.post('/auth/signup', { email, password: PASSWORD });
  const login = (email: string, password = PASSWORD) => t.client.post('/auth/login', { email, password });

  it('makes an account active at once, with an access token and no refresh token', async () => {
    const { status, body } = await signup('new@example.com');
    expect(status).toBe(201);
    expect(body).toEqual({
      user_id: expect.anything(),
      activation_required: false,
      activation_url: null,
      access_token: expect.any(String),
      refresh_token: null,
      token_type: 'Bearer',
      expires_in: 900,
      message: 'The account is active.',
    });
    expect(headerOf(body.access_token)).toMatchObject({ typ: 'at+jwt' });
    expect(claimsOf(body.access_token)).not.toHaveProperty('sid');
    const me = await t.client.get('/auth/me', { bearer: body.access_token });
    expect(me.body).toMatchObject({ id: body.user_id, email: 'new@example.com', is_active: true, is_verified: false });
  });

  it('logs in with an access token alone', async () => {
    await signup('login@example.com');
    const { status, body } = await login('login@example.com');
    expect(status).toBe(200);
    expect(body).toEqual({
      access_token: expect.any(String),
      refresh_token: null,
      token_type: 'Bearer',
      expires_in: 900,
    });
    expect((await t.client.get('/auth/me', { bearer: body.access_token })).status).toBe(200);
  });

  it('lets its owner edit the account, and nobody whose account was deactivated', async () => {
    const bearer = (await signup('edit@example.com')).body.access_token;
    const edit = (method: string, fields: object) =>
      t.client.send('/auth/me', {
        method,
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
        body: JSON.stringify(fields),
      });
    expect((await edit('PATCH', { name: 'Ada' })).body).toMatchObject({ email: 'edit@example.com', name: 'Ada' });
    expect((await edit('PUT', { name: 'Grace' })).body).toMatchObject({ name: 'Grace' });
    expect((await t.client.get('/auth/me', { bearer })).body.name).toBe('Grace');
    expect((await edit('PATCH', { is_active: false })).status).toBe(400);
    await setActive('edit@example.com', false);
    expect((await edit('PATCH', { name: 'Nobody' })).body.code).toBe('ACCESS_INVALID_TOKEN');
    const [row] = await t.dataSource.query<{ name: string }[]>(
      "SELECT name FROM users WHERE email = 'edit@example.com'",
    );
    expect(row!.name).toBe('Grace');
  });

  it('refuses an unknown address, a wrong password and an inactive account alike', async () => {
    await signup('inactive@example.com');
    await setActive('inactive@example.com', false);
    const answers = [
      await login('nobody@example.com'),
      await login('new@example.com', 'another password entirely'),
      await login('inactive@example.com'),
    ];
    for (const { status, body } of answers) {
      expect([status, body.code]).toEqual([401, 'LOGIN_INVALID_CREDENTIALS']);
      expect(body).not.toHaveProperty('access_token');
    }
  });

  it('says that an address is taken, and leaves its account alone', async () => {
    await signup('taken@example.com');
    const answers = await inParallel(5, () =>
      t.client.post('/auth/signup', { email: 'taken@example.com', password: 'a stranger chose this one' }),
    );
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual(
      answers.map(() => [409, 'SIGNUP_EMAIL_TAKEN']),
    );
    expect((await login('taken@example.com')).status).toBe(200);
    expect((await login('taken@example.com', 'a stranger chose this one')).status).toBe(401);
  });

  it('lets one of many parallel signups have an address', async () => {
    const answers = await inParallel(8, () => signup('race@example.com'));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(7);
  });

  it('guards routes of the application by the signature alone, without a statement', async () => {
    const { body } = await signup('guarded@example.com');
    const statements = await t.statements.during(async () => {
      const own = await t.client.get('/own/session', { bearer: body.access_token });
      expect(own.body).toEqual({ userId: body.user_id, hasSession: false, isEmailVerified: false });
    });
    expect(statements).toEqual([]);
    expect((await t.client.get('/demo/protected', { bearer: body.access_token })).body.user_id).toBe(body.user_id);
    expect((await t.client.get('/demo/bare')).status).toBe(401);
    expect((await t.client.get('/demo/bare', { bearer: `${body.access_token}x` })).status).toBe(401);
  });

  it('lets nobody past @Verified() whom no claim calls verified', async () => {
    const { body } = await signup('proof@example.com');
    const answer = await t.client.get('/demo/verified-only', { bearer: body.access_token });
    expect([answer.status, answer.body.code]).toEqual([403, 'ACCESS_EMAIL_UNVERIFIED']);
  });

  it('refuses the token of a deactivated account where the user is loaded, and elsewhere when it expires', async () => {
    const { body } = await signup('gone@example.com');
    await setActive('gone@example.com', false);
    for (const path of ['/auth/me', '/demo/protected']) {
      const answer = await t.client.get(path, { bearer: body.access_token });
      expect([answer.status, answer.body.code]).toEqual([401, 'ACCESS_INVALID_TOKEN']);
    }
    expect((await t.client.get('/demo/bare', { bearer: body.access_token })).status).toBe(200);
    t.clock.advance({ seconds: 901 });
    expect((await t.client.get('/demo/bare', { bearer: body.access_token })).status).toBe(401);
  });

  it('has no other route', async () => {
    const others = Object.values<Endpoint>(ENDPOINTS).filter(({ level }) => level !== 'basic');
    expect(others.length).toBeGreaterThan(5);
    const statuses = await Promise.all(
      others.map(async ({ method, path }) => {
        const url = `/${path.replace(/:\w+/g, 'x'.repeat(64))}`;
        const { status } = await t.client.send(url, { method, ...(method !== 'GET' && { body: '{}' }) });
        return [method, path, status];
      }),
    );
    expect(statuses).toEqual(others.map(({ method, path }) => [method, path, 404]));
  });

  it('mails nothing and has no token table', async () => {
    expect(t.mailbox.mails).toEqual([]);
    await expect(t.dataSource.query('SELECT 1 FROM user_tokens')).rejects.toThrow(/user_tokens/);
  });

  async function setActive(email: string, isActive: boolean): Promise<void> {
    await t.dataSource.createQueryBuilder().update('users').set({ isActive }).where({ email }).execute();
  }
});

describe('level basic', () => {
  it('hashes a password anew at login when the parameters have risen', async () => {
    const t = await createTestApp({ level: 'basic' });
    const stronger = await createTestApp({ level: 'basic', on: t.database, options: { hashing: { timeCost: 2 } } });
    const hash = async () => (await t.dataSource.query<{ password_hash: string }[]>('SELECT * FROM users'))[0]!;
    await t.client.post('/auth/signup', { email: 'ada@example.com', password: PASSWORD });
    expect((await hash()).password_hash).toContain('t=1');
    await stronger.client.post('/auth/login', { email: 'ada@example.com', password: PASSWORD });
    expect((await hash()).password_hash).toContain('t=2');
    await stronger.close();
    await t.close();
  });

  it('refuses the token of a session, and level complete one without: neither could be ended', async () => {
    const complete = await createTestApp({ mode: 'D' });
    const basic = await createTestApp({ level: 'basic' });
    const ada = { email: 'ada@example.com', password: PASSWORD };
    const withSession = (await complete.client.post('/auth/signup', ada)).body.access_token;
    const without = (await basic.client.post('/auth/signup', ada)).body.access_token;
    expect((await complete.client.get('/demo/bare', { bearer: withSession })).status).toBe(200);
    expect((await basic.client.get('/demo/bare', { bearer: without })).status).toBe(200);
    expect((await basic.client.get('/demo/bare', { bearer: withSession })).status).toBe(401);
    expect((await complete.client.get('/demo/bare', { bearer: without })).status).toBe(401);
    await basic.close();
    await complete.close();
  });

  it('may come from the environment, for code that is written for level complete', async () => {
    vi.stubEnv('AUTH_LEVEL', 'basic');
    vi.stubEnv('AUTH_MODE', 'not-a-mode');
    vi.stubEnv('SMTP_PORT', 'not-a-port');
    const t = await createTestApp();
    expect((await t.client.post('/auth/refresh', { refresh_token: 'x' })).status).toBe(404);
    const { body } = await t.client.post('/auth/signup', { email: 'ada@example.com', password: PASSWORD });
    expect(body).toMatchObject({ activation_required: false, refresh_token: null });
    expect(t.logs.lines.join('\n')).toMatch(/level=basic .* password\.minLength=12 .*jwt\.secret=\[redacted\]/);
    expect(t.logs.lines.join('\n')).not.toMatch(/ mode=|smtp\./);
    expect(() => t.app.get(AuthService)).toThrow('AuthService');
    await t.close();
  });
});

describe('a level that does not fit', () => {
  it.each<[string, AuthModuleOptions | object, string[]]>([
    ['basic without a user entity', { level: 'basic' }, ['userEntity']],
    [
      'basic with what only complete has',
      { level: 'basic', userEntity: User, tokenEntity: UserToken },
      ['tokenEntity'],
    ],
    [
      'basic with a mode and a link',
      { level: 'basic', userEntity: User, mode: 'C', returnLinkInResponse: true, smtp: { host: 'localhost' } },
      ['mode', 'returnLinkInResponse', 'smtp.host'],
    ],
    ['complete without its entities', { mode: 'D' }, ['userEntity', 'tokenEntity']],
    ['complete without a token entity', { userEntity: User, mode: 'D' }, ['tokenEntity']],
    ['an unknown level', { level: 'full', userEntity: User, tokenEntity: UserToken }, ['level']],
  ])('is refused: %s', async (_, options, paths) => {
    expect((await whyNot(options)).problems.map(({ path }) => path)).toEqual(paths);
  });

  it('is refused where the environment demands more than the code has', async () => {
    vi.stubEnv('AUTH_LEVEL', 'everything');
    expect((await whyNot({ userEntity: User, tokenEntity: UserToken })).message).toContain(
      'level (AUTH_LEVEL): is not one',
    );
  });

  it('is told in production that addresses are not proved', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    const t = await createTestApp({ level: 'basic', options: { hashing: { memoryKib: 19_456, timeCost: 2 } } });
    expect(t.logs.lines.filter((line) => line.includes('proves no address'))).toHaveLength(1);
    await t.close();
  });
});

/** Why an application does not start; throws where it does. */
async function whyNot(options: object): Promise<AuthStartUpError> {
  const entities: Type[] = [User, UserToken];
  const database = TypeOrmModule.forRoot({ type: 'better-sqlite3', database: ':memory:', entities });
  const auth = AuthModule.forRoot({ jwt: { secret: SECRET }, ...options } as AuthModuleOptions);
  const start = Test.createTestingModule({ imports: [database, auth] })
    .setLogger(new LogLines())
    .compile();
  const error: unknown = await start.then(
    (module) => module.close(),
    (reason: unknown) => reason,
  );
  if (!(error instanceof AuthStartUpError)) throw new Error('the application started', { cause: error });
  return error;
}
