import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { AuthThrottlerStorage, type LimitReturn, LimitStore, type LimitVerdict } from 'nestjs-gatehouse';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Returns } from '../lib/engine/limits/returns.js';
import { address, createLimitedApp, from } from './support/limited-app.js';
import { Measurements } from './support/measurements.js';
import { PASSWORD, type TestApp } from './support/test-app.js';

const WRONG = 'wrong but long enough';
const EMAIL = 'guessed@example.com';

class Broken extends LimitStore {
  override take(): Promise<LimitVerdict[]> {
    return Promise.reject(new TypeError('no counters at 10.0.0.1'));
  }
  override giveBack(_: readonly LimitReturn[]): Promise<void> {
    return Promise.resolve();
  }
}

describe('limits, as OpenTelemetry sees them', () => {
  const exporter = new InMemorySpanExporter();
  const spans = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  let measured: Measurements;
  let t: TestApp;
  const start = async (choice: Parameters<typeof createLimitedApp>[0]) => {
    t = await createLimitedApp(choice);
    t.clock.stopAt(new Date(Date.UTC(2026, 0, 1)));
  };
  const guess = (ip = address(1), email = EMAIL) => t.client.post('/auth/login', { email, password: WRONG }, from(ip));

  beforeEach(() => {
    measured = new Measurements();
    trace.setGlobalTracerProvider(spans);
    exporter.reset();
  });
  afterEach(async () => {
    await t.close();
    await measured.stop();
    trace.disable();
    context.disable();
  });

  it('count tries by rule, and what became of them', async () => {
    await start({ limits: { loginTries: 2, loginPerAddress: 4 } });
    for (let tries = 0; tries < 3; tries++) await guess();
    expect(await measured.of('gatehouse.limit.tries')).toEqual({
      'login-address allowed': 3,
      'login allowed': 2,
      'login refused': 1,
    });
    // The refused one was given back to its network, which may try twice more.
    for (const name of ['a', 'b', 'c']) await guess(address(1), `${name}@example.com`);
    expect(await measured.of('gatehouse.limit.tries')).toEqual({
      'login-address allowed': 5,
      'login-address refused': 1,
      'login allowed': 4,
      'login refused': 1,
    });
    // Waits are events, once for each.
    expect(await measured.of('gatehouse.events')).toMatchObject({
      'authn_login_lock login': 1,
      'rate_limit_exceeded login-address': 1,
    });
  });

  it('count mails and bad tokens', async () => {
    await start({ limits: { mailsPerMailbox: 3, mailsPerAddress: 5, tokensPerAddress: 2 } });
    for (let mails = 0; mails < 4; mails++) {
      await t.client.post('/auth/activation/resend', { email: EMAIL }, from(address(1)));
    }
    for (let tokens = 0; tokens < 4; tokens++) {
      await t.client.post('/auth/activate', { token: 'x'.repeat(64) }, from(address(2)));
    }
    expect(await measured.of('gatehouse.limit.tries')).toEqual({
      'mail-address allowed': 4,
      'mailbox allowed': 2,
      'mailbox refused': 2,
      'token-address allowed': 2,
      'token-address refused': 2,
    });
  });

  it('tell what would be refused, where they only observe', async () => {
    await start({ limits: { mode: 'observe', loginTries: 1 } });
    expect([(await guess()).status, (await guess()).status]).toEqual([401, 401]);
    expect(await measured.of('gatehouse.limit.tries')).toEqual({
      'login-address allowed': 2,
      'login allowed': 1,
      'login observed': 1,
    });
  });

  it('count what the application limits by itself', async () => {
    await start({});
    const storage = t.app.get(AuthThrottlerStorage);
    for (let hit = 0; hit < 3; hit++) await storage.increment('key', 1000, 2, 0, 'short');
    expect(await measured.of('gatehouse.limit.tries')).toEqual({ 'throttler allowed': 2, 'throttler refused': 1 });
    expect(await measured.of('gatehouse.limit.store.duration')).toEqual({ throttle: 3 });
  });

  it('measure their store, and whether it fails', async () => {
    await start({ options: { limitStore: new Broken() } });
    expect((await guess()).status).toBe(503);
    await t.client.post('/auth/activate', { token: 'x'.repeat(64) }, from(address(1)));
    expect(await measured.of('gatehouse.limit.store.duration')).toEqual({ 'take TypeError': 2 });
    // Nothing was counted.
    expect(await measured.of('gatehouse.limit.tries')).toEqual({});
    expect(await measured.of('gatehouse.operation.duration')).toMatchObject({
      'limit.check failed SERVICE_UNAVAILABLE': 1,
      'login failed SERVICE_UNAVAILABLE': 1,
    });
  });

  it('measure what a success gives back', async () => {
    await start({});
    await t.activeUser(EMAIL);
    await t.client.post('/auth/login', { email: EMAIL, password: PASSWORD }, from(address(1)));
    await t.app.get(Returns, { strict: false }).send();
    // The signup's network and mailbox, and the login's network and account, are a question each.
    expect(await measured.of('gatehouse.limit.store.duration')).toMatchObject({ take: 2 });
    expect((await measured.of('gatehouse.limit.store.duration'))['give_back']).toBeGreaterThan(0);
  });

  it('are spans with the names of the rules, and of nobody', async () => {
    await start({ limits: { loginTries: 1 } });
    for (let tries = 0; tries < 2; tries++) await guess();
    await t.client.post('/auth/activation/resend', { email: EMAIL }, from(address(1)));
    await t.client.post('/auth/activate', { token: 'x'.repeat(64) }, from(address(1)));
    const checks = exporter.getFinishedSpans().filter(({ name }) => name === 'gatehouse.limit.check');
    const brief = checks.map(({ attributes, status }) => [
      attributes['gatehouse.limit.rules'],
      attributes['gatehouse.outcome'],
      attributes['gatehouse.limit.rule'],
      status.code,
    ]);
    const { UNSET } = SpanStatusCode;
    expect(brief).toEqual([
      [['login-address', 'login'], 'succeeded', undefined, UNSET],
      [['login-address', 'login'], 'refused', 'login', UNSET],
      [['mail-address', 'mailbox'], 'succeeded', undefined, UNSET],
      [['token-address'], 'succeeded', undefined, UNSET],
    ]);
    // The login says by which rule as well.
    const logins = exporter.getFinishedSpans().filter(({ name }) => name === 'gatehouse.login');
    expect(logins.map(({ attributes }) => attributes['gatehouse.limit.rule'])).toEqual([undefined, 'login']);
    const rows = await t.dataSource.query<{ id: string }[]>('SELECT id FROM auth_limits');
    const told = JSON.stringify([
      exporter.getFinishedSpans().map(({ name, attributes, events }) => [name, attributes, events]),
      (await measured.all()).map(({ dataPoints }) => dataPoints.map(({ attributes }) => attributes)),
    ]);
    expect(rows.length).toBeGreaterThan(3);
    for (const secret of [EMAIL, address(1), ...rows.map(({ id }) => id.split(':')[1]!)]) {
      expect(told).not.toContain(secret);
    }
  });
});
