import { Expose, Transform } from 'class-transformer';
import { IsEnum, IsInt, IsOptional, IsString, MaxLength } from 'class-validator';
import { AuthService, ProfileDto } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inParallel } from './support/client.js';
import {
  clubSchema,
  type ClubColumns,
  MemberProfileDto,
  MemberResponse,
  MemberSignupDto,
  Plan,
} from './support/users-with-own-fields.js';
import { peopleSchema } from './support/users-with-mapped-columns.js';
import { userRow, type UserRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp, type TestAppOptions } from './support/test-app.js';
import { type Stack, stacks } from './support/stacks.js';

const BORN_AT = '1815-12-10T11:22:33.000Z';
const EMPTY = { plan: Plan.Free, newsletter: false, bornAt: null };

const CLASSES = { signupDto: MemberSignupDto, profileDto: MemberProfileDto, userResponse: MemberResponse };

/** A club whose members are active at once. */
const openClub = ({ integerKeys = false, ...choice }: TestAppOptions = {}): Promise<TestApp> =>
  createTestApp({
    mode: 'D',
    ...choice,
    schema: clubSchema(integerKeys),
    options: { ...CLASSES, ...choice.options },
  });

/** Joins, and returns what the member does to the own account. */
async function join(t: TestApp, handle: string) {
  const email = `${handle}@example.com`;
  const { body } = await t.client.post('/auth/signup', { email, password: PASSWORD, handle });
  const bearer: string = body.access_token;
  return {
    id: body.user_id,
    email,
    get: () => t.client.get('/auth/me', { bearer }),
    patch: (fields: object) => t.client.request('PATCH', '/auth/me', fields, { bearer }),
    put: (fields: object) => t.client.request('PUT', '/auth/me', fields, { bearer }),
    row: () => userRow(t, email) as Promise<UserRow & ClubColumns>,
  };
}

