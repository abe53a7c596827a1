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
import { changeUser, userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp, type TestAppOptions } from './support/test-app.js';
import { variants } from './support/variants.js';

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

async function createAudited(choice: TestAppOptions = {}): Promise<TestApp> {
  const options = { ...choice.options, eventEntity: AuthEventRow };
  const t = await createTestApp({ ...choice, options, entities: [AuthEventRow] });
  const runner = t.dataSource.createQueryRunner();
  await runner.createTable(authEventTable(runner, { name: 'auth_events' }));
  await runner.release();
  return t;
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

describe.each(variants())('the audit trail on $database, integer keys: $integerKeys', (variant) => {
  let t: TestApp;
  const post = (path: string, body: object, bearer?: string) => t.client.post(path, body, { bearer });
  const logIn = (email: string, password = PASSWORD) => post('/auth/login', { email, password });

  beforeAll(async () => void (t = await createAudited(variant)));
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
    for (const each of statements) expect(each.map((sql) => /^\w+/.exec(sql)![0])).toEqual(['SELECT', 'INSERT']);
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

  it('outlives the account', async () => {
    await t.activeUser('deleted@example.com');
    await mailIsKept(t);
    const { id } = (await userRow(t, 'deleted@example.com'))!;
    const before = names(await trail(t, id));
    await t.dataSource.query(`DELETE FROM users WHERE email = 'deleted@example.com'`);
    expect(names(await trail(t, id))).toEqual(before);
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
