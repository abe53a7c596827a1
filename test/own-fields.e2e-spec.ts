import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OmitType } from '@nestjs/swagger';
import { Expose } from 'class-transformer';
import { IsBoolean, IsEmail, IsOptional, IsString } from 'class-validator';
import { AuthService, SignupDto } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { visible } from './support/client.js';
import { tokenIn } from './support/mailbox.js';
import { clubSchema, type ClubColumns, MemberSignupDto, Plan } from './support/users-with-own-fields.js';
import { tokenRows, userRow, type UserRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp, type TestAppOptions } from './support/test-app.js';
import { stacks } from './support/stacks.js';

const ATTACKERS_PASSWORD = 'attackers choice of words';
const BORN_AT = '1815-12-10T11:22:33.000Z';

/** A club whose members state more than address and password. */
function club({ integerKeys = false, ...choice }: TestAppOptions): () => TestApp {
  let t: TestApp;
  const schema = clubSchema(integerKeys);
  const options = { signupDto: MemberSignupDto, ...choice.options };
  beforeAll(async () => void (t = await createTestApp({ ...choice, schema, options })));
  afterAll(() => t.close());
  return () => t;
}

const member = (t: TestApp, email: string) => userRow(t, email) as Promise<(UserRow & ClubColumns) | null>;

const joinClub = (t: TestApp, email: string, fields: object, password = PASSWORD) =>
  t.client.post('/auth/signup', { email, password, ...fields });

