import { Controller, Get, Injectable, type Type } from '@nestjs/common';
import { IsInt } from 'class-validator';
import { AuthHooks, Authenticated, CurrentUser, SignupDto, Verified } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inParallel } from './support/client.js';
import { tokenIn } from './support/mailbox.js';
import {
  NumberedPerson,
  peopleSchema,
  Person,
  PERSON_COLUMNS,
  PersonToken,
} from './support/users-with-mapped-columns.js';
import { createTestApp, PASSWORD, type TestApp, type TestAppOptions } from './support/test-app.js';
import { stacks } from './support/stacks.js';

const ATTACKERS_PASSWORD = 'attackers choice of words';
const NEW_PASSWORD = 'another fine passphrase';

/** What handlers of an application with such an entity do. */
@Controller('people')
class PeopleController {
  @Get('me')
  @Authenticated()
  me(@CurrentUser() person: Person | NumberedPerson) {
    const isOwnEntity = person instanceof Person || person instanceof NumberedPerson;
    return { isOwnEntity, uid: person.uid, mail: person.mail, properties: Object.keys(person) };
  }

  @Get('verified')
  @Verified()
  verified() {
    return { ok: true };
  }
}

/** What the application's hooks were given. */
const given: [hook: string, isOwnEntity: boolean, properties: string[]][] = [];

@Injectable()
class PeopleHooks extends AuthHooks<Person> {
  override beforeActivation = ({ user }: { user: Person }) => note('beforeActivation', user);
  override beforeLogin = ({ user }: { user: Person }) => note('beforeLogin', user);
  override afterLogin = ({ user }: { user: Person }) => note('afterLogin', user);
}

function note(hook: string, user: object): void {
  given.push([hook, user instanceof Person || user instanceof NumberedPerson, Object.keys(user)]);
}

function people({ integerKeys = false, ...choice }: TestAppOptions): () => TestApp {
  let t: TestApp;
  const schema = peopleSchema(integerKeys);
  beforeAll(
    async () =>
      void (t = await createTestApp({
        ...choice,
        schema,
        options: { hooks: PeopleHooks as never },
        controllers: [PeopleController],
      })),
  );
  afterAll(() => t.close());
  return () => t;
}

