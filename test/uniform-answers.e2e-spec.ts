import { hash } from 'argon2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, visible } from './support/client.js';
import { availableDatabases } from './support/databases.js';
import { IMPORTED_HASHES } from './support/imported-hashes.js';
import { address, createLimitedApp, from } from './support/limited-app.js';
import { tokenIn } from './support/mailbox.js';
import { changeUser } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';
import { CALLER_SCHEMA, CallerSignupDto, softDelete } from './support/users-with-phone.js';

const WRONG = 'wrong but long enough';
const TAKEN = '+4930222222';

/** An account in every state that a stranger might ask for; `nobody` has none. */
const STATES = ['active', 'pending', 'deactivated', 'deleted', 'passwordless', 'bcrypt', 'argon2i'] as const;
const EVERYBODY = ['nobody', ...STATES] as const;

type Whose = (typeof EVERYBODY)[number];

const addressOf = (whose: string) => `${whose}@example.com`;

/** What can be seen of answers, but for the date: one of a kind. Where it is one alone, none tells anything. */
function distinct(answers: readonly Answer[]): unknown[] {
  const byText = new Map(answers.map((answer) => [JSON.stringify(visible(answer)), visible(answer)]));
  return [...byText.values()];
}

const one = (status: number): unknown => [expect.objectContaining({ status })];

/** Makes an account of each state; the owner of the phone number is another one. */
async function populate(t: TestApp): Promise<void> {
  const signUp = (email: string, more: object = {}) =>
    t.client.post('/auth/signup', { email, password: PASSWORD, ...more });
  for (const state of STATES) {
    await signUp(addressOf(state));
    if (state !== 'pending') await activate(t, addressOf(state));
  }
  await signUp('caller@example.com', { phone: TAKEN });
  await activate(t, 'caller@example.com');
  await changeUser(t, addressOf('deactivated'), { isActive: false });
  await changeUser(t, addressOf('passwordless'), { passwordHash: '!' });
  await changeUser(t, addressOf('bcrypt'), { passwordHash: IMPORTED_HASHES['bcrypt 2b'] });
  const argon2i = await hash(PASSWORD, { type: 1, memoryCost: 128, timeCost: 2, parallelism: 1 });
  await changeUser(t, addressOf('argon2i'), { passwordHash: argon2i });
  await softDelete(t, addressOf('deleted'));
}

async function activate(t: TestApp, email: string): Promise<void> {
  const { status } = await t.client.post('/auth/activate', { token: tokenIn(await t.mailbox.waitFor(email)) });
  expect(status).toBe(200);
}

const modes = availableDatabases().flatMap((database) => [
  { database, mode: 'A', adapter: 'express' } as const,
  { database, mode: 'E', adapter: 'fastify' } as const,
]);

