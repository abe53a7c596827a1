import { ConflictException, Injectable, Module, Scope } from '@nestjs/common';
import {
  type AccountContext,
  type LoginDoneContext,
  type ActivationContext,
  type AdditionalClaims,
  AuthError,
  AuthHooks,
  AuthService,
  type EmailChangeContext,
  type EmailChangeRequest,
  type LoginContext,
  type LoginIdentifier,
  type SessionContext,
  type SignupAttempt,
  type TransactionContext,
} from 'nestjs-gatehouse';
import { DataSource, type EntityManager } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { inParallel, visible } from './support/client.js';
import { availableDatabases } from './support/databases.js';
import { NumberedUser, User } from './support/users-plain.js';
import { claimsOf } from './support/jwt.js';
import { tokenIn } from './support/mailbox.js';
import { changeUser, countTokens, countUsers, tokenRows, userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';
import { stacks } from './support/stacks.js';

const NEW_PASSWORD = 'another fine passphrase';

/** A service of the application's own: what the hooks are told, and what a test has them do. */
@Injectable()
class Diary {
  entries: { hook: string; context: Record<string, unknown> }[] = [];
  acts: Partial<Record<keyof AuthHooks, (context: never) => unknown>> = {};

  note(hook: keyof AuthHooks, context: object): unknown {
    this.entries.push({ hook, context: { ...context } });
    return this.acts[hook]?.(context as never);
  }

  hooks(): string[] {
    return this.entries.map(({ hook }) => hook);
  }
}

@Module({ providers: [Diary], exports: [Diary] })
class DiaryModule {}

/** Every hook but findUser, which replaces something. */
@Injectable()
class Telltale extends AuthHooks<User> {
  constructor(
    protected readonly diary: Diary,
    // Part of the flows that call these hooks: Nest must not see a circle.
    readonly auth: AuthService,
  ) {
    super();
  }

  override async beforeSignup(context: SignupAttempt) {
    await this.diary.note('beforeSignup', context);
  }
  override async afterSignup(context: TransactionContext<User>) {
    await this.diary.note('afterSignup', context);
  }
  override async beforeActivation(context: AccountContext<User>) {
    await this.diary.note('beforeActivation', context);
  }
  override async afterActivation(context: ActivationContext<User>) {
    await this.diary.note('afterActivation', context);
  }
  override async beforeLogin(context: LoginContext<User>) {
    await this.diary.note('beforeLogin', context);
  }
  override async afterLogin(context: LoginDoneContext<User>) {
    await this.diary.note('afterLogin', context);
  }
  override async beforeRefresh(context: SessionContext<User>) {
    await this.diary.note('beforeRefresh', context);
  }
  override async afterRefresh(context: SessionContext<User>) {
    await this.diary.note('afterRefresh', context);
  }
  override async beforePasswordReset(context: AccountContext<User>) {
    await this.diary.note('beforePasswordReset', context);
  }
  override async afterPasswordReset(context: TransactionContext<User>) {
    await this.diary.note('afterPasswordReset', context);
  }
  override async beforeEmailChange(context: EmailChangeRequest<User>) {
    await this.diary.note('beforeEmailChange', context);
  }
  override async afterEmailChange(context: EmailChangeContext<User>) {
    await this.diary.note('afterEmailChange', context);
  }
  override async beforeDeletion(context: TransactionContext<User>) {
    await this.diary.note('beforeDeletion', context);
  }
  override async afterDeletion(context: AccountContext<User>) {
    await this.diary.note('afterDeletion', context);
  }
}

/** The look-up and the claims as well. */
@Injectable()
class Lookup extends AuthHooks<User> {
  constructor(private readonly diary: Diary) {
    super();
  }

  override async findUser(login: LoginIdentifier) {
    return (await this.diary.note('findUser', login)) as User | null;
  }
  override async accessClaims(session: { user: User; sessionId: string }) {
    return (await this.diary.note('accessClaims', session)) as AdditionalClaims;
  }
}

/** An application with hooks, and the diary they keep. */
function withHooks(hooks: typeof Telltale | typeof Lookup, choice: Parameters<typeof createTestApp>[0] = {}) {
  const on = {} as { t: TestApp; diary: Diary };
  beforeAll(async () => {
    on.t = await createTestApp({ ...choice, options: { ...choice.options, hooks, imports: [DiaryModule] } });
    on.diary = on.t.app.get(Diary, { strict: false });
    // A table of the application's own: what its hooks write must share the fate of what the flow writes.
    await on.t.dataSource.query('CREATE TABLE profiles (user_id VARCHAR(36) PRIMARY KEY)');
  });
  afterAll(() => on.t.close());
  beforeEach(() => Object.assign(on.diary, { entries: [], acts: {} }));
  return on;
}

const addProfile = ({ manager, user }: { manager: EntityManager; user: User }) =>
  manager.query(`INSERT INTO profiles (user_id) VALUES ('${user.id}')`);

const removeProfile = ({ manager, user }: { manager: EntityManager; user: User }) =>
  manager.query(`DELETE FROM profiles WHERE user_id = '${user.id}'`);

async function profileOf(t: TestApp, id: string): Promise<boolean> {
  return (await t.dataSource.query<unknown[]>(`SELECT 1 FROM profiles WHERE user_id = '${id}'`)).length === 1;
}

const fails = () => {
  throw new Error('a bug of the application');
};

const refuse = () => {
  throw new ConflictException('Not today.');
};

describe.each(stacks())('hooks on $database with $adapter, integer keys: $integerKeys', (stack) => {
  const on = withHooks(Telltale, stack);
  const post = (path: string, body: object) => on.t.client.post(path, body);
  const signUp = (email: string) => post('/auth/signup', { email, password: PASSWORD, name: 'Ann' });
  const logIn = (email: string, password = PASSWORD) => post('/auth/login', { email, password });
  const mailedLink = async (email: string, count = 1) => tokenIn(await on.t.mailbox.waitFor(email, count));

  it('are called in the order of the flow, with the user and the device, and never with a hash', async () => {
    const email = 'told@example.com';
    await signUp(email);
    await post('/auth/activate', { token: await mailedLink(email) });
    const { body } = await logIn(email);
    await post('/auth/refresh', { refresh_token: body.refresh_token });
    await post('/auth/password-reset/request', { email });
    await post('/auth/password-reset/confirm', { token: await mailedLink(email, 2), new_password: NEW_PASSWORD });
    expect(on.diary.hooks()).toEqual([
      'beforeSignup',
      'afterSignup',
      'beforeActivation',
      'afterActivation',
      'beforeLogin',
      'afterLogin',
      'beforeLogin',
      'afterLogin',
      'beforeLogin',
      'beforeRefresh',
      'afterRefresh',
      'beforePasswordReset',
      'afterPasswordReset',
      'beforeLogin',
      'afterLogin',
    ]);
    const [signup, ...others] = on.diary.entries.map(({ context }) => context);
    expect(Object.keys(signup!).toSorted()).toEqual(['device', 'email', 'fields']);
    expect(signup).toMatchObject({ email, fields: { name: 'Ann' }, device: { ip: '127.0.0.1' } });
    for (const { user, device } of others as unknown as AccountContext<User>[]) {
      expect(user).toBeInstanceOf(stack.integerKeys ? NumberedUser : User);
      expect(user).toMatchObject({ email, name: 'Ann' });
      expect(user).not.toHaveProperty('passwordHash');
      expect(device).toMatchObject({ ip: '127.0.0.1', userAgent: expect.any(String) });
    }
    const active = (name: string) =>
      (on.diary.entries.find(({ hook }) => hook === name)!.context['user'] as User).isActive;
    // The user is as the transaction has it: pending after the signup, active after the activation.
    expect([active('afterSignup'), active('beforeActivation'), active('afterActivation')]).toEqual([
      false,
      false,
      true,
    ]);
    const sessions = on.diary.entries.map(({ context }) => context['sessionId']).filter(Boolean);
    // Of the activation, the login and the reset.
    expect(new Set(sessions).size).toBe(3);
    expect(sessions.filter((id) => id === claimsOf(body.access_token)['sid'])).toHaveLength(3);
  });

  it('a signup whose hook fails leaves no row, no link and no mail', async () => {
    await on.t.mailIsDone();
    const before = [await countUsers(on.t), await countTokens(on.t), on.t.mailbox.mails.length];
    on.diary.acts.afterSignup = async (context: TransactionContext<User>) => {
      await addProfile(context);
      fails();
    };
    const answer = await signUp('undone@example.com');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('bug');
    await on.t.mailIsDone();
    expect([await countUsers(on.t), await countTokens(on.t), on.t.mailbox.mails.length]).toEqual(before);
    expect(await on.t.dataSource.query('SELECT * FROM profiles')).toEqual([]);
    on.diary.acts = {};
    expect((await signUp('undone@example.com')).status).toBe(201);
    await mailedLink('undone@example.com');
  });

  it('an activation whose hook fails leaves the link and the account as they were; else its rows are committed', async () => {
    const email = 'profile@example.com';
    await signUp(email);
    const token = await mailedLink(email);
    const id = String((await userRow(on.t, email))!.id);
    on.diary.acts.afterActivation = async (context: TransactionContext<User>) => {
      await addProfile(context);
      fails();
    };
    expect((await post('/auth/activate', { token })).status).toBe(500);
    expect(await profileOf(on.t, id)).toBe(false);
    expect(await userRow(on.t, email)).toMatchObject({ isActive: false, emailVerifiedAt: null });
    expect(await tokenRows(on.t, email, 'session')).toEqual([]);
    on.diary.acts.afterActivation = addProfile;
    expect((await post('/auth/activate', { token })).status).toBe(200);
    expect(await profileOf(on.t, id)).toBe(true);
  });

  it('tell of an activation once, however many follow the link at the same time', async () => {
    const email = 'crowd@example.com';
    await signUp(email);
    const token = await mailedLink(email);
    on.diary.acts.afterActivation = addProfile;
    const answers = await inParallel(10, () => post('/auth/activate', { token }));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(on.diary.hooks().filter((hook) => hook === 'afterActivation')).toHaveLength(1);
  });

  it('tell of an activation by a reset link, too', async () => {
    const email = 'stranded@example.com';
    await signUp(email);
    await mailedLink(email);
    await post('/auth/password-reset/request', { email });
    const token = await mailedLink(email, 2);
    on.diary.entries = [];
    await post('/auth/password-reset/confirm', { token, new_password: NEW_PASSWORD });
    expect(on.diary.hooks()).toEqual([
      'beforePasswordReset',
      'afterActivation',
      'afterPasswordReset',
      'beforeLogin',
      'afterLogin',
    ]);
    expect(on.diary.entries[1]!.context).toMatchObject({ via: 'password-reset', user: { isActive: true } });
  });

  it('beforeSignup refuses a new and a taken address alike, before anything is written', async () => {
    await on.t.activeUser('taken@example.com');
    const before = [await countUsers(on.t), await countTokens(on.t)];
    on.diary.acts.beforeSignup = () => {
      throw new AuthError('SIGNUP_REFUSED');
    };
    const [taken, fresh] = [await signUp('taken@example.com'), await signUp('fresh@example.com')];
    expect(fresh.body).toMatchObject({ statusCode: 403, code: 'SIGNUP_REFUSED' });
    expect(visible(fresh)).toEqual(visible(taken));
    expect([await countUsers(on.t), await countTokens(on.t)]).toEqual(before);
  });

  it('beforeLogin refuses who knows the password, and nobody else learns of it', async () => {
    const email = 'banned@example.com';
    await on.t.activeUser(email);
    const sessions = (await tokenRows(on.t, email, 'session')).length;
    on.diary.entries = [];
    on.diary.acts.beforeLogin = () => {
      throw new AuthError('LOGIN_REFUSED');
    };
    const wrong = await logIn(email, 'wrong but long enough');
    expect(visible(wrong)).toEqual(visible(await logIn('nobody@example.com', 'wrong but long enough')));
    expect(wrong.status).toBe(401);
    expect(on.diary.hooks()).toEqual([]);
    expect((await logIn(email)).body).toMatchObject({ statusCode: 403, code: 'LOGIN_REFUSED' });
    // Any other exception of Nest is the answer as it is.
    on.diary.acts.beforeLogin = () => {
      throw new ConflictException('Accept the new terms first.');
    };
    expect((await logIn(email)).body).toMatchObject({ statusCode: 409, message: 'Accept the new terms first.' });
    expect(await tokenRows(on.t, email, 'session')).toHaveLength(sessions);
    on.diary.acts = {};
    expect((await logIn(email)).status).toBe(200);
  });

  it('beforeRefresh refuses without ending the session', async () => {
    const { refresh_token } = await on.t.activeUser('paused@example.com');
    on.diary.acts.beforeRefresh = () => {
      throw new AuthError('LOGIN_REFUSED');
    };
    expect((await post('/auth/refresh', { refresh_token })).body).toMatchObject({ statusCode: 403 });
    on.diary.acts = {};
    on.t.clock.advance({ seconds: 60 });
    // Not even rotated: the same token is still the current one, long after the grace time.
    expect((await post('/auth/refresh', { refresh_token })).status).toBe(200);
  });

  it('a refused activation or reset leaves its link as it was', async () => {
    const email = 'later@example.com';
    await signUp(email);
    const activation = await mailedLink(email);
    on.diary.acts = { beforeActivation: refuse, beforePasswordReset: refuse };
    expect((await post('/auth/activate', { token: activation })).status).toBe(409);
    expect(await userRow(on.t, email)).toMatchObject({ isActive: false });
    on.diary.acts.beforeActivation = undefined;
    expect((await post('/auth/activate', { token: activation })).status).toBe(200);
    await post('/auth/password-reset/request', { email });
    const reset = { token: await mailedLink(email, 2), new_password: NEW_PASSWORD };
    expect((await post('/auth/password-reset/confirm', reset)).status).toBe(409);
    expect((await logIn(email)).status).toBe(200);
    on.diary.acts = {};
    expect((await post('/auth/password-reset/confirm', reset)).status).toBe(200);
  });

  it('a change of address can be refused, which leaves its link; its undoing cannot', async () => {
    const email = 'moves@example.com';
    const newEmail = 'moved@example.com';
    const { access_token: bearer } = await on.t.activeUser(email);
    await on.t.mailIsDone();
    await on.t.client.post(
      '/auth/email-change/request',
      { new_email: newEmail, current_password: PASSWORD },
      { bearer },
    );
    const confirmation = { token: await mailedLink(newEmail) };
    on.diary.entries = [];
    on.diary.acts.beforeEmailChange = refuse;
    expect((await post('/auth/email-change/confirm', confirmation)).status).toBe(409);
    expect(await userRow(on.t, newEmail)).toBeNull();
    on.diary.acts = { afterEmailChange: fails };
    expect((await post('/auth/email-change/confirm', confirmation)).status).toBe(500);
    expect(await userRow(on.t, newEmail)).toBeNull();
    on.diary.entries = [];
    on.diary.acts = {};
    expect((await post('/auth/email-change/confirm', confirmation)).status).toBe(200);
    await on.t.mailIsDone();
    on.diary.acts.beforeEmailChange = refuse;
    const undo = { token: tokenIn(on.t.mailbox.to(email).at(-1)!) };
    expect((await post('/auth/email-change/undo', undo)).status).toBe(200);
    expect(on.diary.hooks()).toEqual(['beforeEmailChange', 'afterEmailChange', 'afterEmailChange']);
    const device = { ip: '127.0.0.1' };
    expect(on.diary.entries.map(({ context }) => context)).toMatchObject([
      { user: { email }, newEmail, device },
      { user: { email: newEmail }, previousEmail: email, via: 'email-change', device },
      { user: { email }, previousEmail: newEmail, via: 'email-change-undo', device },
    ]);
    for (const { context } of on.diary.entries) expect(context['user']).not.toHaveProperty('passwordHash');
  });

  it('beforeDeletion takes the rows of the application along, or refuses, and then all is as it was', async () => {
    const email = 'leaves@example.com';
    on.diary.acts.afterActivation = addProfile;
    const { access_token: bearer, refresh_token } = await on.t.activeUser(email);
    const id = String((await userRow(on.t, email))!.id);
    const remove = (current_password = PASSWORD) =>
      on.t.client.request('DELETE', '/auth/me', { current_password }, { bearer });
    on.diary.entries = [];
    expect((await remove('wrong but long enough')).status).toBe(400);
    expect(on.diary.hooks()).toEqual([]);
    on.diary.acts.beforeDeletion = async (context: TransactionContext<User>) => {
      await removeProfile(context);
      refuse();
    };
    expect((await remove()).status).toBe(409);
    expect([on.diary.hooks(), await profileOf(on.t, id)]).toEqual([['beforeDeletion'], true]);
    expect((await post('/auth/refresh', { refresh_token })).status).toBe(200);
    expect((await logIn(email)).status).toBe(200);
    on.diary.entries = [];
    on.diary.acts = { beforeDeletion: removeProfile, afterDeletion: fails };
    expect((await remove()).status).toBe(204);
    expect([await profileOf(on.t, id), await userRow(on.t, email)]).toEqual([false, null]);
    expect(on.diary.hooks()).toEqual(['beforeDeletion', 'afterDeletion']);
    const [before, after] = on.diary.entries.map(({ context }) => context);
    expect(before).toMatchObject({ user: { email, name: null }, device: { ip: '127.0.0.1' } });
    expect(after).toMatchObject({ user: { email, isActive: true }, device: { ip: '127.0.0.1' } });
    for (const context of [before, after]) expect(context!['user']).not.toHaveProperty('passwordHash');
    expect(on.t.logs.lines.some((line) => line.includes('afterDeletion failed'))).toBe(true);
  });

  it('what an after hook outside of the transaction throws is logged, and the login stands', async () => {
    const email = 'robust@example.com';
    await on.t.activeUser(email);
    on.diary.acts = { afterLogin: fails, afterRefresh: fails };
    const { status, body } = await logIn(email);
    expect(status).toBe(200);
    const refreshed = await post('/auth/refresh', { refresh_token: body.refresh_token });
    expect(refreshed.status).toBe(200);
    expect((await on.t.client.get('/demo/bare', { bearer: refreshed.body.access_token })).status).toBe(200);
    for (const hook of ['afterLogin', 'afterRefresh']) {
      expect(on.t.logs.lines.some((line) => line.includes(`${hook} failed`))).toBe(true);
    }
  });
});

describe.each(stacks())('the look-up and the claims on $database, integer keys: $integerKeys', (stack) => {
  const on = withHooks(Lookup, stack);
  const logIn = (email: string, password = PASSWORD) => on.t.client.post('/auth/login', { email, password });

  it('findUser replaces the look-up, and the module still asks for password and state', async () => {
    await on.t.activeUser('real@example.com');
    const { id } = (await userRow(on.t, 'real@example.com'))!;
    on.diary.acts.findUser = ({ identifier }: LoginIdentifier) =>
      // Whatever else it returns, state and hash are those of the table.
      identifier === 'alias@example.com' ? { id, isActive: true, passwordHash: 'x' } : undefined;
    const login = await logIn('alias@example.com');
    expect(login.status).toBe(200);
    expect(claimsOf(login.body.access_token)['sub']).toBe(String(id));
    expect((await logIn('alias@example.com', 'wrong but long enough')).status).toBe(401);
    expect((await logIn('real@example.com')).status).toBe(401);
    await changeUser(on.t, 'real@example.com', { isActive: false });
    expect((await logIn('alias@example.com')).status).toBe(401);
  });

  it('findUser costs as many statements for nobody as for somebody', async () => {
    const { id } = (await userRow(on.t, 'real@example.com'))!;
    on.diary.acts.findUser = ({ identifier }: LoginIdentifier) => (identifier.startsWith('alias') ? { id } : null);
    const statements = (email: string) => on.t.statements.during(() => logIn(email, 'wrong but long enough'));
    expect(await statements('alias@example.com')).toHaveLength(1);
    expect(await statements('nobody@example.com')).toHaveLength(1);
  });

  it('accessClaims are in every access token, and handlers see them', async () => {
    on.diary.acts = {
      accessClaims: ({ user }: { user: User }) => ({ roles: ['editor'], 'https://example.com/name': user.email }),
    };
    const expected = { roles: ['editor'], 'https://example.com/name': 'claims@example.com' };
    const activated = await on.t.activeUser('claims@example.com');
    const { id } = (await userRow(on.t, 'claims@example.com'))!;
    on.diary.acts.findUser = () => ({ id });
    const { body: login } = await logIn('claims@example.com');
    const { body: refreshed } = await on.t.client.post('/auth/refresh', { refresh_token: login.refresh_token });
    await on.t.client.post('/auth/password-reset/request', { email: 'claims@example.com' });
    const token = tokenIn(await on.t.mailbox.waitFor('claims@example.com', 2));
    const reset = await on.t.client.post('/auth/password-reset/confirm', { token, new_password: NEW_PASSWORD });
    for (const pair of [activated, login, refreshed, reset.body]) {
      expect(claimsOf(pair.access_token)).toMatchObject({ sub: String(id), ...expected });
      expect(claimsOf(pair.refresh_token)).not.toHaveProperty('roles');
    }
    expect((await on.t.client.get('/demo/bare', { bearer: reset.body.access_token })).status).toBe(200);
  });

  it.each(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'sid'])('accessClaims cannot state %s', async (claim) => {
    const email = `${claim}@example.com`;
    on.diary.acts.accessClaims = () => ({});
    await on.t.activeUser(email);
    const { id } = (await userRow(on.t, email))!;
    on.diary.acts = { findUser: () => ({ id }), accessClaims: () => ({ [claim]: 'forged' }) };
    const answer = await logIn(email);
    expect([answer.status, answer.body.access_token]).toEqual([500, undefined]);
    expect(on.t.logs.lines.some((line) => line.includes(`accessClaims returned ${claim},`))).toBe(true);
  });
});

