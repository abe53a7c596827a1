import { OmitType } from '@nestjs/swagger';
import { Expose } from 'class-transformer';
import { IsOptional } from 'class-validator';
import {
  AuthHooks,
  AuthService,
  CanonicalUsername,
  type LoginIdentifier,
  SignupDto,
  userTable,
  userTokenTable,
} from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HashLimiter } from '../lib/engine/passwords/hash-limiter.js';
import { inParallel } from './support/client.js';
import { HOSTILE_USERNAMES } from './support/hostile-values.js';
import { tokenIn } from './support/mailbox.js';
import { NamedUser, namedSchema, NickUser, NickUserToken } from './support/users-with-username.js';
import { countTokens, countUsers, tokenRows, userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type Schema, type TestApp, type TestAppOptions } from './support/test-app.js';
import { stacks } from './support/stacks.js';

const OTHER_PASSWORD = 'another fine passphrase';
const CROWD = 50;

/** Every Argon2 computation passes the limiter, which the spy leaves as it is. */
const computation = vi.spyOn(HashLimiter.prototype, 'run');

function named({ integerKeys, ...choice }: TestAppOptions): () => TestApp {
  let t: TestApp;
  const schema = namedSchema({ integerKeys, level: choice.level });
  beforeAll(async () => void (t = await createTestApp({ ...choice, schema })));
  afterAll(() => t.close());
  return () => t;
}

const usernameOf = async (t: TestApp, email: string) =>
  ((await userRow(t, email)) as { username?: string | null } | null)?.username;

const signup = (t: TestApp, email: string, username?: unknown, password = PASSWORD) =>
  t.client.post('/auth/signup', { email, username, password });

const login = (t: TestApp, credentials: object) => t.client.post('/auth/login', { password: PASSWORD, ...credentials });

/** Signs up with a username, follows the link, and returns the pair. */
async function activeUser(t: TestApp, email: string, username: string) {
  expect((await signup(t, email, username)).status).toBe(201);
  const { status, body } = await t.client.post('/auth/activate', { token: tokenIn(await t.mailbox.waitFor(email)) });
  expect(status).toBe(200);
  return body;
}

