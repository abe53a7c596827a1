import { AuthService } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprint, inParallel } from './support/client.js';
import { availableDatabases } from './support/databases.js';
import { tokenIn } from './support/mailbox.js';
import { changeUser, countTokens, countUsers, tokenRows, userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp, type TestAppOptions } from './support/test-app.js';
import { stacksWithEitherKey } from './support/stacks.js';

const ATTACKERS_PASSWORD = 'attackers choice of words';
const DEACTIVATED = { isActive: false, emailVerifiedAt: new Date(0) };

const UNIFORM_BODY = {
  user_id: null,
  activation_required: true,
  activation_url: null,
  access_token: null,
  refresh_token: null,
  message: 'Follow the activation link to finish.',
};

/** One application for all tests of a describe. */
function withApp(choice: TestAppOptions): () => TestApp {
  let t: TestApp;
  beforeAll(async () => void (t = await createTestApp(choice)));
  afterAll(() => t.close());
  return () => t;
}

describe.each(stacksWithEitherKey())('signup on $database with $adapter, integer keys: $integerKeys', (stack) => {
  const app = withApp({ mode: 'A', ...stack });
  const signUp = (body: object) => app().client.post('/auth/signup', body);
  const logIn = (email: string, password: string) => app().client.post('/auth/login', { email, password });
  const activate = (token: string) => app().client.post('/auth/activate', { token });

  it('makes a pending account with its name, mails one link and tells nothing', async () => {
    const answer = await signUp({ email: 'new@example.com', password: PASSWORD, name: 'Ann Müller 你好' });
    expect([answer.status, answer.body]).toEqual([201, UNIFORM_BODY]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await userRow(app(), 'new@example.com')).toMatchObject({
      isActive: false,
      emailVerifiedAt: null,
      name: 'Ann Müller 你好',
      passwordHash: expect.stringMatching(/^\$argon2id\$/),
    });
    const mail = await app().mailbox.waitFor('new@example.com');
    expect(mail.text).toContain('Hello Ann Müller 你好,');
    expect(mail.text).toContain(`http://localhost:5173/activate?token=${tokenIn(mail)}`);
    expect((await tokenRows(app(), 'new@example.com')).map(({ purpose }) => purpose)).toEqual(['activation']);
    expect((await logIn('new@example.com', PASSWORD)).status).toBe(401);
  });

  it('takes every spelling of an address for the same account', async () => {
    const canonical = 'kim@xn--bcher-kva.example';
    await signUp({ email: 'Kim@bücher.example', password: PASSWORD });
    await activate(tokenIn(await app().mailbox.waitFor(canonical)));
    const before = await countUsers(app());
    for (const email of ['KIM@BÜCHER.EXAMPLE', 'kim@XN--BCHER-KVA.Example', ' kim@bücher.example ']) {
      expect((await signUp({ email, password: ATTACKERS_PASSWORD })).body).toEqual(UNIFORM_BODY);
      expect((await logIn(email, PASSWORD)).status).toBe(200);
    }
    expect(await countUsers(app())).toBe(before);
    expect((await tokenRows(app(), canonical, 'account-exists')).length).toBe(3);
  });

  it('tells the owner of an active account by mail, without a link to activate, and makes no second account', async () => {
    await app().activeUser('owner@example.com');
    const before = await userRow(app(), 'owner@example.com');
    const users = await countUsers(app());
    await signUp({ email: 'owner@example.com', password: ATTACKERS_PASSWORD, name: 'Mallory' });
    const mail = await app().mailbox.waitFor('owner@example.com', 2);
    expect(mail.subject).toBe('You already have an account');
    expect(() => tokenIn(mail)).toThrow('has no link');
    expect(mail.text).not.toContain('Mallory');
    expect(await userRow(app(), 'owner@example.com')).toEqual(before);
    expect(await countUsers(app())).toBe(users);
    expect((await logIn('owner@example.com', ATTACKERS_PASSWORD)).status).toBe(401);
  });

  it.each(['second', 'first'])('lets the %s link decide whose password and name the account gets', async (winner) => {
    const email = `${winner}-wins@example.com`;
    await signUp({ email, password: PASSWORD, name: 'First' });
    const first = tokenIn(await app().mailbox.waitFor(email, 1));
    await signUp({ email, password: ATTACKERS_PASSWORD, name: 'Second' });
    const second = tokenIn(await app().mailbox.waitFor(email, 2));
    const [winning, losing] = winner === 'first' ? [first, second] : [second, first];
    const [good, bad] = winner === 'first' ? [PASSWORD, ATTACKERS_PASSWORD] : [ATTACKERS_PASSWORD, PASSWORD];
    for (const password of [good, bad]) expect((await logIn(email, password)).status).toBe(401);

    expect((await activate(winning)).status).toBe(200);
    expect((await userRow(app(), email))?.name?.toLowerCase()).toBe(winner);
    expect((await activate(losing)).status).toBe(400);
    expect((await logIn(email, good)).status).toBe(200);
    expect((await logIn(email, bad)).status).toBe(401);
    expect((await tokenRows(app(), email, 'activation')).map(({ payload }) => payload)).toEqual([null, null]);
  });

  it('never reactivates a deactivated account, by an old link or a new signup', async () => {
    const email = 'expelled@example.com';
    await signUp({ email, password: PASSWORD });
    const link = tokenIn(await app().mailbox.waitFor(email));
    await changeUser(app(), email, DEACTIVATED);
    expect((await activate(link)).status).toBe(400);
    await signUp({ email, password: ATTACKERS_PASSWORD });
    const mail = await app().mailbox.waitFor(email, 2);
    expect(() => tokenIn(mail)).toThrow('has no link');
    expect((await tokenRows(app(), email, 'activation')).length).toBe(1);
    expect(await userRow(app(), email)).toMatchObject({ isActive: false });
    for (const password of [PASSWORD, ATTACKERS_PASSWORD]) expect((await logIn(email, password)).status).toBe(401);
  });

  it('makes one account of parallel signups with the same new address', async () => {
    const answers = await inParallel(20, () => signUp({ email: 'rush@example.com', password: PASSWORD }));
    expect(new Set(answers.map((answer) => JSON.stringify(fingerprint(answer)))).size).toBe(1);
    expect(answers[0]?.body).toEqual(UNIFORM_BODY);
    expect((await tokenRows(app(), 'rush@example.com', 'activation')).length).toBe(20);
  });
});