describe.each(stacks())('own fields of a signup on $database with $adapter', (stack) => {
  const byMail = club({ mode: 'A', ...stack });
  const withLink = club({ mode: 'C', ...stack });
  const activeAtOnce = club({ mode: 'D', ...stack });
  const onPages = club({ mode: 'E', ...stack });
  const FIELDS = { plan: 'paid', newsletter: true, born_at: BORN_AT };
  const STORED = { plan: Plan.Paid, newsletter: true, bornAt: new Date(BORN_AT), role: 'member' };

  const apps = { A: byMail, C: withLink, D: activeAtOnce, E: onPages };

  /** Follows the link of a signup, wherever its mode lets it appear. */
  const follow = {
    A: async (email: string) => {
      const token = tokenIn(await byMail().mailbox.waitFor(email));
      return byMail().client.post('/auth/activate', { token });
    },
    C: (_: string, { activation_url }: { activation_url: string }) => {
      const token = new URL(activation_url).searchParams.get('token');
      return withLink().client.post('/auth/activate', { token });
    },
    E: async (email: string) =>
      onPages().client.get(`/auth/activate/${tokenIn(await onPages().mailbox.waitFor(email))}`),
  };

  it.each(['A', 'C', 'E'] as const)('become columns of the account in mode %s, types included', async (mode) => {
    const email = 'ada@example.com';
    const { body } = await joinClub(apps[mode](), email, { handle: 'ada', ...FIELDS });
    expect((await follow[mode](email, body)).status).toBe(200);
    expect(await member(apps[mode](), email)).toMatchObject({ isActive: true, handle: 'ada', ...STORED });
  });

  it('become columns of the account at once in mode D', async () => {
    expect((await joinClub(activeAtOnce(), 'ada@example.com', { handle: 'ada', ...FIELDS })).status).toBe(201);
    expect(await member(activeAtOnce(), 'ada@example.com')).toMatchObject({ isActive: true, handle: 'ada', ...STORED });
  });

  it('get the defaults of their columns where a signup leaves them out', async () => {
    await joinClub(byMail(), 'bare@example.com', { handle: 'bare' });
    const bare = { handle: 'bare', plan: Plan.Free, newsletter: false, bornAt: null, role: 'member' };
    expect(await member(byMail(), 'bare@example.com')).toMatchObject({ isActive: false, ...bare });
    expect((await follow.A('bare@example.com')).status).toBe(200);
    expect(await member(byMail(), 'bare@example.com')).toMatchObject({ isActive: true, ...bare });
  });

  it("leave nothing of a stranger's signup in the account of whoever owns the address", async () => {
    const email = 'victim@example.com';
    await joinClub(byMail(), email, { handle: 'stranger', ...FIELDS }, ATTACKERS_PASSWORD);
    await byMail().mailbox.waitFor(email, 1);
    await joinClub(byMail(), email, { handle: 'victim' });
    const token = tokenIn(await byMail().mailbox.waitFor(email, 2));
    expect((await byMail().client.post('/auth/activate', { token })).status).toBe(200);
    const own = { handle: 'victim', plan: Plan.Free, newsletter: false, bornAt: null };
    expect(await member(byMail(), email)).toMatchObject({ isActive: true, ...own });
    expect((await tokenRows(byMail(), email, 'activation')).map(({ payload }) => payload)).toEqual([null, null]);
  });

  it("lose a stranger's optional fields when a password reset activates the account", async () => {
    const email = 'reset@example.com';
    await joinClub(withLink(), email, { handle: 'resetting', ...FIELDS }, ATTACKERS_PASSWORD);
    const { body } = await withLink().client.post('/auth/password-reset/request', { email });
    const token = new URL(body.reset_url).searchParams.get('token');
    const confirmation = { token, new_password: PASSWORD };
    expect((await withLink().client.post('/auth/password-reset/confirm', confirmation)).status).toBe(200);
    const blank = { plan: Plan.Free, newsletter: false, bornAt: null };
    expect(await member(withLink(), email)).toMatchObject({ isActive: true, ...blank });
  });

  it('survive a resend of the activation mail', async () => {
    const email = 'again@example.com';
    await joinClub(byMail(), email, { handle: 'again', ...FIELDS });
    await byMail().mailbox.waitFor(email, 1);
    await byMail().client.post('/auth/activation/resend', { email });
    const token = tokenIn(await byMail().mailbox.waitFor(email, 2));
    expect((await byMail().client.post('/auth/activate', { token })).status).toBe(200);
    expect(await member(byMail(), email)).toMatchObject({ isActive: true, handle: 'again', ...STORED });
  });

  it.each([
    ['without a required one', { plan: 'free' }, 'handle'],
    ['with a wrong one', { handle: 'wrong', plan: 'golden' }, 'plan'],
    ['with what is no date', { handle: 'wrong', born_at: 'yesterday' }, 'born_at'],
    ['with null where the column must have a value', { handle: 'wrong', newsletter: null }, 'newsletter'],
    ['with one that is not in the DTO, though a column', { handle: 'wrong', role: 'admin' }, 'role'],
    ["with the module's own column", { handle: 'wrong', isActive: true }, 'isActive'],
    ['with the entity’s name for a field', { handle: 'wrong', bornAt: BORN_AT }, 'bornAt'],
    ['with a name the entity lacks', { handle: 'wrong', name: 'Ada' }, 'name'],
  ])('are refused %s, and nothing is stored', async (_, fields, culprit) => {
    const email = 'refused@example.com';
    const { status, body } = await joinClub(byMail(), email, fields);
    expect([status, body.code]).toEqual([400, 'INPUT_INVALID']);
    expect(body.errors.map(({ field }: { field: string }) => field)).toEqual([culprit]);
    expect(await member(byMail(), email)).toBeNull();
  });

  it.each(['C', 'D'] as const)('that are unique conflict in mode %s, without an account', async (mode) => {
    const t = apps[mode]();
    expect((await joinClub(t, 'first@example.com', { handle: 'taken' })).status).toBe(201);
    const second = await joinClub(t, 'second@example.com', { handle: 'taken' });
    expect([second.status, second.body.code]).toEqual([409, 'SIGNUP_CONFLICT']);
    expect(await member(t, 'second@example.com')).toBeNull();
  });

  it.each(['A', 'E'] as const)('that are unique and taken are answered alike in mode %s', async (mode) => {
    const t = apps[mode]();
    const first = await joinClub(t, 'first@example.com', { handle: 'taken' });
    const second = await joinClub(t, 'second@example.com', { handle: 'taken' });
    expect(first.status).toBe(201);
    expect(visible(second)).toEqual(visible(first));
    // This one cannot be empty: see own-unique.e2e-spec.ts for those that can.
    expect(await member(t, 'second@example.com')).toBeNull();
    await t.mailIsDone();
    expect(t.mailbox.to('second@example.com')).toEqual([]);
  });

  it('may be set by code, a column outside the DTO included', async () => {
    const email = 'by-code@example.com';
    const fields = { handle: 'by-code', role: 'admin', bornAt: new Date(BORN_AT) };
    await activeAtOnce()
      .app.get(AuthService)
      .signup({ email, password: PASSWORD, ...fields });
    expect(await member(activeAtOnce(), email)).toMatchObject({ isActive: true, ...fields });
  });

  it('reach no log', async () => {
    await joinClub(byMail(), 'quiet@example.com', { handle: 'quiet-canary', born_at: BORN_AT });
    expect(byMail().logs.lines.join('\n')).not.toMatch(/quiet-canary|1815-12-10/);
  });
});