describe.each(stacks())('usernames on $database with $adapter', (stack) => {
  describe('at login', () => {
    const app = named(stack);
    beforeAll(async () => {
      await activeUser(app(), 'kate@example.com', 'Kate.O-1_x');
      await app().activeUser('nameless@example.com');
    });

    it.each([
      ['the username', { username: 'kate.o-1_x' }],
      ['the username in any case', { username: 'KATE.o-1_X' }],
      ['the username with spaces around it', { username: ' kate.o-1_x ' }],
      ['the address', { email: 'kate@example.com' }],
      ['the address in the field of the username', { username: 'kate@example.com' }],
      ['the address in the field of the username, in any case', { username: 'KATE@Example.com' }],
    ])('let %s in', async (_, credentials) => {
      const { status, body } = await login(app(), credentials);
      expect([status, Object.keys(body).toSorted()]).toEqual([
        200,
        ['access_token', 'expires_in', 'refresh_token', 'token_type'],
      ]);
      const me = await app().client.get('/auth/me', { bearer: body.access_token });
      expect(me.body).toMatchObject({ email: 'kate@example.com', username: 'kate.o-1_x' });
    });

    it('refuse whatever is wrong in the same words, after one statement and one hash', async () => {
      const wrong = [
        { username: 'nobody' },
        { username: 'kate.o-1_x', password: 'wrong but long enough' },
        { username: 'kate' },
        { username: 'nobody@example.com' },
        { username: 'null' },
        { email: 'nobody@example.com' },
        { email: 'kate@example.com', password: 'wrong but long enough' },
      ];
      for (const credentials of wrong) {
        const hashes = computation.mock.calls.length;
        const statements = await app().statements.during(async () => {
          const { status, body } = await login(app(), credentials);
          expect([credentials, status, body.code, body.errors]).toEqual([
            credentials,
            401,
            'LOGIN_INVALID_CREDENTIALS',
            undefined,
          ]);
        });
        expect([credentials, computation.mock.calls.length - hashes, statements.length]).toEqual([credentials, 1, 1]);
      }
    });

    it('are refused together with the address, and missing without it, before any hash or statement', async () => {
      const hashes = computation.mock.calls.length;
      const both = { email: 'kate@example.com', username: 'kate.o-1_x' };
      const statements = await app().statements.during(async () => {
        for (const [credentials, field] of [
          [both, 'username'],
          [{ ...both, email: 5 }, 'username'],
          [{ ...both, email: null }, 'username'],
          [{ ...both, username: null }, 'username'],
          [{}, 'email'],
        ] as const) {
          const { status, body } = await login(app(), credentials);
          expect([credentials, status, body.code]).toEqual([credentials, 400, 'INPUT_INVALID']);
          expect(body.errors.map((error: { field: string }) => error.field)).toEqual([field]);
        }
      });
      expect([statements, computation.mock.calls.length - hashes]).toEqual([[], 0]);
    });

    it('are no address: the field of the address takes no username', async () => {
      const { status, body } = await login(app(), { email: 'kate.o-1_x' });
      expect([status, body.errors[0].field]).toEqual([400, 'email']);
    });

    it('are plain ASCII, and nothing that looks or folds like it', async () => {
      await activeUser(app(), 'plain@example.com', 'kate');
      for (const username of HOSTILE_USERNAMES) {
        const { status, body } = await login(app(), { username });
        expect([username, status, body.code]).toEqual([username, 400, 'INPUT_INVALID']);
        expect(body.errors.map((error: { field: string }) => error.field)).toEqual(['username']);
      }
      for (const username of ['ann\0', '\ud800nn']) {
        expect((await login(app(), { username })).body.code).toBe('INPUT_MALFORMED');
      }
      for (const username of [{ $ne: null }, ['kate'], 5, true]) {
        expect((await login(app(), { username })).body.code).toBe('INPUT_INVALID');
      }
    });

    it('work in code as over HTTP', async () => {
      const service = app().app.get(AuthService);
      expect(await service.login({ username: 'Kate.O-1_X', password: PASSWORD })).toMatchObject({
        tokenType: 'Bearer',
      });
      const both = service.login({ username: 'kate', email: 'kate@example.com', password: PASSWORD });
      await expect(both).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      await expect(service.login({ password: PASSWORD })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      const fields = { username: 'Ann@example.com' };
      const stored = service.signup({ email: 'ann@example.com', password: PASSWORD, ...fields });
      await expect(stored).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    });
  });

  describe('at signup with mail', () => {
    const app = named(stack);

    it('belong to the account once its link is clicked, and to nobody before', async () => {
      await signup(app(), 'slow@example.com', 'Racer');
      expect(await usernameOf(app(), 'slow@example.com')).toBeNull();
      expect((await login(app(), { username: 'racer' })).status).toBe(401);
      await activeUser(app(), 'quick@example.com', 'racer');
      expect(await usernameOf(app(), 'quick@example.com')).toBe('racer');
      const token = tokenIn(await app().mailbox.waitFor('slow@example.com'));
      const late = await app().client.post('/auth/activate', { token });
      expect([late.status, late.body.code]).toEqual([409, 'SIGNUP_CONFLICT']);
      expect(await userRow(app(), 'slow@example.com')).toMatchObject({ isActive: false, username: null });
      expect(await tokenRows(app(), 'slow@example.com', 'session')).toEqual([]);
      // Another name, another link: nobody is stranded.
      await signup(app(), 'slow@example.com', 'tortoise');
      const second = tokenIn(await app().mailbox.waitFor('slow@example.com', 2));
      expect((await app().client.post('/auth/activate', { token: second })).status).toBe(200);
      expect(await usernameOf(app(), 'slow@example.com')).toBe('tortoise');
    });

    it('are told to be taken, and tell nothing of the address', async () => {
      await activeUser(app(), 'holder@example.com', 'taken');
      await signup(app(), 'waiting@example.com', 'waiting');
      await app().mailbox.waitFor('waiting@example.com');
      await app().mailIsDone();
      const [users, tokens] = [await countUsers(app()), await countTokens(app())];
      const mails = app().mailbox.mails.length;
      const seen: unknown[] = [];
      for (const email of ['unheard-of', 'waiting', 'holder']) {
        const hashes = computation.mock.calls.length;
        const statements = await app().statements.during(async () => {
          const { status, body } = await signup(app(), `${email}@example.com`, 'TAKEN');
          seen.push([status, body]);
        });
        seen.push([statements, computation.mock.calls.length - hashes]);
      }
      const [answer, cost] = seen;
      expect(answer).toMatchObject([409, { code: 'SIGNUP_CONFLICT' }]);
      expect(cost).toEqual([[expect.stringContaining('username')], 1]);
      expect(seen).toEqual([answer, cost, answer, cost, answer, cost]);
      await app().mailIsDone();
      expect([await countUsers(app()), await countTokens(app())]).toEqual([users, tokens]);
      expect(app().mailbox.mails.length).toBe(mails);
    });

    it('cannot be kept from others, nor used to ask for an address, by signups that nobody finishes', async () => {
      await activeUser(app(), 'known@example.com', 'known');
      // Were the name held for a new address, the next signup would tell it from a known one.
      for (const email of ['known@example.com', 'unknown@example.com']) {
        const first = await signup(app(), email, 'probe');
        const next = await signup(app(), `next-${email}`, 'probe');
        expect([first.status, next.status, next.body]).toEqual([201, 201, first.body]);
      }
    });

    it("leave nothing of a stranger's choice to whoever owns the address", async () => {
      await signup(app(), 'victim@example.com', 'stranger', OTHER_PASSWORD);
      await app().mailbox.waitFor('victim@example.com', 1);
      await signup(app(), 'victim@example.com');
      const token = tokenIn(await app().mailbox.waitFor('victim@example.com', 2));
      expect((await app().client.post('/auth/activate', { token })).status).toBe(200);
      expect(await usernameOf(app(), 'victim@example.com')).toBeNull();
      expect((await login(app(), { username: 'stranger', password: OTHER_PASSWORD })).status).toBe(401);
    });

    it('go to one account when many links are followed at once', async () => {
      const emails = Array.from({ length: CROWD }, (_, index) => `crowd-${index}@example.com`);
      const signups = await inParallel(CROWD, (index) => signup(app(), emails[index]!, 'Wanted'));
      expect(new Set(signups.map(({ status }) => status))).toEqual(new Set([201]));
      const tokens = await Promise.all(emails.map(async (email) => tokenIn(await app().mailbox.waitFor(email))));
      const answers = await inParallel(CROWD, (index) => app().client.post('/auth/activate', { token: tokens[index] }));
      const winners = answers.filter(({ status }) => status === 200);
      expect(winners).toHaveLength(1);
      for (const { status, body } of answers.filter((answer) => !winners.includes(answer))) {
        expect([status, body.code]).toEqual([409, 'SIGNUP_CONFLICT']);
      }
      const [winner] = await app().dataSource.query(`SELECT email FROM users WHERE username = 'wanted'`);
      expect(emails).toContain(winner.email);
      expect(await app().dataSource.query(`SELECT email FROM users WHERE is_active AND email LIKE 'crowd-%'`)).toEqual([
        winner,
      ]);
    });

    it('are plain ASCII, and nothing that looks or folds like it', async () => {
      const before = await countUsers(app());
      for (const username of [...HOSTILE_USERNAMES, 'ann@example.com', 5, {}, ['ann']]) {
        const { status, body } = await signup(app(), 'hostile@example.com', username);
        expect([username, status, body.errors?.[0].field]).toEqual([username, 400, 'username']);
      }
      expect(await countUsers(app())).toBe(before);
    });

    it('are no password, nor the better part of one', async () => {
      const { status, body } = await signup(app(), 'guess@example.com', 'wintergarden', 'Wintergarden#7!');
      expect([status, body.code]).toEqual([400, 'PASSWORD_REJECTED']);
      expect(body.errors[0].messages).toEqual(['The password is too close to the address or the name.']);
      expect((await signup(app(), 'guess@example.com', 'ernest', 'Wintergarden#7!')).status).toBe(201);
    });
  });

  describe('where an account is active at once', () => {
    const app = named({ ...stack, mode: 'D' });

    it('are taken by the first of many signups', async () => {
      const answers = await inParallel(CROWD, (index) => signup(app(), `first-${index}@example.com`, 'First'));
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
      expect(answers.filter(({ status, body }) => status === 409 && body.code === 'SIGNUP_CONFLICT')).toHaveLength(
        CROWD - 1,
      );
      expect(await countUsers(app())).toBe(1);
      expect((await login(app(), { username: 'first' })).status).toBe(200);
    });

    it('are no business of the address: a taken one is told first', async () => {
      await signup(app(), 'both@example.com', 'both');
      expect((await signup(app(), 'both@example.com', 'both')).body.code).toBe('SIGNUP_EMAIL_TAKEN');
      expect((await signup(app(), 'other@example.com', 'BOTH')).body.code).toBe('SIGNUP_CONFLICT');
    });
  });

  describe('in the preset forge', () => {
    const app = named({ ...stack, globalPrefix: 'api/v1', options: { routes: { preset: 'forge' } } });

    it('are asked for, logged in by, and shown', async () => {
      const forge = (path: string, body: object) => app().client.post(`/api/v1/${path}`, body);
      const fields = { email: 'ann@example.com', username: 'Ann', password: PASSWORD };
      expect((await forge('auth/register', fields)).status).toBe(201);
      const token = tokenIn(await app().mailbox.waitFor('ann@example.com'));
      expect((await forge('auth/verify-email', { token })).status).toBe(200);
      const { body } = await forge('auth/login', { username: 'ann', password: PASSWORD });
      const me = await app().client.get('/api/v1/users/me', { bearer: body.access_token });
      const keys = ['id', 'email', 'username', 'is_active', 'is_verified', 'created_at'];
      const withName = ['id', 'email', 'username', 'name', 'is_active', 'is_verified', 'created_at'];
      expect(Object.keys(me.body)).toEqual(stack.integerKeys ? keys : withName);
      expect(me.body).toMatchObject({ username: 'ann', email: 'ann@example.com', is_active: true, is_verified: true });
    });
  });
});

describe('usernames at level basic', () => {
  const app = named({ level: 'basic' });

  it('are taken at once, and log in', async () => {
    expect((await signup(app(), 'ann@example.com', 'Ann')).status).toBe(201);
    expect((await signup(app(), 'other@example.com', 'ann')).body.code).toBe('SIGNUP_CONFLICT');
    expect((await login(app(), { username: 'ANN' })).status).toBe(200);
  });
});

describe('usernames in mode C', () => {
  const app = named({ mode: 'C' });

  it('belong to the account once its link is clicked', async () => {
    const { body } = await signup(app(), 'ann@example.com', 'Ann');
    expect((await login(app(), { username: 'ann' })).status).toBe(401);
    const token = new URL(body.activation_url).searchParams.get('token');
    expect((await app().client.post('/auth/activate', { token })).status).toBe(200);
    expect((await login(app(), { username: 'ann' })).status).toBe(200);
    expect((await signup(app(), 'other@example.com', 'ann')).body.code).toBe('SIGNUP_CONFLICT');
    expect(await countUsers(app())).toBe(1);
  });
});

class NickSignupDto extends OmitType(SignupDto, ['username', 'name'] as const) {
  @IsOptional()
  @CanonicalUsername()
  @Expose({ name: 'username' })
  nick?: string;
}

describe.each(stacks())('usernames called otherwise on $database with $adapter', ({ database, adapter }) => {
  let t: TestApp;
  beforeAll(async () => {
    const schema: Schema = {
      userEntity: NickUser,
      tokenEntity: NickUserToken,
      userColumns: { username: 'nick' },
      createTables: async (runner) => {
        await runner.createTable(userTable(runner, { name: 'users', username: true }));
        await runner.createTable(userTokenTable(runner, { name: 'user_tokens', userTable: 'users' }));
      },
    };
    t = await createTestApp({ database, adapter, schema, options: { signupDto: NickSignupDto } });
  });
  afterAll(() => t.close());

  it('are asked for, held by no pending account, logged in by and shown like any', async () => {
    expect((await signup(t, 'ann@example.com', 'Ann')).status).toBe(201);
    expect(await userRow(t, 'ann@example.com')).toMatchObject({ nick: null });
    const token = tokenIn(await t.mailbox.waitFor('ann@example.com'));
    expect((await t.client.post('/auth/activate', { token })).status).toBe(200);
    expect((await signup(t, 'other@example.com', 'ann')).body.code).toBe('SIGNUP_CONFLICT');
    const { status, body } = await login(t, { username: 'ANN' });
    expect(status).toBe(200);
    const me = await t.client.get('/auth/me', { bearer: body.access_token });
    expect(me.body).toMatchObject({ email: 'ann@example.com', username: 'ann' });
    expect(me.body).not.toHaveProperty('nick');
    const code = t.app.get(AuthService).editProfile(me.body.id, { nick: 'Ann@example.com' });
    await expect(code).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});

describe('an entity without usernames', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp();
    await t.activeUser('ann@example.com');
  });
  afterAll(() => t.close());

  it.each(['ann', 'ann@example.com'])('knows no such field at login: %s', async (username) => {
    const { status, body } = await login(t, { username });
    const errors = [{ field: 'username', messages: ['username is not a known field'] }];
    expect([status, body.code, body.errors]).toEqual([400, 'INPUT_INVALID', errors]);
  });

  it('knows none at signup, and shows none', async () => {
    const { status, body } = await signup(t, 'bob@example.com', 'bob');
    expect([status, body.errors[0].field]).toEqual([400, 'username']);
    const { body: pair } = await login(t, { email: 'ann@example.com' });
    expect((await t.client.get('/auth/me', { bearer: pair.access_token })).body).not.toHaveProperty('username');
  });
});

