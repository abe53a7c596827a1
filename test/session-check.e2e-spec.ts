import { Controller, Get } from '@nestjs/common';
import { type Account, Authenticated, CurrentUser, OptionalAuth } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { availableDatabases, type TestDatabase } from './support/databases.js';
import { TcpProxy } from './support/tcp-proxy.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

/** Counts how often a handler was reached. */
@Controller('count')
class CountingController {
  static calls = 0;

  @Get('session')
  @Authenticated()
  session() {
    return { calls: ++CountingController.calls };
  }

  @Get('user')
  @Authenticated()
  user(@CurrentUser() { id }: Account) {
    return { calls: ++CountingController.calls, id };
  }

  @Get('guest')
  @OptionalAuth()
  guest() {
    return { calls: ++CountingController.calls };
  }
}

describe.each(availableDatabases())('access while %s is out of reach', (kind) => {
  it('is 503 without reaching the handler, and comes back with the database', async () => {
    const home = await createTestApp({ database: kind });
    const outage = await outageOf(home.database, home);
    const t = await createTestApp({ on: outage.database, controllers: [CountingController] });
    try {
      const { access_token: bearer } = await home.activeUser('out@example.com');
      expect((await t.client.get('/count/session', { bearer })).status).toBe(200);
      await outage.begin(t);
      const before = CountingController.calls;
      for (const path of ['/count/session', '/count/user', '/count/guest', '/auth/me']) {
        const answer = await t.client.get(path, { bearer });
        expect([path, answer.status, answer.body.code]).toEqual([path, 503, 'SERVICE_UNAVAILABLE']);
        expect([answer.headers.get('retry-after'), answer.headers.get('cache-control')]).toEqual(['1', 'no-store']);
        expect(answer.text).not.toMatch(/ECONN|127\.0\.0\.1|SELECT|sqlite|gatehouse_/i);
      }
      // What needs no database is answered as ever.
      expect((await t.client.get('/count/session', { bearer: 'garbage' })).status).toBe(401);
      expect((await t.client.get('/count/guest')).status).toBe(200);
      expect(CountingController.calls).toBe(before + 1);
      await outage.end(t);
      expect((await t.client.get('/count/session', { bearer })).status).toBe(200);
    } finally {
      await t.close();
      await outage.over();
      await home.close();
    }
  });
});

describe.each(availableDatabases())('access while the data source of %s is closed', (kind) => {
  it('is 503 until it is opened again', async () => {
    const t = await createTestApp({ database: kind, controllers: [CountingController] });
    try {
      const { access_token: bearer } = await t.activeUser('closed@example.com');
      await t.dataSource.destroy();
      const answers = [
        await t.client.get('/count/session', { bearer }),
        await t.client.post('/auth/login', { email: 'closed@example.com', password: PASSWORD }),
        await t.client.post('/auth/logout-all', undefined, { bearer }),
      ];
      for (const { status, body } of answers) expect([status, body.code]).toEqual([503, 'SERVICE_UNAVAILABLE']);
      await t.dataSource.initialize();
      expect((await t.client.get('/count/session', { bearer })).status).toBe(200);
    } finally {
      await t.close();
    }
  });
});

/** A way to lose a database: servers behind a door that shuts; the file of SQLite, by closing it. */
async function outageOf(database: TestDatabase, { database: { options } }: TestApp) {
  if (database.kind === 'sqlite') {
    return {
      database,
      begin: (t: TestApp) => t.dataSource.destroy(),
      end: async (t: TestApp) => void (await t.dataSource.initialize()),
      over: () => Promise.resolve(),
    };
  }
  const url = new URL(database.url);
  const defaultPort = database.kind === 'postgres' ? 5432 : 3306;
  const proxy = await new TcpProxy({ host: url.hostname, port: Number(url.port || defaultPort) }).open();
  url.host = `127.0.0.1:${proxy.port}`;
  return {
    database: { ...database, options: { ...options, url: url.href } as TestDatabase['options'] },
    begin: () => proxy.shut(),
    end: async () => void (await proxy.open()),
    over: () => proxy.shut(),
  };
}

