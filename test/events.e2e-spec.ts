import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  type AuthEvent,
  type AuthEventName,
  type AuthEvents,
  AuthError,
  AuthHooks,
  authEventTable,
  BaseAuthEvent,
} from 'nestjs-gatehouse';
import { Entity } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { inParallel } from './support/client.js';
import { claimsOf } from './support/jwt.js';
import { tokenIn } from './support/mailbox.js';
import { changeUser, userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp, type TestAppOptions } from './support/test-app.js';
import { stacks } from './support/stacks.js';

const NEW_PASSWORD = 'another fine passphrase';
const WRONG = 'wrong but long enough';

@Entity('auth_events')
class AuthEventRow extends BaseAuthEvent {}

/** What an application hears. */
@Injectable()
class Listener {
  static heard: AuthEvent[] = [];

  @OnEvent('auth.*')
  on(event: AuthEvents[keyof AuthEvents]) {
    Listener.heard.push(event);
  }
}

function createAudited(choice: TestAppOptions = {}): Promise<TestApp> {
  const options = { ...choice.options, eventEntity: AuthEventRow };
  return createTestApp({
    ...choice,
    options,
    entities: [AuthEventRow],
    moreTables: (runner) => runner.createTable(authEventTable(runner, { name: 'auth_events' })),
  });
}

const trail = (t: TestApp, userId?: unknown) =>
  t.dataSource.getRepository(AuthEventRow).find({
    where: userId === undefined ? {} : { userId: String(userId) },
    order: { id: 'ASC' },
  });

/** Waits until the worker has written down every mail that arrived. */
async function mailIsKept(t: TestApp): Promise<void> {
  const kept = () => t.dataSource.getRepository(AuthEventRow).countBy({ event: 'mail_sent' });
  while ((await kept()) < t.mailbox.mails.length) await nextTurn();
}

const names = (events: { event: AuthEventName }[]) => events.map(({ event }) => event);