describe('two applications in one process', () => {
  const strict = club({ mode: 'D' });
  let plain: TestApp;
  beforeAll(async () => void (plain = await createTestApp({ mode: 'D' })));
  afterAll(() => plain.close());

  it('each validate a signup by their own DTO', async () => {
    expect((await joinClub(strict(), 'a@example.com', {})).body.errors).toMatchObject([{ field: 'handle' }]);
    expect((await joinClub(plain, 'a@example.com', {})).status).toBe(201);
    expect((await joinClub(plain, 'b@example.com', { handle: 'bee' })).body.errors).toMatchObject([
      { field: 'handle' },
    ]);
    expect((await joinClub(strict(), 'b@example.com', { handle: 'bee' })).status).toBe(201);
  });
});

describe('own columns in mails', () => {
  let templateDir: string;
  let t: TestApp;
  const TEXT =
    'plan={{user.plan}} handle={{user.handle}} role={{user.role}} hash={{user.passwordHash}} {{activation_url}}';

  beforeAll(async () => {
    templateDir = await mkdtemp(join(tmpdir(), 'gatehouse-mails-'));
    await writeFile(join(templateDir, 'activation.txt.hbs'), TEXT);
    const options = { signupDto: MemberSignupDto, mail: { templateDir, userFields: ['plan'] } };
    t = await createTestApp({ mode: 'A', schema: clubSchema(false), options });
  });
  afterAll(async () => {
    await t.close();
    await rm(templateDir, { recursive: true });
  });

  it('appear only where listed, and the hash never', async () => {
    await joinClub(t, 'mail@example.com', { handle: 'unlisted', plan: 'paid' });
    const { text } = await t.mailbox.waitFor('mail@example.com');
    expect(text).toMatch(/^plan=paid handle= role= hash= http:/);
  });
});

const start = (signupDto: typeof SignupDto): Promise<TestApp> =>
  createTestApp({ mode: 'D', schema: clubSchema(false), options: { signupDto } });

describe('a signup DTO', () => {
  class WithoutName extends OmitType(SignupDto, ['name'] as const) {
    @IsString()
    handle!: string;
  }

  it('may leave out the name', async () => {
    const t = await start(WithoutName);
    const named = await joinClub(t, 'a@example.com', { handle: 'nameless', name: 'Ada' });
    expect(named.body.errors).toEqual([{ field: 'name', messages: ['name is not a known field'] }]);
    expect((await joinClub(t, 'a@example.com', { handle: 'nameless' })).status).toBe(201);
    await t.close();
  });

  class Activating extends MemberSignupDto {
    @IsOptional()
    @IsBoolean()
    @Expose({ name: 'is_active' })
    isActive?: boolean;
  }
  class Misspelt extends MemberSignupDto {
    @IsOptional()
    @IsString()
    born_at?: string;
  }
  class Uncanonical {
    @IsEmail()
    email!: string;

    @IsString()
    password!: string;

    @IsString()
    handle!: string;
  }

  it.each([
    ["one of the module's columns", Activating, /signupDto\.isActive: is set by the module alone.*Remove it/s],
    ['what is no column', Misspelt, /signupDto\.born_at: is not a column of Member.*@Expose/s],
    ['an address without its canonical form', Uncanonical, /signupDto: does not check email.*extend SignupDto/s],
  ])('stops the start where it declares %s', async (_, dto, message) => {
    await expect(start(dto)).rejects.toThrow(message);
  });

  it('is missed in the log where a column needs a value that no signup can give', async () => {
    const t = await start(SignupDto);
    expect(t.logs.lines.join('\n')).toContain(
      'Member.handle must not be null and has no default, but SignupDto has no',
    );
    await t.close();
  });
});
