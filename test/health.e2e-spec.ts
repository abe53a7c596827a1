import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import {
  AuthHealthIndicator,
  type HealthThresholds,
  LimitStore,
  type LimitVerdict,
  RedisLimits,
} from 'nestjs-gatehouse';
import { Redis } from 'ioredis';
import type { DataSourceOptions } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { createDatabase, describeOnServers } from './support/databases.js';
import { from } from './support/limited-app.js';
import { signUp, wake } from './support/owed-mail.js';
import { stacks } from './support/stacks.js';
import { createFourTables, opened, withFourEntities } from './support/starting-app.js';
import { TcpProxy } from './support/tcp-proxy.js';
import { createTestApp, PASSWORD, type TestApp, type TestAppOptions } from './support/test-app.js';

const SMTP = { username: 'mailer', password: 'smtp-password-of-the-test' };

/** As an application has it; the thresholds are the test's. */
@Controller('health')
class HealthController {
  static thresholds: HealthThresholds = {};

  constructor(
    private readonly health: HealthCheckService,
    private readonly auth: AuthHealthIndicator,
  ) {}

  @HealthCheck()
  @Get()
  check() {
    return this.health.check([() => this.auth.check(HealthController.thresholds)]);
  }
}

/** Whatever was answered to anybody who asked, for the last test of this file. */
const answers: string[] = [];

const INDICATORS = ['auth_database', 'auth_tables', 'auth_mail', 'auth_limits', 'auth_proxy'];

function withHealth(choice: TestAppOptions = {}): Promise<TestApp> {
  HealthController.thresholds = {};
  const options = { limits: { mode: 'on' as const }, ...choice.options };
  const four = withFourEntities({ ...choice, options });
  return createTestApp({ ...four, imports: [TerminusModule], controllers: [HealthController] });
}

/** Status, overall state, and what is not up. */
async function ask(t: TestApp) {
  const { status, body, text } = await t.client.get('/health');
  answers.push(text);
  const details = body.details as Record<string, { status: string; message?: string }>;
  expect(Object.keys(details).toSorted()).toEqual(INDICATORS.toSorted());
  const ill = Object.entries(details).filter(([, state]) => state.status !== 'up');
  for (const [, { message }] of ill) expect(message).toMatch(/^[a-z].{10,}/);
  return { status, state: body.status as string, ill: ill.map(([name, state]) => `${name} ${state.status}`), details };
}

const WELL = { status: 200, state: 'ok', ill: [] };