describe.each(modes)('on $database in mode $mode, whose address it is shows in no answer', (choice) => {
  let t: TestApp;
  beforeAll(async () => {
    const hashing = { importedHashes: true, importedFloorMs: 1 };
    const options = { signupDto: CallerSignupDto, hashing };
    t = await createTestApp({ ...choice, schema: CALLER_SCHEMA, options });
    await populate(t);
  });
  afterAll(() => t.close());

  /** The answers to one request about each address. */
  async function answersTo(path: string, body: object, whose: readonly string[] = EVERYBODY): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (const each of whose) answers.push(await t.client.post(path, { email: addressOf(each), ...body }));
    return answers;
  }

  const bearerOf = async (email: string): Promise<string> =>
    (await t.client.post('/auth/login', { email, password: PASSWORD })).body.access_token;

  it('to a login with a wrong password', async () => {
    expect(distinct(await answersTo('/auth/login', { password: WRONG }))).toEqual(one(401));
  });

  it('to a login with the right one, for an account that is not active', async () => {
    const refused: Whose[] = ['nobody', 'pending', 'deactivated', 'deleted', 'passwordless'];
    expect(distinct(await answersTo('/auth/login', { password: PASSWORD }, refused))).toEqual(one(401));
    expect(distinct(await answersTo('/auth/login', { password: '!' }, EVERYBODY))).toEqual(one(401));
  });

  it('to a login with a password that nobody can have', async () => {
    expect(distinct(await answersTo('/auth/login', { password: 'x'.repeat(129) }))).toEqual(one(401));
  });

  it.each(['/auth/activation/resend', '/auth/password-reset/request'])('to %s', async (path) => {
    expect(distinct(await answersTo(path, {}))).toEqual(one(202));
    expect(distinct(await answersTo(path, {}))).toEqual(one(202));
  });

  it('to a signup, nor whether a value of a unique column is taken', async () => {
    const free = await answersTo('/auth/signup', { password: PASSWORD });
    const taken = await answersTo('/auth/signup', { password: PASSWORD, phone: TAKEN }, ['another', ...EVERYBODY]);
    expect(distinct([...free, ...taken])).toEqual(one(201));
  });

  it('to a change of address, be it free, taken, the own one or one that waits elsewhere', async () => {
    const ask = async (bearer: string, whose: string) =>
      t.client.post(
        '/auth/email-change/request',
        { new_email: addressOf(whose), current_password: PASSWORD },
        { bearer },
      );
    expect((await ask(await bearerOf('caller@example.com'), 'waiting')).status).toBe(202);
    const bearer = await bearerOf(addressOf('active'));
    const answers: Answer[] = [];
    for (const whose of ['free', 'waiting', ...EVERYBODY]) answers.push(await ask(bearer, whose));
    expect(distinct(answers)).toEqual(one(202));
  });

  it('to a link of an account that is gone, which is answered like one that never was', async () => {
    const tokens: string[] = [];
    for (const email of ['removed@example.com', 'banned@example.com']) {
      await t.client.post('/auth/signup', { email, password: PASSWORD });
      await activate(t, email);
      await t.client.post('/auth/password-reset/request', { email });
      tokens.push(tokenIn(await t.mailbox.waitFor(email, 2)));
    }
    await softDelete(t, 'removed@example.com');
    await changeUser(t, 'banned@example.com', { isActive: false });
    tokens.push('A'.repeat(64));
    const confirm = (token: string) =>
      t.client.post('/auth/password-reset/confirm', { token, new_password: 'a good passphrase' });
    const answers: Answer[] = [];
    for (const token of tokens) answers.push(await confirm(token));
    expect(distinct(answers)).toEqual(one(400));
    if (choice.mode !== 'E') return;
    const pages: Answer[] = [];
    for (const token of tokens) pages.push(await t.client.get(`/auth/password-reset/${token}`));
    expect(distinct(pages)).toEqual(one(400));
  });
});

// The clock stands still: what is left of a wait is counted in whole seconds.
describe('with limits on, the answers to one request after another', () => {
  const WHOSE = ['active', 'pending', 'deactivated', 'nobody'];
  let t: TestApp;
  beforeAll(async () => {
    t = await createLimitedApp();
    t.clock.stopAt(new Date());
    for (const [index, whose] of ['active', 'pending', 'deactivated'].entries()) {
      const account = { email: addressOf(whose), password: PASSWORD };
      await t.client.post('/auth/signup', account, from(address(index)));
      if (whose !== 'pending') await activate(t, addressOf(whose));
    }
    await changeUser(t, addressOf('deactivated'), { isActive: false });
  });
  afterAll(() => t.close());

  it.each([
    ['login', 401, 5, '/auth/login', { password: WRONG }],
    ['signup', 201, 20, '/auth/signup', { password: PASSWORD }],
    ['resend', 202, 20, '/auth/activation/resend', {}],
    ['reset request', 202, 20, '/auth/password-reset/request', {}],
  ] as const)('to a %s are the same, and so is the refusal in the end', async (_, status, free, path, body) => {
    const count = free + 2;
    const sequences: Answer[][] = [];
    for (const [index, whose] of WHOSE.entries()) {
      // Each from a network of its own, which is counted as well.
      const ip = `203.0.${path.length}.${index + 1}`;
      const answers: Answer[] = [];
      for (let asked = 0; asked < count; asked++) {
        answers.push(await t.client.post(path, { email: addressOf(whose), ...body }, from(ip)));
      }
      sequences.push(answers);
    }
    for (let asked = 0; asked < count; asked++) {
      const answers = sequences.map((sequence) => sequence[asked]!);
      expect(distinct(answers)).toEqual(one(asked < free ? status : 429));
    }
    expect(sequences[0]!.at(-1)!.headers.get('retry-after')).not.toBeNull();
  });
});