describe('access with sessionCheck.cacheSeconds', () => {
  let elsewhere: TestApp;
  let t: TestApp;
  beforeAll(async () => {
    elsewhere = await createTestApp();
    const options = { sessionCheck: { cacheSeconds: 30 }, mail: { pollSeconds: 3600 } };
    t = await createTestApp({ on: elsewhere.database, options });
  });
  afterAll(async () => {
    await t.close();
    await elsewhere.close();
  });
  const access = async (bearer: string) => (await t.client.get('/demo/bare', { bearer })).status;

  it('costs no statement while a session is remembered', async () => {
    const { access_token: bearer } = await elsewhere.activeUser('cached@example.com');
    expect(await t.statements.during(() => access(bearer))).toHaveLength(1);
    expect(await t.statements.during(() => access(bearer))).toEqual([]);
    t.clock.advance({ seconds: 31 });
    expect(await t.statements.during(() => access(bearer))).toHaveLength(1);
  });

  it('accepts a session that another instance ended until the time is over, and no longer', async () => {
    const { access_token: bearer } = await elsewhere.activeUser('ended@example.com');
    expect(await access(bearer)).toBe(200);
    expect((await elsewhere.client.post('/auth/logout', undefined, { bearer })).status).toBe(204);
    expect(await access(bearer)).toBe(200);
    t.clock.advance({ seconds: 31 });
    expect(await access(bearer)).toBe(401);
  });

  it.each([
    ['logout', (bearer: string) => t.client.post('/auth/logout', undefined, { bearer }), 204],
    ['logout-all', (bearer: string) => t.client.post('/auth/logout-all', undefined, { bearer }), 204],
  ])('refuses at once a session that a %s ended in the same process', async (name, end, status) => {
    const { access_token: bearer } = await elsewhere.activeUser(`${name}@example.com`);
    expect(await access(bearer)).toBe(200);
    expect((await end(bearer)).status).toBe(status);
    expect(await access(bearer)).toBe(401);
  });

  it('never remembers a session past its own end', async () => {
    const { refresh_token, access_token } = await elsewhere.activeUser('short@example.com');
    expect(await access(access_token)).toBe(200);
    await t.client.post('/auth/refresh', { refresh_token });
    expect(await access(access_token)).toBe(200);
    t.clock.advance({ seconds: 901 });
    expect(await access(access_token)).toBe(401);
  });
});

describe('access with sessionCheck.cacheSeconds, longer than a session lives without a refresh', () => {
  let elsewhere: TestApp;
  let t: TestApp;
  beforeAll(async () => {
    const options = {
      jwt: { accessTtlSeconds: 60, refreshTtlSeconds: 100 },
      sessionCheck: { cacheSeconds: 300 },
      mail: { pollSeconds: 3600 },
    };
    elsewhere = await createTestApp({ options });
    t = await createTestApp({ on: elsewhere.database, options });
  });
  afterAll(async () => {
    await t.close();
    await elsewhere.close();
  });
  const pass = (seconds: number) => [t, elsewhere].forEach(({ clock }) => clock.advance({ seconds }));
  const access = async (bearer: string) => (await t.client.get('/demo/bare', { bearer })).status;

  it.each(['the same', 'another'])('lets a session go on that was refreshed in %s instance', async (where) => {
    const { access_token, refresh_token } = await elsewhere.activeUser(`${where.replace(' ', '-')}@example.com`);
    expect(await access(access_token)).toBe(200);
    pass(50);
    const { client } = where === 'another' ? elsewhere : t;
    const next = (await client.post('/auth/refresh', { refresh_token })).body;
    // Past the end that the session had when the guard looked at it.
    pass(55);
    expect(await access(next.access_token)).toBe(200);
    const last = (await client.post('/auth/refresh', { refresh_token: next.refresh_token })).body;
    pass(59);
    expect(await access(last.access_token)).toBe(200);
    expect((await t.client.post('/auth/logout', undefined, { bearer: last.access_token })).status).toBe(204);
    expect(await access(last.access_token)).toBe(401);
  });
});