describe.each(stacks())('an entity with names of its own on $database with $adapter', (stack) => {
  const app = people({ mode: 'A', ...stack });
  const entity: Type<Person | NumberedPerson> = stack.integerKeys ? NumberedPerson : Person;
  const post = (path: string, body: object, bearer?: string) => app().client.post(`/auth/${path}`, body, { bearer });
  const logIn = (mail: string, password = PASSWORD) => post('login', { email: mail, password });
  const row = (mail: string) =>
    app().dataSource.createQueryBuilder(entity, 'p').addSelect('p.pwd').where({ mail }).getOne();
  const change = (mail: string, changes: Partial<Person>) =>
    app().dataSource.createQueryBuilder().update(entity).set(changes).where({ mail }).execute();

  it('is filled by signup, inactive and unproved, and by activation', async () => {
    await post('signup', { email: 'Ada@Example.com', password: PASSWORD, name: 'Ada' });
    const pending = await row('ada@example.com');
    expect(pending).toMatchObject({ enabled: false, confirmedAt: null, name: 'Ada', points: 0 });
    expect(pending?.pwd).toMatch(/^\$argon2id\$/);
    expect((await logIn('ada@example.com')).status).toBe(401);
    const mail = await app().mailbox.waitFor('ada@example.com');
    expect(mail.text).toContain('Hello Ada,');
    const { status, body } = await post('activate', { token: tokenIn(mail) });
    const active = await row('ada@example.com');
    expect([status, body.user_id]).toEqual([200, active?.uid]);
    expect(active).toMatchObject({ enabled: true, pwd: pending?.pwd });
    expect(active?.confirmedAt).toBeInstanceOf(Date);
  });

  it('gives its own instance to the handlers, without the hash', async () => {
    const { access_token: bearer } = await app().activeUser('own@example.com');
    const { body } = await app().client.get('/people/me', { bearer });
    expect(body).toMatchObject({
      isOwnEntity: true,
      mail: 'own@example.com',
      uid: (await row('own@example.com'))?.uid,
    });
    expect(body.properties).toContain('confirmedAt');
    expect(body.properties).not.toContain('pwd');
    expect((await app().client.get('/people/verified', { bearer })).status).toBe(200);
    const me = await app().client.get('/auth/me', { bearer });
    expect(me.body).toMatchObject({ id: body.uid, email: 'own@example.com', is_active: true, is_verified: true });
    expect(me.text).not.toContain('argon2');
  });

  it('logs in, refreshes, and logs out; of parallel refreshes one rotates', async () => {
    await app().activeUser('in-and-out@example.com');
    const { body: pair } = await logIn('in-and-out@example.com');
    const refreshed = await inParallel(5, () => post('refresh', { refresh_token: pair.refresh_token }));
    expect(new Set(refreshed.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(refreshed.map(({ body }) => body.refresh_token)).size).toBe(1);
    const { access_token: bearer, refresh_token } = refreshed[0]!.body;
    expect((await app().client.get('/people/me', { bearer })).status).toBe(200);
    expect((await post('logout', { refresh_token })).status).toBe(204);
    expect((await app().client.get('/people/me', { bearer })).status).toBe(401);
    expect((await post('refresh', { refresh_token })).status).toBe(401);
  });

  it('is refused everywhere as soon as it is disabled, and no link brings it back', async () => {
    const email = 'expelled@example.com';
    const { access_token: bearer, refresh_token } = await app().activeUser(email);
    await change(email, { enabled: false });
    expect((await app().client.get('/people/me', { bearer })).status).toBe(401);
    expect((await post('refresh', { refresh_token })).status).toBe(401);
    expect((await logIn(email)).status).toBe(401);
    const mails = app().mailbox.mails.length;
    await post('password-reset/request', { email });
    await post('activation/resend', { email });
    await app().mailIsDone();
    expect(app().mailbox.mails.length).toBe(mails);
    expect(await row(email)).toMatchObject({ enabled: false });
  });

  it('is what hooks are given, without the hash', async () => {
    given.length = 0;
    await app().activeUser('hooked@example.com');
    expect((await logIn('hooked@example.com')).status).toBe(200);
    expect(given.map(([hook, isOwnEntity]) => [hook, isOwnEntity])).toEqual([
      // The activation opens a session, and the login another.
      ['beforeActivation', true],
      ['beforeLogin', true],
      ['afterLogin', true],
      ['beforeLogin', true],
      ['afterLogin', true],
    ]);
    expect(given.flatMap(([, , properties]) => properties)).toContain('mail');
    expect(given.flatMap(([, , properties]) => properties)).not.toContain('pwd');
  });

  it('lists its devices', async () => {
    const { access_token: bearer } = await app().activeUser('devices@example.com');
    await logIn('devices@example.com');
    const { status, body } = await app().client.get('/auth/sessions', { bearer });
    expect([status, body.sessions?.length ?? body.length]).toEqual([200, 2]);
  });

  it('is edited, exported and deleted by its owner', async () => {
    const email = 'leaving@example.com';
    const { access_token: bearer } = await app().activeUser(email);
    const send = (method: string, body: object) =>
      app().client.send('/auth/me', {
        method,
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    expect((await send('PATCH', { name: 'Ann' })).body).toMatchObject({ email, name: 'Ann', is_active: true });
    expect(await row(email)).toMatchObject({ name: 'Ann' });
    const { body, text } = await app().client.get('/auth/me/export', { bearer });
    expect(body.account).toMatchObject({ mail: email, enabled: true, name: 'Ann' });
    expect(text).not.toContain('argon2');
    expect((await send('DELETE', { current_password: PASSWORD })).status).toBe(204);
    expect(await row(email)).toBeNull();
  });

  it('moves to another address by a mailed link, which the old one can undo', async () => {
    const [before, after] = ['before@example.com', 'after@example.com'];
    const { access_token: bearer } = await app().activeUser(before);
    await post('signup', { email: after, password: ATTACKERS_PASSWORD });
    const { uid } = (await row(before))!;
    const request = { new_email: after, current_password: PASSWORD };
    expect((await post('email-change/request', request, bearer)).status).toBe(202);
    const link = tokenIn(await app().mailbox.waitFor(after, 2));
    expect((await post('email-change/confirm', { token: link })).status).toBe(200);
    expect(await row(after)).toMatchObject({ uid, enabled: true });
    expect((await logIn(before)).status).toBe(401);
    const undo = tokenIn(await app().mailbox.waitFor(before, 2));
    expect((await post('email-change/undo', { token: undo })).status).toBe(200);
    expect(await row(before)).toMatchObject({ uid, enabled: true });
    expect(await row(after)).toBeNull();
  });

  it('gets a new password by a mailed link, which ends its sessions', async () => {
    const email = 'forgetful@example.com';
    const { access_token: bearer } = await app().activeUser(email);
    await post('password-reset/request', { email });
    const token = tokenIn(await app().mailbox.waitFor(email, 2));
    expect((await post('password-reset/confirm', { token, new_password: NEW_PASSWORD })).status).toBe(200);
    expect((await app().client.get('/people/me', { bearer })).status).toBe(401);
    expect((await logIn(email)).status).toBe(401);
    expect((await logIn(email, NEW_PASSWORD)).status).toBe(200);
  });

  it('gets a new password by the old one', async () => {
    const email = 'changing@example.com';
    const { access_token: bearer } = await app().activeUser(email);
    const passwords = { current_password: PASSWORD, new_password: NEW_PASSWORD };
    expect((await post('password-change', passwords, bearer)).status).toBe(204);
    expect((await logIn(email)).status).toBe(401);
    expect((await logIn(email, NEW_PASSWORD)).status).toBe(200);
  });

  it('is activated by the link of the signup that is clicked, and keeps nothing of the other', async () => {
    const email = 'victim@example.com';
    await post('signup', { email, password: ATTACKERS_PASSWORD, name: 'Mallory' });
    await app().mailbox.waitFor(email, 1);
    await post('signup', { email, password: PASSWORD });
    await post('activate', { token: tokenIn(await app().mailbox.waitFor(email, 2)) });
    expect(await row(email)).toMatchObject({ enabled: true, name: null });
    expect((await logIn(email, ATTACKERS_PASSWORD)).status).toBe(401);
    expect((await logIn(email)).status).toBe(200);
  });

  it('waits for a resent link, which is as good as the first', async () => {
    const email = 'resent@example.com';
    await post('signup', { email, password: PASSWORD });
    await app().mailbox.waitFor(email, 1);
    await post('activation/resend', { email });
    expect((await post('activate', { token: tokenIn(await app().mailbox.waitFor(email, 2)) })).status).toBe(200);
    expect((await logIn(email)).status).toBe(200);
  });

  it('refuses what is no column of its own, and its own names for the module’s', async () => {
    for (const field of ['enabled', 'pwd', 'confirmedAt', 'isActive']) {
      const { status, body } = await post('signup', { email: 'm@example.com', password: PASSWORD, [field]: true });
      expect([status, body.errors[0].field]).toEqual([400, field]);
    }
    expect(await row('m@example.com')).toBeNull();
  });

  it('shows its own time of registration, where it has one', async () => {
    const { access_token: bearer } = await app().activeUser('timed@example.com');
    const person = await row('timed@example.com');
    const registeredAt = person instanceof Person ? person.registeredAt.toISOString() : null;
    expect((await app().client.get('/auth/me', { bearer })).body.created_at).toBe(registeredAt);
  });
});

const start = (userColumns: Record<string, string> | undefined, options?: TestAppOptions['options']) =>
  createTestApp({ schema: { ...peopleSchema(false), userColumns }, options });

class Enabling extends SignupDto {
  @IsInt()
  enabled!: number;
}

describe('a mapped entity that will not do', () => {
  it('is told every column it lacks, under the name the mapping gives', async () => {
    await expect(start({ ...PERSON_COLUMNS, passwordHash: 'secret', createdAt: 'born' })).rejects.toThrow(
      /Person\.secret: is missing[^]*declare `@Column[^`]*secret!: string`[^]*Person\.born: is missing/,
    );
  });

  it('is told that the names are needed', async () => {
    await expect(start(undefined)).rejects.toThrow(
      /Person\.id: is not the primary key[^]*userColumns[^]*Person\.email: is missing/,
    );
  });

  it.each([
    ['isActive', 'mail', /Person\.mail: is not a boolean/],
    ['emailVerifiedAt', 'name', /Person\.name: is not a Date/],
    ['email', 'name', /Person\.name: is not unique/],
    ['passwordHash', 'name', /Person\.name: is too short for a password hash[^]*Person\.name: is selected by default/],
    ['updatedAt', 'registeredAt', /userColumns\.updatedAt: names the same property as createdAt/],
    ['verifiedAt', 'confirmedAt', /userColumns\.verifiedAt: is no property of an account/],
  ])('is told that %s cannot be %s', async (property, name, message) => {
    await expect(start({ ...PERSON_COLUMNS, [property]: name })).rejects.toThrow(message);
  });

  it('is told of a signup field that the mapping gives to the module', async () => {
    await expect(start({ ...PERSON_COLUMNS }, { signupDto: Enabling })).rejects.toThrow(
      /signupDto\.enabled: is set by the module alone/,
    );
  });

  it('starts once the names are right', async () => {
    const t = await start({ ...PERSON_COLUMNS });
    expect(t.dataSource.getMetadata(PersonToken).relations).toHaveLength(1);
    await t.close();
  });
});