describe.each<Stack & { level?: 'basic' }>([
  ...stacks(),
  { database: 'sqlite', adapter: 'express', integerKeys: false, level: 'basic' },
])('the fields of a profile on $database with $adapter, level $level', (stack) => {
  let t: TestApp;
  beforeAll(async () => void (t = await openClub(stack)));
  afterAll(() => t.close());

  it('are changed by PATCH where they are given, required ones included, types and all', async () => {
    const member = await join(t, 'ada');
    expect((await member.patch({ plan: 'paid', born_at: BORN_AT })).status).toBe(200);
    const first = await member.row();
    expect(first).toMatchObject({ handle: 'ada', plan: Plan.Paid, newsletter: false, bornAt: new Date(BORN_AT) });
    t.clock.advance({ seconds: 1 });
    expect((await member.patch({ newsletter: true })).status).toBe(200);
    const second = await member.row();
    expect(second).toEqual({ ...first, newsletter: true, updatedAt: expect.any(Date) });
    expect(second.updatedAt.getTime()).toBeGreaterThan(first.updatedAt.getTime());
    expect((await member.patch({ born_at: null })).status).toBe(200);
    expect(await member.row()).toMatchObject({ bornAt: null, plan: Plan.Paid });
    const before = await member.row();
    expect((await member.patch({})).status).toBe(200);
    expect(await member.row()).toEqual(before);
  });

  it('are replaced by PUT: what may be left out becomes null or the default of its column', async () => {
    const member = await join(t, 'bea');
    const all = { handle: 'bea-2', plan: 'paid', newsletter: true, born_at: BORN_AT };
    expect((await member.put(all)).status).toBe(200);
    expect(await member.row()).toMatchObject({
      handle: 'bea-2',
      plan: Plan.Paid,
      newsletter: true,
      bornAt: new Date(BORN_AT),
    });
    expect((await member.put({ handle: 'bea-3' })).status).toBe(200);
    expect(await member.row()).toMatchObject({ handle: 'bea-3', ...EMPTY, role: 'member', isActive: true });
  });

  it('are demanded by PUT where the class requires them', async () => {
    const member = await join(t, 'cleo');
    await member.patch({ plan: 'paid' });
    const before = await member.row();
    const { status, body } = await member.put({ plan: 'free' });
    expect([status, body.code, body.errors[0].field]).toEqual([400, 'INPUT_INVALID', 'handle']);
    expect(await member.row()).toEqual(before);
  });

  it.each([
    ['with a wrong value', { plan: 'golden' }, 'plan'],
    ['with null for a required one', { handle: null }, 'handle'],
    ['with null where the column must have a value', { newsletter: null }, 'newsletter'],
    ['with what is no date', { born_at: 'yesterday' }, 'born_at'],
    ['with a column that is not in the class', { role: 'admin' }, 'role'],
    ["with the module's own column", { isActive: false }, 'isActive'],
    ['with the address', { email: 'other@example.com' }, 'email'],
    ['with a password', { password: 'another fine passphrase' }, 'password'],
    ['with the hash', { passwordHash: 'x' }, 'passwordHash'],
    ['with the entity’s name for a field', { bornAt: BORN_AT }, 'bornAt'],
    ['with a name the entity lacks', { name: 'Ada' }, 'name'],
  ])('are refused %s, and nothing is stored', async (what, fields, culprit) => {
    const member = await join(t, `m-${what.length}-${culprit.toLowerCase()}`.replace('_', '-'));
    const before = await member.row();
    for (const answer of [await member.patch(fields), await member.put({ handle: before.handle, ...fields })]) {
      expect([answer.status, answer.body.code]).toEqual([400, 'INPUT_INVALID']);
      expect(answer.body.errors.map(({ field }: { field: string }) => field)).toEqual([culprit]);
    }
    expect(await member.row()).toEqual(before);
  });

  it('conflict where a unique one is taken, and change nothing', async () => {
    const [owner, other] = [await join(t, 'owner'), await join(t, 'other')];
    const before = await other.row();
    for (const answer of [await other.patch({ handle: 'owner', plan: 'paid' }), await other.put({ handle: 'owner' })]) {
      expect([answer.status, answer.body.code]).toEqual([409, 'PROFILE_CONFLICT']);
    }
    expect(await other.row()).toEqual(before);
    expect((await owner.patch({ handle: 'owner' })).status).toBe(200);
  });

  it('go to one of many who want the same unique one at once', async () => {
    const members: Awaited<ReturnType<typeof join>>[] = [];
    for (let index = 0; index < 5; index++) members.push(await join(t, `rival-${index}`));
    const answers = await inParallel(5, (index) => members[index]!.patch({ handle: 'wanted' }));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409]);
  });

  it('are answered by the application’s own class, in exactly its fields and names', async () => {
    const member = await join(t, 'shown');
    const shown = {
      id: member.id,
      address: 'SHOWN@example.com',
      handle: 'shown',
      plan: Plan.Free,
      born_at: null,
      is_verified: false,
      kind: 'member',
    };
    const { status, body, text } = await member.get();
    expect([status, body]).toEqual([200, shown]);
    expect(text).not.toMatch(/argon2|password|hash/i);
    const edited = await member.patch({ plan: 'paid', born_at: BORN_AT });
    expect(edited.body).toEqual({ ...shown, plan: Plan.Paid, born_at: BORN_AT });
    expect((await member.get()).body).toEqual(edited.body);
    expect((await member.put({ handle: 'shown' })).body).toEqual(shown);
  });

  it('left no error, value or hash in the log', () => {
    expect(t.logs.lines.filter((line) => /error|1815-12-10|argon2/i.test(line))).toEqual([]);
  });
});

describe('a profile DTO', () => {
  /** With a value of its own, which a request has not stated. */
  class DefaultingDto {
    @IsOptional()
    @IsEnum(Plan)
    plan: Plan = Plan.Paid;

    @IsString()
    @MaxLength(20)
    handle!: string;
  }

  it('fills in its own values with PUT, and nothing with PATCH', async () => {
    const t = await openClub({ options: { profileDto: DefaultingDto } });
    const member = await join(t, 'ada');
    await member.patch({ handle: 'ada-2' });
    expect(await member.row()).toMatchObject({ handle: 'ada-2', plan: Plan.Free });
    await member.put({ handle: 'ada-3' });
    expect(await member.row()).toMatchObject({ handle: 'ada-3', plan: Plan.Paid });
    await t.close();
  });

  class OptionalHandleDto {
    @IsOptional()
    @IsString()
    handle?: string;
  }

  it('cannot have a field emptied by PUT that can be neither null nor a default', async () => {
    const t = await openClub({ options: { profileDto: OptionalHandleDto } });
    const member = await join(t, 'ada');
    const { status, body } = await member.put({});
    expect([status, body.errors]).toEqual([400, [{ field: 'handle', messages: ['handle must not be null'] }]]);
    expect(await member.row()).toMatchObject({ handle: 'ada' });
    await t.close();
  });

  it('does not bind code, which may write every column of the application’s own', async () => {
    const t = await openClub();
    const { id, row } = await join(t, 'ada');
    const auth = t.app.get(AuthService);
    expect(await auth.editProfile(id, { role: 'admin' })).toMatchObject({ role: 'admin' });
    await expect(auth.editProfile(id, { isActive: false })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await row()).toMatchObject({ role: 'admin', isActive: true });
    await t.close();
  });

  it('is each application’s own in one process', async () => {
    const [club, plain] = [await openClub(), await createTestApp({ mode: 'D' })];
    const member = await join(club, 'ada');
    const { access_token: bearer } = await plain.activeUser('ada@example.com');
    const named = await plain.client.request('PATCH', '/auth/me', { name: 'Ada' }, { bearer });
    expect(named.body).toMatchObject({ name: 'Ada', is_active: true });
    expect((await plain.client.request('PATCH', '/auth/me', { plan: 'paid' }, { bearer })).status).toBe(400);
    expect((await member.patch({ plan: 'paid' })).body).toMatchObject({ plan: 'paid', kind: 'member' });
    await plain.close();
    await club.close();
  });
});