describe.each(stacks())('the audit trail on $database, integer keys: $integerKeys', (stack) => {
  let t: TestApp;
  const post = (path: string, body: object, bearer?: string) => t.client.post(path, body, { bearer });
  const logIn = (email: string, password = PASSWORD) => post('/auth/login', { email, password });

  beforeAll(async () => void (t = await createAudited(stack)));
  afterAll(() => t.close());

  it('keeps the life of an account, in order, with who, when and where, and no secret or address', async () => {
    const email = 'life@example.com';
    const first = await t.activeUser(email);
    const { body } = await logIn(email);
    await logIn(email, WRONG);
    await post('/auth/refresh', { refresh_token: body.refresh_token });
    await post('/auth/password-change', { current_password: WRONG, new_password: NEW_PASSWORD }, body.access_token);
    await post('/auth/password-change', { current_password: PASSWORD, new_password: NEW_PASSWORD }, body.access_token);
    await post('/auth/logout', {}, body.access_token);
    await t.mailIsDone();
    const { id, passwordHash } = (await userRow(t, email))!;
    const rows = await trail(t, id);
    expect(names(rows).filter((event) => event !== 'mail_sent')).toEqual([
      'user_created',
      'user_activated',
      'session_created',
      'authn_login_success',
      'authn_login_fail',
      'authn_password_change_fail',
      'authn_password_change',
      'session_expired',
    ]);
    expect(rows.find(({ event }) => event === 'authn_login_success')).toMatchObject({
      level: 'INFO',
      ip: '127.0.0.1',
      sessionId: claimsOf(body.access_token)['sid'],
      occurredAt: expect.any(Date),
    });
    expect(rows.find(({ event }) => event === 'authn_password_change_fail')!.level).toBe('CRITICAL');
    const text = JSON.stringify(await trail(t));
    for (const secret of [email, PASSWORD, WRONG, NEW_PASSWORD, passwordHash, first.access_token, body.refresh_token]) {
      expect(text).not.toContain(secret);
    }
  });

  it('does the same for every login that fails, and tells only the operator why', async () => {
    await t.activeUser('known@example.com');
    await t.activeUser('gone@example.com');
    await changeUser(t, 'gone@example.com', { isActive: false });
    await mailIsKept(t);
    const before = (await trail(t)).length;
    const statements = [];
    for (const email of ['known@example.com', 'gone@example.com', 'nobody@example.com']) {
      statements.push(await t.statements.during(() => logIn(email, WRONG)));
    }
    const rows = (await trail(t)).slice(before).filter(({ event }) => event === 'authn_login_fail');
    expect(rows.map(({ detail }) => detail.reason)).toEqual(['password', 'inactive', 'unknown']);
    expect(rows.map(({ userId }) => userId === null)).toEqual([false, false, true]);
    // Who tries one unknown address again and again can be seen, and the address cannot.
    await logIn('nobody@example.com', WRONG);
    await logIn('somebody@example.com', WRONG);
    const failed = (await trail(t)).slice(before).map(({ detail }) => detail.pseudonym);
    expect(failed.slice(0, 2)).toEqual([undefined, undefined]);
    expect(failed[2]).toMatch(/^[\w-]{43}$/);
    expect(failed[3]).toBe(failed[2]);
    expect(failed[4]).not.toBe(failed[2]);
    // The worker may look for owed mail at any time.
    const ofLogins = statements.map((each) => each.filter((sql) => !/mail_due_at\W+<=/.test(sql)));
    for (const each of ofLogins) expect(each.map((sql) => /^\w+/.exec(sql)![0])).toEqual(['SELECT', 'INSERT']);
  });

  it('notes a replayed refresh token once, however often it comes', async () => {
    const { refresh_token } = await t.activeUser('replay@example.com');
    await post('/auth/refresh', { refresh_token });
    t.clock.advance({ seconds: 60 });
    await inParallel(20, () => post('/auth/refresh', { refresh_token }));
    const { id } = (await userRow(t, 'replay@example.com'))!;
    const reuse = (await trail(t, id)).filter(({ event }) => event === 'authn_token_reuse');
    expect(reuse).toHaveLength(1);
    expect(reuse[0]).toMatchObject({ level: 'CRITICAL', sessionId: expect.any(String) });
  });

  it('notes every link that is given out, and a change of address, without an address', async () => {
    const email = 'linked@example.com';
    const newEmail = 'relinked@example.com';
    await post('/auth/signup', { email, password: PASSWORD });
    await post('/auth/activation/resend', { email });
    await post('/auth/signup', { email, password: PASSWORD });
    await post('/auth/password-reset/request', { email });
    await post('/auth/password-reset/request', { email: 'nobody@example.com' });
    const token = tokenIn(await t.mailbox.waitFor(email));
    const { access_token: bearer } = (await post('/auth/activate', { token })).body;
    await t.mailIsDone();
    await post('/auth/email-change/request', { new_email: newEmail, current_password: WRONG }, bearer);
    await post('/auth/email-change/request', { new_email: newEmail, current_password: PASSWORD }, bearer);
    await post('/auth/email-change/confirm', { token: tokenIn(await t.mailbox.waitFor(newEmail)) });
    await t.mailIsDone();
    const undo = tokenIn(t.mailbox.to(email).at(-1)!);
    expect((await post('/auth/email-change/undo', { token: undo })).status).toBe(200);
    const { id } = (await userRow(t, email))!;
    const rows = (await trail(t, id)).filter(({ event }) => event !== 'mail_sent');
    expect(rows.map(({ event, detail: { reason, purpose } }) => [event, reason, purpose])).toEqual([
      ['user_created', undefined, undefined],
      ['authn_token_created', 'signup', 'activation'],
      ['user_activated', 'activation', undefined],
      ['session_created', 'activation', undefined],
      ['authn_reauthentication_fail', 'email-change', undefined],
      ['authn_token_created', 'email-change', 'email-change'],
      ['user_updated', 'email-change', undefined],
      ['authn_token_created', 'email-change-undo', 'password-reset'],
      ['user_updated', 'email-change-undo', undefined],
    ]);
    expect(rows.every(({ ip }) => ip === '127.0.0.1')).toBe(true);
    // Nobody looks up whose the address is: one pseudonym for both, and no event for the address without an account.
    const byAddress = (await trail(t)).filter(
      ({ event, userId, detail }) => event === 'authn_token_created' && userId === null && detail.pseudonym,
    );
    expect(byAddress.map(({ detail: { reason } }) => reason)).toEqual(['activation-resend', 'password-reset']);
    expect(new Set(byAddress.map(({ detail: { pseudonym } }) => pseudonym)).size).toBe(1);
    const text = JSON.stringify(await trail(t));
    for (const secret of [email, newEmail, token, undo]) expect(text).not.toContain(secret);
  });

  it('names the columns of an edit, never what is in them, and keeps nothing of an edit that fails', async () => {
    const email = 'edited@example.com';
    const { access_token: bearer } = await t.activeUser(email);
    const { id } = (await userRow(t, email))!;
    const edit = (body: object) => t.client.request('PATCH', '/auth/me', body, { bearer });
    expect((await edit({ name: 'Wilhelmina' })).status).toBe(200);
    expect((await edit({ isActive: false })).status).toBe(400);
    expect((await edit({})).status).toBe(200);
    const edits = (await trail(t, id)).filter(({ event }) => event === 'user_updated');
    expect(edits).toMatchObject([{ level: 'WARN', ip: '127.0.0.1', detail: { attributes: ['name'] } }]);
    expect(JSON.stringify(edits)).not.toContain('Wilhelmina');
  });

  it('outlives the account, and says who deleted it, and who tried without the password', async () => {
    const email = 'deleted@example.com';
    const { access_token: bearer } = await t.activeUser(email);
    await mailIsKept(t);
    const { id } = (await userRow(t, email))!;
    const remove = (current_password: string) =>
      t.client.request('DELETE', '/auth/me', { current_password }, { bearer });
    expect([(await remove(WRONG)).status, (await remove(PASSWORD)).status]).toEqual([400, 204]);
    const rows = await trail(t, id);
    expect(names(rows).filter((event) => event !== 'mail_sent')).toEqual([
      'user_created',
      'user_activated',
      'session_created',
      'authn_reauthentication_fail',
      'user_deleted',
    ]);
    expect(rows.at(-2)).toMatchObject({ level: 'CRITICAL', detail: { reason: 'account-deletion' } });
    expect(rows.at(-1)).toMatchObject({ level: 'WARN', ip: '127.0.0.1', userId: String(id) });
  });
});

