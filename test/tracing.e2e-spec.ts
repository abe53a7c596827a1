import { context, metrics, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type HistogramMetricData,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { AuthService } from 'nestjs-gatehouse';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tokenIn } from './support/mailbox.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const NEW_PASSWORD = 'another fine passphrase';
const WRONG = 'wrong but long enough';

const brief = ({ name, attributes, status }: ReadableSpan) => [
  name,
  attributes['gatehouse.outcome'],
  attributes['error.type'],
  status.code,
];

const ok = (name: string) => [name, 'succeeded', undefined, SpanStatusCode.UNSET];
const refused = (name: string, code: string) => [name, 'refused', code, SpanStatusCode.UNSET];

describe('spans of OpenTelemetry', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  let t: TestApp;
  const post = (path: string, body: object, bearer?: string) => t.client.post(path, body, { bearer });
  const spans = () => exporter.getFinishedSpans();
  const named = (name: string) => spans().filter((span) => span.name === name);

  beforeAll(async () => {
    trace.setGlobalTracerProvider(provider);
    t = await createTestApp();
  });
  beforeEach(() => exporter.reset());
  afterAll(async () => {
    await t.close();
    trace.disable();
    context.disable();
    await provider.shutdown();
  });

  it('tell of every flow, how it ended, and of nobody', async () => {
    const email = 'traced@example.com';
    const newEmail = 'retraced@example.com';
    const { access_token, refresh_token, user_id } = await t.activeUser(email);
    await t.mailIsDone();
    const activation = tokenIn(t.mailbox.to(email)[0]!);
    await post('/auth/activate', { token: activation });
    await post('/auth/login', { email, password: WRONG });
    const { body: login } = await post('/auth/login', { email, password: PASSWORD });
    const { body: refreshed } = await post('/auth/refresh', { refresh_token });
    await post('/auth/activation/resend', { email });
    await post('/auth/password-reset/request', { email });
    const reset = tokenIn(await t.mailbox.waitFor(email, 2));
    await post('/auth/password-reset/confirm', { token: reset, new_password: NEW_PASSWORD });
    const { body: again } = await post('/auth/login', { email, password: NEW_PASSWORD });
    const change = { current_password: NEW_PASSWORD, new_password: PASSWORD };
    await post('/auth/password-change', change, again.access_token);
    await post('/auth/email-change/request', { new_email: newEmail, current_password: PASSWORD }, again.access_token);
    await post('/auth/email-change/confirm', { token: tokenIn(await t.mailbox.waitFor(newEmail)) });
    await t.mailIsDone();
    await post('/auth/email-change/undo', { token: 'unknown' });
    const { body: last } = await post('/auth/login', { email: newEmail, password: PASSWORD });
    await post('/auth/logout', { refresh_token: last.refresh_token });
    const { body: very } = await post('/auth/login', { email: newEmail, password: PASSWORD });
    await t.client.request('PATCH', '/auth/me', { name: 'Ann' }, { bearer: very.access_token });
    await t.client.request('DELETE', '/auth/me', { current_password: PASSWORD }, { bearer: very.access_token });

    const flows = spans().filter(({ name }) => name !== 'gatehouse.mail.send');
    expect(flows.map(brief)).toEqual([
      ok('gatehouse.signup'),
      ok('gatehouse.activation'),
      refused('gatehouse.activation', 'ACTIVATION_ALREADY_DONE'),
      refused('gatehouse.login', 'LOGIN_INVALID_CREDENTIALS'),
      ok('gatehouse.login'),
      ok('gatehouse.refresh'),
      ok('gatehouse.activation.resend'),
      ok('gatehouse.password_reset.request'),
      ok('gatehouse.password_reset.confirm'),
      ok('gatehouse.login'),
      ok('gatehouse.password_change'),
      ok('gatehouse.email_change.request'),
      ok('gatehouse.email_change.confirm'),
      refused('gatehouse.email_change.undo', 'EMAIL_CHANGE_INVALID_TOKEN'),
      ok('gatehouse.login'),
      ok('gatehouse.logout'),
      ok('gatehouse.login'),
      ok('gatehouse.profile.edit'),
      ok('gatehouse.account.deletion'),
    ]);
    expect(named('gatehouse.mail.send').map(({ attributes }) => attributes['gatehouse.purpose'])).toEqual([
      'activation',
      'password-reset',
      'password-changed-notice',
      'password-changed-notice',
      'email-change',
      'email-change-undo',
    ]);
    const told = JSON.stringify(
      spans().map(({ name, attributes, events, links, status }) => [name, attributes, events, links, status]),
    );
    const people = [email, newEmail, user_id, '127.0.0.1', activation, reset, PASSWORD, WRONG, NEW_PASSWORD];
    const tokens = [access_token, refresh_token, login.access_token, refreshed.refresh_token];
    for (const secret of [...people, ...tokens]) expect(told).not.toContain(secret);
  });

  it('are there for calls of AuthService as well', async () => {
    const auth = t.app.get(AuthService);
    await expect(auth.login({ email: 'nobody@example.com', password: WRONG })).rejects.toMatchObject({
      code: 'LOGIN_INVALID_CREDENTIALS',
    });
    expect(spans().map(({ name }) => name)).toEqual(['gatehouse.login']);
  });

  it('are in error where the module failed, not where it refused', async () => {
    await t.dataSource.query('ALTER TABLE users RENAME TO elsewhere');
    expect((await post('/auth/login', { email: 'nobody@example.com', password: WRONG })).status).toBe(500);
    await t.dataSource.query('ALTER TABLE elsewhere RENAME TO users');
    expect(spans().map(brief)).toEqual([['gatehouse.login', 'failed', 'SERVICE_FAILED', SpanStatusCode.ERROR]]);
    expect(spans()[0]!.status).not.toHaveProperty('message');
    expect(spans()[0]!.events).toEqual([]);
  });

  it('tell of a mail that the server refuses, in a trace of its own', async () => {
    await t.mailbox.goDown();
    await post('/auth/signup', { email: 'unsent@example.com', password: PASSWORD });
    while (named('gatehouse.mail.send').length === 0) await new Promise(setImmediate);
    const [mail] = named('gatehouse.mail.send');
    expect(brief(mail!).slice(1, 2)).toEqual(['failed']);
    expect(mail!.parentSpanContext).toBeUndefined();
    await t.mailbox.goUp();
  });
});