describe('a look-up of the application', () => {
  const asked: string[] = [];

  class PhoneBook extends AuthHooks {
    override async findUser({ identifier }: LoginIdentifier) {
      asked.push(identifier);
      return identifier === '+49 (30) 1234' ? { id: ids.ann! } : undefined;
    }
  }
  const ids: { ann?: string } = {};
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({ mode: 'D', options: { hooks: PhoneBook } });
    ids.ann = (await t.activeUser('ann@example.com')).user_id;
  });
  afterAll(() => t.close());

  it('gets what was typed, whatever it is and whether accounts have usernames or not', async () => {
    expect((await login(t, { username: '+49 (30) 1234' })).status).toBe(200);
    expect((await login(t, { username: ' Nobody ' })).status).toBe(401);
    expect((await login(t, { email: ' ANN@example.com' })).status).toBe(401);
    expect(asked).toEqual(['+49 (30) 1234', ' Nobody ', 'ann@example.com']);
    expect((await login(t, { username: 'x'.repeat(255) })).status).toBe(400);
    expect((await login(t, { username: 'x', email: 'ann@example.com' })).status).toBe(400);
    expect(asked).toHaveLength(3);
  });
});

describe('the row of an account', () => {
  const app = named({});

  it('keeps the canonical username, and null for whoever has none', async () => {
    await activeUser(app(), 'ann@example.com', ' ANN ');
    await app().activeUser('bob@example.com');
    await app().activeUser('eve@example.com');
    const rows = await app()
      .dataSource.getRepository(NamedUser)
      .find({ order: { email: 'ASC' } });
    expect(rows.map(({ username }) => username)).toEqual(['ann', null, null]);
  });
});