describe('an audit trail whose table is away', () => {
  it('fails what is one transaction with it, and nothing else, and says so', async () => {
    const t = await createAudited();
    await t.activeUser('before@example.com');
    await t.mailIsDone();
    await t.dataSource.query('ALTER TABLE auth_events RENAME TO elsewhere');
    const login = await t.client.post('/auth/login', { email: 'before@example.com', password: PASSWORD });
    expect(login.status).toBe(200);
    expect(t.logs.lines.some((line) => line.includes('not kept: authn_login_success'))).toBe(true);
    expect((await t.client.post('/auth/signup', { email: 'after@example.com', password: PASSWORD })).status).toBe(500);
    expect(await userRow(t, 'after@example.com')).toBeNull();
    await t.close();
  });
});

describe('sessions that a hook refuses', () => {
  @Injectable()
  class Refusing extends AuthHooks {
    static refuses = true;
    override beforeLogin() {
      if (Refusing.refuses) throw new AuthError('LOGIN_REFUSED');
    }
  }

  it('are told of, and what was done nevertheless', async () => {
    const t = await createAudited({ options: { hooks: Refusing } });
    const email = 'refused@example.com';
    await t.activeUser(email);
    await t.client.post('/auth/login', { email, password: PASSWORD });
    Refusing.refuses = false;
    const { refresh_token } = (await t.client.post('/auth/login', { email, password: PASSWORD })).body;
    Refusing.refuses = true;
    for (let time = 0; time < 2; time++) await t.client.post('/auth/refresh', { refresh_token });
    const rows = await trail(t, (await userRow(t, email))!.id);
    expect(
      rows.filter(({ event }) => event !== 'mail_sent').map(({ event, detail }) => [event, detail.reason]),
    ).toEqual([
      ['user_created', undefined],
      ['user_activated', 'activation'],
      ['authn_login_fail', 'refused'],
      ['authn_login_fail', 'refused'],
      ['authn_login_success', undefined],
      ['session_expired', 'refused'],
    ]);
    await t.close();
  });
});

describe('a session that is one too many', () => {
  it('is told of once, with the device that has signed in', async () => {
    const t = await createAudited({ options: { session: { maxPerAccount: 1 } } });
    const email = 'limited@example.com';
    const { access_token } = await t.activeUser(email);
    t.clock.advance({ seconds: 1 });
    const headers = { 'user-agent': 'the new device' };
    await t.client.post('/auth/login', { email, password: PASSWORD }, { headers });
    const rows = await trail(t, (await userRow(t, email))!.id);
    expect(rows.filter(({ event }) => event === 'session_expired')).toMatchObject([
      { sessionId: claimsOf(access_token)['sid'], userAgent: 'the new device', detail: { reason: 'limit' } },
    ]);
    await t.close();
  });
});