describe('own classes over an entity with names of its own', () => {
  class PersonDto extends ProfileDto {
    @IsOptional()
    @IsInt()
    points?: number;
  }
  class PersonResponse {
    @Expose()
    uid!: string;

    @Expose({ name: 'e_mail' })
    mail!: string;

    @Expose()
    points!: number;

    @Expose()
    @Transform(({ obj }: { obj: object }) => Object.keys(obj).sort())
    seen!: string[];
  }
  const start = (userResponse: new () => object) =>
    createTestApp({ mode: 'D', schema: peopleSchema(false), options: { profileDto: PersonDto, userResponse } });

  it('speak of its properties, and never see the hash', async () => {
    const t = await start(PersonResponse);
    const { access_token: bearer, user_id } = await t.activeUser('ada@example.com');
    const { body } = await t.client.request('PATCH', '/auth/me', { points: 7, name: 'Ada' }, { bearer });
    const seen = ['confirmedAt', 'enabled', 'mail', 'name', 'points', 'registeredAt', 'uid'];
    expect(body).toEqual({ uid: user_id, e_mail: 'ada@example.com', points: 7, seen });
    await t.close();
  });

  it('stop the start where they expose the hash under its name there', async () => {
    class Revealing extends PersonResponse {
      @Expose({ name: 'secret' })
      pwd!: string;
    }
    await expect(start(Revealing)).rejects.toThrow(/userResponse\.pwd: is the password hash.*Remove it/s);
  });
});

describe('own classes of a profile', () => {
  class Misspelt extends MemberProfileDto {
    @IsOptional()
    @IsString()
    born_at?: string;
  }
  class Addressing extends MemberProfileDto {
    @IsString()
    email!: string;
  }
  class Hashing extends MemberProfileDto {
    @IsString()
    @Expose({ name: 'note' })
    passwordHash!: string;
  }
  class Passwording extends MemberProfileDto {
    @IsString()
    password!: string;
  }
  class Ruleless {
    handle!: string;
  }
  class Mute {
    handle!: string;
  }
  class ForNobody {
    @Expose({ groups: ['admin'] })
    handle!: string;
  }
  class Revealing extends MemberResponse {
    @Expose()
    passwordHash!: string;
  }

  it.each([
    ['a field that is no column', { profileDto: Misspelt }, /profileDto\.born_at: is not a column of Member.*@Expose/s],
    ['the address', { profileDto: Addressing }, /profileDto\.email: is set by the module alone.*Remove it/s],
    ['the hash', { profileDto: Hashing }, /profileDto\.passwordHash: is set by the module alone.*Remove it/s],
    ['a password', { profileDto: Passwording }, /profileDto\.password: is not a column of Member/],
    ['no rule', { profileDto: Ruleless }, /profileDto: has no property with a rule of class-validator/],
    ['no field to show', { userResponse: Mute }, /userResponse: exposes no property.*@Expose\(\)/s],
    ['fields for a group only', { userResponse: ForNobody }, /userResponse: exposes no property/],
    ['the hash to show', { userResponse: Revealing }, /userResponse\.passwordHash: is the password hash/],
  ])('stop the start with %s', async (_, options, message) => {
    await expect(openClub({ options })).rejects.toThrow(message);
    await expect(openClub({ options, level: 'basic' })).rejects.toThrow(message);
  });
});