describe.each(stacks())('/health on $database with $adapter', ({ database, adapter }) => {
  let t: TestApp;
  beforeAll(async () => {
    t = await withHealth({ database, adapter, options: { smtp: SMTP } });
  });
  afterAll(() => t.close());

  it('says that all is well, and no figure of anybody', async () => {
    await t.activeUser('well@example.com');
    await t.mailIsDone();
    expect(await ask(t)).toMatchObject({ ...WELL, details: { auth_mail: { owed: 0, oldest_seconds: null } } });
  });

  it('reads and writes nothing of anybody but for counting mail, in one statement for each table and one more', async () => {
    const statements = await t.statements.during(() => ask(t));
    expect(statements.filter((sql) => !sql.endsWith('WHERE 1 = 0'))).toEqual([expect.stringMatching(/^SELECT COUNT/)]);
    // Users, tokens and counters; the audit trail is never read.
    expect(statements).toHaveLength(4);
  });

  it('is degraded, with 200, while mail waits, by number and by age, until it is sent', async () => {
    await t.mailbox.goDown();
    for (const name of ['one', 'two', 'three']) await signUp(t, `${name}@backlog.example`);
    expect(await ask(t)).toMatchObject({ ...WELL, details: { auth_mail: { owed: 3 } } });
    HealthController.thresholds = { mostOwedMails: 2 };
    const many = await ask(t);
    expect(many).toMatchObject({ status: 200, state: 'degraded', ill: ['auth_mail degraded'] });
    expect(many.details['auth_mail']!.message).toContain('many mails wait');
    HealthController.thresholds = {};
    t.clock.advance({ seconds: 899 - 30 });
    expect(await ask(t)).toMatchObject(WELL);
    t.clock.advance({ seconds: 60 });
    const late = await ask(t);
    expect(late).toMatchObject({ status: 200, state: 'degraded', ill: ['auth_mail degraded'] });
    expect(late.details).toMatchObject({ auth_mail: { message: expect.stringContaining('has waited for long') } });
    HealthController.thresholds = { oldestOwedMailSeconds: 3600 };
    expect(await ask(t)).toMatchObject(WELL);
    HealthController.thresholds = {};
    await t.mailbox.goUp();
    t.clock.advance({ seconds: 7200 });
    wake(t);
    await t.mailIsDone();
    expect(await ask(t)).toMatchObject(WELL);
  });

  const rename = (now: string, then: string) => t.dataSource.query(`ALTER TABLE ${now} RENAME TO ${then}`);

  it('is degraded, with 200, while the table of the limits is away: most of the application goes on', async () => {
    await rename('auth_limits', 'elsewhere');
    expect(await ask(t)).toMatchObject({ status: 200, state: 'degraded', ill: ['auth_limits degraded'] });
    await rename('elsewhere', 'auth_limits');
    expect(await ask(t)).toMatchObject(WELL);
  });

  it('is down while a table, or a column of it, is away, which the log names once', async () => {
    await rename('user_tokens', 'elsewhere');
    const gone = await ask(t);
    expect([gone.status, gone.state]).toEqual([503, 'error']);
    expect(gone.ill).toContain('auth_tables down');
    expect(gone.details['auth_database']).toEqual({ status: 'up' });
    await ask(t);
    expect(t.logs.lines.filter((line) => line.startsWith('UserToken: has no table'))).toHaveLength(1);
    await rename('elsewhere', 'user_tokens');
    expect(await ask(t)).toMatchObject(WELL);
    await t.dataSource.query('ALTER TABLE users RENAME COLUMN name TO other_name');
    expect(await ask(t)).toMatchObject({ status: 503, ill: expect.arrayContaining(['auth_tables down']) });
    expect(t.logs.lines.filter((line) => line.startsWith('User.name: has no column name'))).toHaveLength(1);
    await t.dataSource.query('ALTER TABLE users RENAME COLUMN other_name TO name');
    expect(await ask(t)).toMatchObject(WELL);
  });

  it('is degraded behind a proxy that the adapter was not told of, until an hour after the last such request', async () => {
    const { status } = await t.client.post(
      '/auth/login',
      { email: 'x@example.com', password: PASSWORD },
      from('198.51.100.1'),
    );
    expect(status).toBe(401);
    const behind = await ask(t);
    expect(behind).toMatchObject({ status: 200, state: 'degraded', ill: ['auth_proxy degraded'] });
    expect(behind.details['auth_proxy']!.message).toContain('trustProxy of Fastify');
    t.clock.advance({ seconds: 3601 });
    expect(await ask(t)).toMatchObject(WELL);
  });

  it('is down while the data source is closed, and up when it is open again', async () => {
    await t.dataSource.destroy();
    const away = await ask(t);
    expect(away.status).toBe(503);
    expect(away.ill).toEqual(
      expect.arrayContaining(['auth_database down', 'auth_tables degraded', 'auth_mail degraded']),
    );
    expect(away.details['auth_mail']).toMatchObject({ owed: null, oldest_seconds: null });
    await t.dataSource.initialize();
    expect(await ask(t)).toMatchObject(WELL);
  });
});

const PORTS = { postgres: 5432, mariadb: 3306 } as const;

describeOnServers('/health when %s is cut off', (kind) => {
  it('is down within its time-out, and up again by itself', async () => {
    const database = await createDatabase(kind);
    const url = new URL(database.url);
    const port = Number(url.port || PORTS[kind as keyof typeof PORTS]);
    const proxy = await new TcpProxy({ host: url.hostname, port }).open();
    url.host = `127.0.0.1:${proxy.port}`;
    const through = opened(database, { url: url.href });
    const t = await withHealth({
      on: { ...database, options: through.options as DataSourceOptions },
      ...(await tablesOn(database)),
    });
    try {
      expect(await ask(t)).toMatchObject(WELL);
      await proxy.shut();
      const away = await ask(t);
      expect([away.status, away.details['auth_database']!.status]).toEqual([503, 'down']);
      await proxy.open();
      await expect.poll(async () => (await ask(t)).status, { timeout: 20_000, interval: 200 }).toBe(200);
    } finally {
      await t.close();
      await proxy.shut();
      await database.drop();
    }
  });
});

/** The tables of an application that is to find them. */
async function tablesOn(database: Awaited<ReturnType<typeof createDatabase>>): Promise<TestAppOptions> {
  const { DataSource } = await import('typeorm');
  const source = await new DataSource(database.options).initialize();
  await createFourTables(source.createQueryRunner());
  await source.destroy();
  return {};
}