describe('hooks that ask the database where they may', () => {
  /** Inside a transaction through its manager, everywhere else through the application's own data source. */
  @Injectable()
  class Curious extends Telltale {
    constructor(
      diary: Diary,
      auth: AuthService,
      private readonly dataSource: DataSource,
    ) {
      super(diary, auth);
      const ask = ({ manager = this.dataSource.manager }: { manager?: EntityManager }) => manager.query('SELECT 1');
      for (const hook of ['beforeSignup', 'afterSignup', 'beforeActivation', 'afterActivation', 'beforeLogin'] as const)
        diary.acts[hook] = ask;
      for (const hook of ['afterLogin', 'beforeRefresh', 'afterRefresh', 'beforePasswordReset'] as const)
        diary.acts[hook] = ask;
      diary.acts.afterPasswordReset = ask;
    }
    override async accessClaims() {
      await this.dataSource.query('SELECT 1');
      return { asked: true };
    }
  }

  it.each(availableDatabases())('complete with a pool of one connection to %s', async (database) => {
    const t = await createTestApp({ database, poolSize: 1, options: { hooks: Curious, imports: [DiaryModule] } });
    await inParallel(5, async (index) => {
      const email = `alone-${index}@example.com`;
      const pair = await t.activeUser(email);
      expect(claimsOf(pair.access_token)['asked']).toBe(true);
      expect((await t.client.post('/auth/refresh', { refresh_token: pair.refresh_token })).status).toBe(200);
      await t.client.post('/auth/password-reset/request', { email });
      const token = tokenIn(await t.mailbox.waitFor(email, 2));
      const reset = await t.client.post('/auth/password-reset/confirm', { token, new_password: NEW_PASSWORD });
      expect(reset.status).toBe(200);
      expect((await t.client.post('/auth/login', { email, password: NEW_PASSWORD })).status).toBe(200);
    });
    await t.close();
  });
});