describe.each(['A', 'B', 'E'] as const)('signup in mode %s', (mode) => {
  const app = withApp({ mode, adapter: mode === 'B' ? 'fastify' : 'express' });

  it('answers the same for a new, a pending, an active and a deactivated address', async () => {
    const t = app();
    const signUp = (email: string) => t.client.post('/auth/signup', { email, password: PASSWORD, name: 'Ann' });
    await signUp('pending@example.com');
    await t.activeUser('active@example.com');
    await t.activeUser('deactivated@example.com');
    await changeUser(t, 'deactivated@example.com', DEACTIVATED);
    const states = ['brand-new', 'pending', 'active', 'deactivated'];
    const answers = [];
    for (const state of states) answers.push(await signUp(`${state}@example.com`));
    for (const answer of answers) expect(fingerprint(answer)).toEqual(fingerprint(answers[0]!));
    expect([answers[0]!.status, answers[0]!.body]).toEqual([201, UNIFORM_BODY]);
    expect(await countUsers(t)).toBe(4);
  });
});

describe.each(['express', 'fastify'] as const)('the input of a signup with %s', (adapter) => {
  const app = withApp({ mode: 'A', adapter });
  const email = 'input@example.com';
  const signUp = (body: object) => app().client.post('/auth/signup', { email, password: PASSWORD, ...body });

  it.each([
    ['is_active', true],
    ['isActive', true],
    ['IS_ACTIVE', true],
    ['active', true],
    ['id', 1],
    ['user_id', 1],
    ['role', 'admin'],
    ['roles', ['admin']],
    ['isAdmin', true],
    ['email_verified', true],
    ['emailVerifiedAt', 0],
    ['passwordHash', 'x'],
    ['password_hash', 'x'],
    ['createdAt', 0],
    ['tokens', []],
    ['user', { isActive: true }],
    ['user[is_active]', true],
    ['user.is_active', true],
    ['is_active ', true],
  ])('must not have a field %s', async (field, value) => {
    const answer = await signUp({ [field]: value });
    expect([answer.status, answer.body.code]).toEqual([400, 'INPUT_INVALID']);
    expect(answer.body.errors).toHaveLength(1);
    expect(await countUsers(app())).toBe(0);
    expect(await countTokens(app())).toBe(0);
  });

  it('must not be a form', async () => {
    const form = await app().client.postForm('/auth/signup', { email, password: PASSWORD, 'user[is_active]': '1' });
    expect([form.status, form.body.code]).toEqual([415, 'INPUT_UNSUPPORTED_TYPE']);
    expect(await countUsers(app())).toBe(0);
  });

  it.each([{ isActive: true }, { role: 'admin' }, { id: 1 }])(
    'must not set %o by the service either',
    async (fields) => {
      const signup = app()
        .app.get(AuthService)
        .signup({ email, password: PASSWORD, ...fields });
      await expect(signup).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      expect(await countUsers(app())).toBe(0);
    },
  );

  it.each([
    '<img src=x onerror=alert(1)>',
    '</title><script>alert(1)</script>',
    '"><a href=//evil.example>click</a>',
    'Your prize: https://evil.example/win',
    '{{user.passwordHash}}',
  ])('may have the name %s, which does nothing in the mail', async (name) => {
    const address = `name-${Buffer.from(name).toString('hex').slice(0, 20)}@example.com`;
    expect((await signUp({ email: address, name })).status).toBe(201);
    expect((await userRow(app(), address))?.name).toBe(name);
    const mail = await app().mailbox.waitFor(address);
    const link = `http://localhost:5173/activate?token=${tokenIn(mail)}`;
    const html = mail.html ?? '';
    expect(html).not.toMatch(/<(?:img|script)|onerror=alert\(1\)>|evil\.example|argon2/i);
    expect(mail.text).not.toMatch(/evil\.example|argon2/);
    expect(new Set(Array.from(html.matchAll(/href="([^"]*)"/g), ([, target]) => target))).toEqual(new Set([link]));
  });
});

const TOO_SHORT = 'The password must have at least 12 characters.';
const TOO_LONG = 'The password must have at most 128 characters and 1024 bytes.';
const COMMON = 'The password is one of the most common ones.';
const PREDICTABLE = 'The password is a repetition or a sequence.';
const CONTEXT = 'The password is too close to the address or the name.';

describe('the password of a signup', () => {
  const app = withApp({ mode: 'A' });
  const strict = withApp({
    mode: 'A',
    adapter: 'fastify',
    options: { password: { minLength: 15, maxLength: 300, requireComplexity: true } },
  });
  let count = 0;
  const answerTo = (t: TestApp, password: string, local = `margaret.hamilton${count++}`) =>
    t.client.post('/auth/signup', { email: `${local}@example.com`, password, name: 'Katherine Johnson' });

  it.each([
    ['of 11 characters', 'k7#Qz!m2Lw9', [TOO_SHORT]],
    ['of 11 emoji, 22 UTF-16 units', '🦊🐢🌵🍕🎲🚲🔭🧩🪁🎈🧭', [TOO_SHORT]],
    ['of 129 characters', 'a fine phrase '.repeat(10).slice(0, 129), [TOO_LONG]],
    ['of 16 KB less a little', 'a fine phrase '.repeat(1100), [TOO_LONG]],
    ['that is common', 'Chickenwing101', [COMMON]],
    ['that is common and decorated', 'Football2024!', [COMMON]],
    ['that is short, common and a sequence', 'qwertyuiop', [TOO_SHORT, COMMON, PREDICTABLE]],
    ['that is the address', 'Margaret.Hamilton@example.com', [CONTEXT]],
    ['that is the local part', 'margaret.hamilton', [CONTEXT]],
    ['that is the name', 'katherine johnson', [CONTEXT]],
  ])('is refused %s', async (_, password, messages) => {
    const answer = await answerTo(app(), password, 'margaret.hamilton');
    const body = { statusCode: 400, code: 'PASSWORD_REJECTED', message: 'The password does not meet the policy.' };
    expect(answer.body).toEqual({ ...body, errors: [{ field: 'password', messages }] });
    expect(answer.status).toBe(400);
    expect(await userRow(app(), 'margaret.hamilton@example.com')).toBeNull();
  });

  it.each([
    ['of 12 characters', 'k7#Qz!m2Lw9x'],
    ['of 12 emoji', '🦊🐢🌵🍕🎲🚲🔭🧩🪁🎈🧭🛶'],
    ['of 128 emoji, 512 bytes', '🦊🐢🌵🍕🎲🚲🔭🧩'.repeat(16)],
    ['with spaces at both ends, which stay', '  two spaces before and after  '],
  ])('may be one %s, and logs in exactly as typed', async (_, password) => {
    const { access_token } = await app().activeUser(`accepted${count++}@example.com`, password);
    expect(access_token).toEqual(expect.any(String));
    const logIn = (typed: string) =>
      app().client.post('/auth/login', { email: `accepted${count - 1}@example.com`, password: typed });
    expect((await logIn(password)).status).toBe(200);
    expect((await logIn(`${password} `)).status).toBe(401);
  });

  it('obeys a longer minimum, to the character', async () => {
    const fourteen = await answerTo(strict(), 'k7#Qz!m2Lw9x?R');
    const messages = ['The password must have at least 15 characters.'];
    expect(fourteen.body.errors).toEqual([{ field: 'password', messages }]);
    expect((await answerTo(strict(), 'k7#Qz!m2Lw9x?R4')).status).toBe(201);
  });

  it('has at most 1024 bytes, however many characters are allowed', async () => {
    const complex = 'aA1!' + '🦊🐢🌵🍕🎲'.repeat(51);
    expect(Buffer.byteLength(complex)).toBe(1024);
    expect((await answerTo(strict(), complex)).status).toBe(201);
    const over = await answerTo(strict(), `${complex}b`);
    const messages = ['The password must have at most 300 characters and 1024 bytes.'];
    expect([over.status, over.body.errors]).toEqual([400, [{ field: 'password', messages }]]);
  });

  it('needs every kind of character where complexity is asked for, and hears all of it at once', async () => {
    const answer = await answerTo(strict(), '你好'.repeat(3));
    expect(answer.body.errors[0].messages).toEqual([
      'The password must have at least 15 characters.',
      'The password must contain a lower case letter.',
      'The password must contain an upper case letter.',
      'The password must contain a digit.',
      'The password must contain a symbol.',
    ]);
  });
});

const signUp = (t: TestApp, email: string, name?: string) =>
  t.client.post('/auth/signup', { email, password: PASSWORD, name });

describe.each(stacksWithEitherKey())('signup without mail on $database, integer keys: $integerKeys', (stack) => {
  const withLink = withApp({ mode: 'C', ...stack });
  const activeAtOnce = withApp({ mode: 'D', ...stack });
  it('returns id and link in mode C', async () => {
    const { status, body } = await signUp(withLink(), 'c@example.com');
    const user = await userRow(withLink(), 'c@example.com');
    expect(status).toBe(201);
    expect(body).toEqual({ ...UNIFORM_BODY, user_id: user?.id, activation_url: expect.any(String) });
    expect(typeof body.user_id).toBe(stack.integerKeys ? 'number' : 'string');
    expect(body.activation_url).toMatch(/^http:\/\/localhost:5173\/activate\?token=[\w-]{64}$/);
    expect(user).toMatchObject({ isActive: false, emailVerifiedAt: null });
    expect(await tokenRows(withLink(), 'c@example.com')).toMatchObject([{ purpose: 'activation', mailDueAt: null }]);
  });

  it('returns the pair in mode D, of an active account whose address nobody has proved', async () => {
    const { status, body } = await signUp(activeAtOnce(), 'd@example.com');
    const user = await userRow(activeAtOnce(), 'd@example.com');
    expect([status, body.user_id, body.activation_required, body.activation_url]).toEqual([201, user?.id, false, null]);
    expect(user).toMatchObject({ isActive: true, emailVerifiedAt: null });
    expect((await activeAtOnce().client.get('/auth/me', { bearer: body.access_token })).status).toBe(200);
    const refreshed = await activeAtOnce().client.post('/auth/refresh', { refresh_token: body.refresh_token });
    expect(refreshed.status).toBe(200);
    expect(await tokenRows(activeAtOnce(), 'd@example.com')).toMatchObject([{ purpose: 'session', mailDueAt: null }]);
  });

  it.each(['C', 'D'])('says 409 for a taken address in mode %s, and changes nothing', async (mode) => {
    const t = mode === 'C' ? withLink() : activeAtOnce();
    for (const state of ['pending', 'active', 'deactivated']) {
      const email = `${state}-taken@example.com`;
      await (state === 'pending' ? signUp(t, email) : t.activeUser(email));
      if (state === 'deactivated') await changeUser(t, email, DEACTIVATED);
      const [user, tokens] = [await userRow(t, email), await countTokens(t)];
      const again = await signUp(t, email.toUpperCase(), 'Mallory');
      expect([again.status, again.body.code]).toEqual([409, 'SIGNUP_EMAIL_TAKEN']);
      expect(await userRow(t, email)).toEqual(user);
      expect(await countTokens(t)).toBe(tokens);
    }
    expect(t.mailbox.mails).toEqual([]);
  });
});

describe.each(availableDatabases())('signup on %s where the application has made the name unique', (database) => {
  const withUniqueName = (choice: TestAppOptions) => {
    const app = withApp({ database, ...choice });
    beforeAll(() => app().dataSource.query('CREATE UNIQUE INDEX one_of_a_name ON users (name)'));
    return app;
  };

  describe.each(['C', 'D'] as const)('in mode %s', (mode) => {
    const app = withUniqueName({ mode });

    it('says 409 for a taken name, without an account or a mail', async () => {
      expect((await signUp(app(), 'first@example.com', 'Taken')).status).toBe(201);
      const second = await signUp(app(), 'second@example.com', 'Taken');
      expect([second.status, second.body.code]).toEqual([409, 'SIGNUP_CONFLICT']);
      expect(second.text).not.toMatch(/one_of_a_name|Taken|UNIQUE/);
      expect(await userRow(app(), 'second@example.com')).toBeNull();
    });
  });

  describe.each(['A', 'E'] as const)('in mode %s', (mode) => {
    const app = withUniqueName({ mode });

    it('refuses a link whose name was taken meanwhile, and leaves it as it was', async () => {
      await signUp(app(), 'first@example.com', 'Taken');
      await signUp(app(), 'late@example.com', 'Free');
      await app().mailbox.waitFor('late@example.com', 1);
      await signUp(app(), 'late@example.com', 'Taken');
      const token = tokenIn(await app().mailbox.waitFor('late@example.com', 2));
      const answer = await (mode === 'E'
        ? app().client.get(`/auth/activate/${token}`)
        : app().client.post('/auth/activate', { token }));
      expect(answer.status).toBe(409);
      expect(answer.text).toContain(mode === 'E' ? 'Your account could not be activated' : 'SIGNUP_CONFLICT');
      expect(answer.text).toContain('already used by another account');
      expect(await userRow(app(), 'late@example.com')).toMatchObject({ isActive: false, name: 'Free' });
      const [, link] = await tokenRows(app(), 'late@example.com', 'activation');
      expect(link).toMatchObject({ usedAt: null, revokedAt: null });
    });
  });
});