/** A limit store that does what a test says. */
class Moody extends LimitStore {
  asked = 0;
  mood: 'well' | 'dead' | 'hanging' = 'well';

  take(keys: readonly unknown[]): Promise<LimitVerdict[]> {
    return this.answer(keys.map(() => ({ isAllowed: true, tries: 1, waitMs: 0 })));
  }
  giveBack(): Promise<void> {
    this.asked++;
    return this.answer(undefined);
  }
  private answer<T>(value: T): Promise<T> {
    if (this.mood === 'dead') return Promise.reject(new Error('redis://:secret@limits.internal:6379 is away'));
    return this.mood === 'well' ? Promise.resolve(value) : new Promise(() => undefined);
  }
}

describe('/health with a limit store', () => {
  let t: TestApp;
  afterEach(() => t.close());

  it('that is dead is degraded, as everything but logins goes on; and says no more than that', async () => {
    const store = new Moody();
    t = await withHealth({ options: { limitStore: store, limits: { mode: 'on' } } });
    expect(await ask(t)).toMatchObject(WELL);
    store.mood = 'dead';
    const dead = await ask(t);
    expect(dead).toMatchObject({ status: 200, state: 'degraded', ill: ['auth_limits degraded'] });
    expect(dead.details['auth_limits']!.message).toContain('503');
    expect(dead.details['auth_limits']!.message).not.toContain('secret');
    expect((await t.client.post('/auth/login', { email: 'x@example.com', password: PASSWORD })).status).toBe(503);
    store.mood = 'well';
    expect(await ask(t)).toMatchObject(WELL);
  });

  it('that hangs is degraded after the time-out, and is not asked again and again meanwhile', async () => {
    const store = new Moody();
    t = await withHealth({ options: { limitStore: store, limits: { mode: 'on' } } });
    HealthController.thresholds = { timeoutMs: 100 };
    store.mood = 'hanging';
    const asking = Array.from({ length: 50 }, () => ask(t));
    for (const { details } of [...(await Promise.all(asking)), await ask(t)]) {
      expect(details['auth_limits']!.message).toContain('did not answer within 100 ms');
    }
    expect(store.asked).toBe(1);
  });

  it('is not asked where limits are off', async () => {
    const store = new Moody();
    t = await withHealth({ options: { limitStore: store, limits: { mode: 'off' } } });
    store.mood = 'dead';
    expect(await ask(t)).toMatchObject(WELL);
    expect(store.asked).toBe(0);
  });

  it.skipIf(!inject('legs').available.includes('redis'))('in Redis, which is cut off and comes back', async () => {
    const url = new URL(process.env['TEST_REDIS_URL'] ?? 'redis://127.0.0.1:6379');
    const proxy = await new TcpProxy({ host: url.hostname, port: Number(url.port || 6379) }).open();
    const client = new Redis({ host: '127.0.0.1', port: proxy.port, retryStrategy: () => 100 });
    client.on('error', () => undefined);
    t = await withHealth({ options: { limitStore: new RedisLimits(client), limits: { mode: 'on' } } });
    HealthController.thresholds = { timeoutMs: 1000 };
    try {
      expect(await ask(t)).toMatchObject(WELL);
      await proxy.shut();
      expect(await ask(t)).toMatchObject({ status: 200, ill: ['auth_limits degraded'] });
      await proxy.open();
      await expect.poll(async () => (await ask(t)).ill, { timeout: 20_000, interval: 200 }).toEqual([]);
    } finally {
      client.disconnect();
      await proxy.shut();
    }
  });
});

describe('what is known of health', () => {
  it('is there without Terminus, and at level basic, which owes no mail', async () => {
    const t = await createTestApp({ level: 'basic', options: { limits: { mode: 'on' } } });
    expect(await t.app.get(AuthHealthIndicator, { strict: false }).check()).toEqual({
      auth_database: { status: 'up' },
      auth_tables: { status: 'up' },
      auth_mail: { status: 'up', owed: 0, oldest_seconds: null },
      auth_limits: { status: 'up' },
      auth_proxy: { status: 'up' },
    });
    await t.close();
  });
});

it('never tells who has an account, where things are, or how to get in', () => {
  const said = answers.join('\n');
  expect(answers.length).toBeGreaterThan(10);
  expect(said).not.toMatch(
    /@|127\.0\.0\.1|localhost|:\/\/|mailer|password-of|unit-tests-only|gatehouse_|users|user_tokens/,
  );
  expect(said).not.toMatch(/SELECT|stack|\.js/);
});