describe('hooks in other modes', () => {
  describe('mode D', () => {
    const on = withHooks(Telltale, { mode: 'D' });

    it('a signup activates: both are told inside its transaction, and a failure undoes all of it', async () => {
      on.diary.acts.afterActivation = addProfile;
      const { body } = await on.t.client.post('/auth/signup', { email: 'at-once@example.com', password: PASSWORD });
      expect(on.diary.hooks()).toEqual(['beforeSignup', 'afterSignup', 'afterActivation', 'beforeLogin', 'afterLogin']);
      expect(on.diary.entries[2]!.context).toMatchObject({ via: 'signup', user: { isActive: true } });
      expect(await profileOf(on.t, body.user_id)).toBe(true);
      on.diary.acts.afterActivation = fails;
      const users = await countUsers(on.t);
      const failed = await on.t.client.post('/auth/signup', { email: 'undone@example.com', password: PASSWORD });
      expect([failed.status, await countUsers(on.t)]).toEqual([500, users]);
    });
  });

  describe('mode E', () => {
    const on = withHooks(Telltale, { mode: 'E' });

    it('a refusal is a page, and the link stays good', async () => {
      const email = 'page@example.com';
      await on.t.client.post('/auth/signup', { email, password: PASSWORD });
      const token = tokenIn(await on.t.mailbox.waitFor(email));
      on.diary.acts.beforeActivation = () => {
        throw new ConflictException('Not before <Monday>.');
      };
      const refused = await on.t.client.get(`/auth/activate/${token}`);
      expect([refused.status, refused.headers.get('content-type')]).toEqual([409, 'text/html; charset=utf-8']);
      expect(refused.text).toContain('Not before &lt;Monday&gt;.');
      on.diary.acts = {};
      expect((await on.t.client.get(`/auth/activate/${token}`)).status).toBe(200);
      expect(on.diary.hooks()).toEqual([
        'beforeSignup',
        'afterSignup',
        'beforeActivation',
        'beforeActivation',
        'afterActivation',
      ]);
    });
  });
});