describe('the histograms of OpenTelemetry', () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });

  beforeAll(() => void metrics.setGlobalMeterProvider(provider));
  afterEach(async () => {
    metrics.disable();
    await provider.shutdown();
  });

  it('measure how long a password waits for its turn and how long it takes, in seconds', async () => {
    const t = await createTestApp({ options: { hashing: { concurrency: 1, memoryKib: 19_456, timeCost: 2 } } });
    const start = performance.now();
    const logIn = () => t.client.post('/auth/login', { email: 'nobody@example.com', password: WRONG });
    await Promise.all([logIn(), logIn(), logIn(), logIn()]);
    const elapsed = (performance.now() - start) / 1000;
    await reader.forceFlush();
    const [wait, duration] = ['gatehouse.hash.wait', 'gatehouse.hash.duration'].map(
      (name) =>
        exporter
          .getMetrics()
          .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
          .find(({ descriptor }) => descriptor.name === name) as HistogramMetricData,
    ) as [HistogramMetricData, HistogramMetricData];
    expect([wait.descriptor.unit, duration.descriptor.unit]).toEqual(['s', 's']);
    const [waited, took] = [wait.dataPoints[0]!.value, duration.dataPoints[0]!.value];
    // The stand-in hash is made at start, and may be among them.
    expect(took.count).toBeGreaterThanOrEqual(4);
    expect(waited.count).toBe(took.count);
    expect(waited.max!).toBeGreaterThan(waited.min!);
    expect(took.sum!).toBeGreaterThan(waited.sum!);
    expect(waited.max!).toBeLessThan(elapsed);
    expect([...wait.dataPoints, ...duration.dataPoints].map(({ attributes }) => attributes)).toEqual([{}, {}]);
    await t.close();
  });
});