describe('level basic', () => {
  @Injectable()
  class Bans extends AuthHooks {
    static told: string[] = [];
    override beforeLogin() {
      Bans.told.push('beforeLogin');
    }
    override afterLogin() {
      Bans.told.push('afterLogin');
    }
    override afterActivation() {
      Bans.told.push('afterActivation');
    }
    override accessClaims() {
      return { plan: 'free' };
    }
  }

  it('has hooks, events and the audit trail as well', async () => {
    const t = await createAudited({ level: 'basic', options: { hooks: Bans } });
    const email = 'basic@example.com';
    const { body } = await t.client.post('/auth/signup', { email, password: PASSWORD });
    const login = await t.client.post('/auth/login', { email, password: PASSWORD });
    await t.client.post('/auth/login', { email, password: WRONG });
    await t.client.request('PATCH', '/auth/me', { name: 'Ann' }, { bearer: login.body.access_token });
    expect(claimsOf(login.body.access_token)).toMatchObject({ plan: 'free' });
    const signIn = ['beforeLogin', 'afterLogin'];
    expect(Bans.told).toEqual(['afterActivation', ...signIn, ...signIn]);
    expect(names(await trail(t, body.user_id))).toEqual([
      'user_created',
      'user_activated',
      'authn_login_success',
      'authn_login_fail',
      'user_updated',
    ]);
    await t.close();
  });
});

describe('events for listeners', () => {
  @Injectable()
  class Undoing extends AuthHooks {
    override afterSignup() {
      throw new AuthError('SIGNUP_REFUSED');
    }
  }

  beforeEach(() => void (Listener.heard = []));

  it('come after the commit, typed, and a listener that fails disturbs nobody', async () => {
    const imports = [EventEmitterModule.forRoot({ wildcard: true })];
    const t = await createTestApp({ imports, providers: [Listener] });
    t.app.get(EventEmitter2).on('auth.session_created', () => {
      throw new Error('a bug of a listener');
    });
    const { refresh_token } = await t.activeUser('heard@example.com');
    expect((await t.client.post('/auth/refresh', { refresh_token })).status).toBe(200);
    await t.mailIsDone();
    // As with any emitter, whoever listens after the one that throws does not hear of that event.
    expect(new Set(names(Listener.heard))).toEqual(
      new Set(['user_created', 'mail_sent', 'user_activated', 'session_renewed']),
    );
    expect(t.logs.lines.some((line) => line.includes('a listener of session_created failed'))).toBe(true);
    await t.close();
  });

  it('never tell of what was rolled back', async () => {
    const imports = [EventEmitterModule.forRoot({ wildcard: true })];
    const t = await createTestApp({ imports, providers: [Listener], options: { hooks: Undoing } });
    expect((await t.client.post('/auth/signup', { email: 'undone@example.com', password: PASSWORD })).status).toBe(403);
    expect(Listener.heard).toEqual([]);
    await t.close();
  });
});

describe('the counter of OpenTelemetry', () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });

  beforeAll(() => void metrics.setGlobalMeterProvider(provider));
  afterAll(async () => {
    metrics.disable();
    await provider.shutdown();
  });

  it('counts by event and reason, and never by person', async () => {
    const t = await createTestApp();
    await t.activeUser('counted@example.com');
    const logIn = (email: string, password: string) => t.client.post('/auth/login', { email, password });
    await logIn('counted@example.com', PASSWORD);
    await logIn('counted@example.com', WRONG);
    await logIn('nobody@example.com', WRONG);
    await logIn('nobody@example.com', WRONG);
    await reader.forceFlush();
    const metric = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap((scope) => scope.metrics)
      .find(({ descriptor }) => descriptor.name === 'gatehouse.events')!;
    const count = (event: string, reason?: string) =>
      metric.dataPoints.find(
        ({ attributes }) => attributes['gatehouse.event'] === event && attributes['gatehouse.reason'] === reason,
      )?.value;
    expect(count('authn_login_success')).toBe(1);
    expect(count('authn_login_fail', 'password')).toBe(1);
    expect(count('authn_login_fail', 'unknown')).toBe(2);
    const keys = new Set(metric.dataPoints.flatMap(({ attributes }) => Object.keys(attributes)));
    expect([...keys].toSorted()).toEqual(['gatehouse.event', 'gatehouse.purpose', 'gatehouse.reason']);
    await t.close();
  });
});