describe('a class of hooks', () => {
  @Injectable()
  class OnlyLogin extends AuthHooks<User> {
    override beforeLogin() {}
  }

  it('that declares one hook costs the other flows no statement', async () => {
    // Without mail, whose worker shares the log of statements.
    const t = await createTestApp({ mode: 'D', options: { hooks: OnlyLogin } });
    const pair = await t.activeUser('cheap@example.com');
    const login = { email: 'cheap@example.com', password: PASSWORD };
    expect(await t.statements.during(() => t.client.post('/auth/login', login))).toHaveLength(3);
    const refresh = { refresh_token: pair.refresh_token };
    // The account, for the hook, and the rotation.
    expect(await t.statements.during(() => t.client.post('/auth/refresh', refresh))).toHaveLength(2);
    const logout = () => t.client.post('/auth/logout', undefined, { bearer: pair.access_token });
    expect(await t.statements.during(logout)).toHaveLength(1);
    await t.close();
  });

  @Injectable({ scope: Scope.REQUEST })
  class PerRequest extends AuthHooks<User> {
    override beforeLogin() {}
  }

  it('that lives for one request only fails at start', async () => {
    await expect(createTestApp({ options: { hooks: PerRequest } })).rejects.toThrow(/PerRequest.*scoped/);
  });
});
