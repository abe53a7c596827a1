import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadArgon2Engine } from '../lib/engine/passwords/argon2-engine.js';
import { parsePhc } from '../lib/engine/passwords/argon2-phc.js';
import { PasswordHasher } from '../lib/engine/passwords/password-hasher.js';
import { inParallel, visible } from './support/client.js';
import { from } from './support/limited-app.js';
import { stacks } from './support/stacks.js';
import { User, UserToken } from './support/users-plain.js';
import { claimsOf } from './support/jwt.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const WRONG = 'not the password of anybody';

/** The Argon2 computations a piece of work takes, as `memory x passes`: a hash that nothing can read costs none. */
async function hashesDuring(t: TestApp, work: () => Promise<unknown>): Promise<string[]> {
  const { engine } = (await t.app.get(PasswordHasher)['prepared'])!;
  const [hash, verify] = [vi.spyOn(engine, 'hash'), vi.spyOn(engine, 'verify')];
  await work();
  const costs = [...hash.mock.calls.map(([, cost]) => cost), ...verify.mock.calls.map(([phc]) => parsePhc(phc))];
  return costs.filter((cost) => cost !== undefined).map(({ memoryKib, timeCost }) => `${memoryKib} x ${timeCost}`);
}
const ONE_HASH = ['64 x 1'];

/** Stores a hash of weaker parameters than today's. */
async function weaken(t: TestApp, email: string): Promise<string> {
  const passwordHash = await (await loadArgon2Engine()).hash(PASSWORD, { memoryKib: 32, timeCost: 1 });
  await t.dataSource.getRepository(User).update({ email }, { passwordHash });
  return passwordHash;
}

describe.each(stacks())('login on $database with $adapter', ({ database, adapter }) => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({ database, adapter, options: { mail: { pollSeconds: 3600 } } });
  });
  afterAll(() => t.close());
  afterEach(() => {
    vi.restoreAllMocks();
  });

  const login = (email: string, password = PASSWORD) => t.client.post('/auth/login', { email, password });
  const sessionsOf = (email: string) =>
    t.dataSource.getRepository(UserToken).countBy({ purpose: 'session', user: { email } });
  const storedHash = async (email: string) => {
    const user = await t.dataSource
      .getRepository(User)
      .findOneOrFail({ where: { email }, select: { id: true, passwordHash: true } });
    return user.passwordHash;
  };

  it('gives a pair that works and must not be cached', async () => {
    await t.activeUser('pair@example.com');
    const answer = await login('pair@example.com');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 900,
    });
    expect((await t.client.get('/demo/protected', { bearer: answer.body.access_token })).status).toBe(200);
    const refreshed = await t.client.post('/auth/refresh', { refresh_token: answer.body.refresh_token });
    expect(refreshed.status).toBe(200);
    const me = await t.client.get('/auth/me', { bearer: refreshed.body.access_token });
    for (const { headers } of [answer, refreshed, me]) {
      // Nor is there a hash of the body, which caches and logs would keep.
      expect([headers.get('cache-control'), headers.get('etag')]).toEqual(['no-store', null]);
    }
  });

  describe('refused', () => {
    const attempts = [
      ['an unknown address', 'nobody@example.com', PASSWORD],
      ['a wrong password', 'known@example.com', WRONG],
      ['a pending account', 'pending@example.com', PASSWORD],
      ['a pending account and a wrong password', 'pending@example.com', WRONG],
      ['a deactivated account', 'deactivated@example.com', PASSWORD],
      ['a deactivated account and a wrong password', 'deactivated@example.com', WRONG],
    ] as const;

    beforeAll(async () => {
      await t.activeUser('known@example.com');
      await t.activeUser('deactivated@example.com');
      await t.dataSource.getRepository(User).update({ email: 'deactivated@example.com' }, { isActive: false });
      await t.client.post('/auth/signup', { email: 'pending@example.com', password: PASSWORD });
      await t.mailIsDone();
    });

    it('answers every reason alike, byte for byte, and names none of them', async () => {
      const answers = [];
      for (const [, email, password] of attempts) answers.push(visible(await login(email, password)));
      const [first] = answers;
      expect(first?.status).toBe(401);
      expect(JSON.parse(first!.text)).toEqual({
        statusCode: 401,
        code: 'LOGIN_INVALID_CREDENTIALS',
        message: 'The address or the password is wrong.',
      });
      expect(Object.fromEntries(first!.headers)).toMatchObject({
        'www-authenticate': 'Bearer',
        'cache-control': 'no-store',
      });
      for (const answer of answers) expect(answer).toEqual(first);
    });

    it.each(attempts)('costs one Argon2 computation for %s, and leaves no session', async (_, email, password) => {
      const before = await sessionsOf(email);
      expect(await hashesDuring(t, () => login(email, password))).toEqual(ONE_HASH);
      expect(await sessionsOf(email)).toBe(before);
    });

    it('runs the same statements whoever asks', async () => {
      const runs = [];
      for (const [, email, password] of attempts) {
        runs.push(await t.statements.during(() => login(email, password)));
      }
      for (const ran of runs) expect(ran).toEqual(runs[0]);
      expect(runs[0]).toHaveLength(1);
    });

    it('writes nothing of it to the log', async () => {
      const before = t.logs.lines.length;
      for (const [, email, password] of attempts) await login(email, password);
      expect(t.logs.lines.slice(before)).toEqual([]);
    });
  });

  it('costs one Argon2 computation when it succeeds, too', async () => {
    await t.activeUser('once@example.com');
    expect(await hashesDuring(t, () => login('once@example.com'))).toEqual(ONE_HASH);
  });

  it.each([
    ['one code point more than any password may have', '\u{1f600}'.repeat(129)],
    ['15 KB', 'x'.repeat(15_000)],
  ])('refuses a password of %s without hashing it', async (_, password) => {
    const usual = await login('nobody@example.com', WRONG);
    let answer = usual;
    expect(await hashesDuring(t, async () => (answer = await login('nobody@example.com', password)))).toEqual([]);
    expect(visible(answer)).toEqual(visible(usual));
  });

  it.each([
    ['no address', { password: PASSWORD }, 'email'],
    ['an address without @', { email: 'ann.example.com', password: PASSWORD }, 'email'],
    ['two addresses', { email: 'a@example.com,b@example.com', password: PASSWORD }, 'email'],
    ['a KELVIN SIGN for a k', { email: '\u212Aate@example.com', password: PASSWORD }, 'email'],
    ['an object for the address', { email: { $ne: null }, password: PASSWORD }, 'email'],
    ['a list for the password', { email: 'ann@example.com', password: [PASSWORD] }, 'password'],
    ['a field nobody knows', { email: 'ann@example.com', password: PASSWORD, user_id: 1 }, 'user_id'],
  ])('answers 400 to %s, without hashing', async (_, body, field) => {
    let status = 0;
    const hashes = await hashesDuring(t, async () => {
      const answer = await t.client.post('/auth/login', body);
      status = answer.status;
      expect(answer.body).toMatchObject({ code: 'INPUT_INVALID', errors: [{ field }] });
      expect(answer.headers.get('cache-control')).toBe('no-store');
    });
    expect([status, hashes]).toEqual([400, []]);
  });

  it('finds one account under every spelling of its address', async () => {
    await t.activeUser('ute@xn--bcher-kva.example');
    const { body } = await login('ute@xn--bcher-kva.example');
    for (const spelling of [
      'UTE@Xn--Bcher-Kva.EXAMPLE',
      'ute@bücher.example',
      'Ute@BÜCHER.example',
      ' ute@bücher.example ',
    ]) {
      const answer = await login(spelling);
      expect([spelling, answer.status]).toEqual([spelling, 200]);
      expect(claimsOf(answer.body.access_token)['sub']).toBe(claimsOf(body.access_token)['sub']);
    }
    expect(await t.dataSource.getRepository(User).countBy({ email: 'ute@xn--bcher-kva.example' })).toBe(1);
    expect((await login('ute@bucher.example')).status).toBe(401);
  });

  it('opens a new session at each login', async () => {
    await t.activeUser('sessions@example.com');
    const first = await login('sessions@example.com');
    const second = await login('sessions@example.com');
    const [a, b] = [first, second].map(({ body }) => claimsOf(body.access_token)['sid']);
    expect(a).not.toBe(b);
    // The third is that of the activation.
    expect(await sessionsOf('sessions@example.com')).toBe(3);
    expect((await t.client.get('/demo/bare', { bearer: first.body.access_token })).status).toBe(200);
  });

  describe('with a hash of weaker parameters', () => {
    it('stores a stronger one once the password was right, and the old one no more', async () => {
      await t.activeUser('weak@example.com');
      const weak = await weaken(t, 'weak@example.com');
      expect((await login('weak@example.com', WRONG)).status).toBe(401);
      expect(await storedHash('weak@example.com')).toBe(weak);
      const { status, body } = await login('weak@example.com');
      expect(status).toBe(200);
      const strong = await storedHash('weak@example.com');
      expect(strong).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$/);
      // The pair opened under the old hash lives on, and the next login leaves the hash as it is.
      expect((await t.client.get('/demo/bare', { bearer: body.access_token })).status).toBe(200);
      expect((await login('weak@example.com')).status).toBe(200);
      expect(await storedHash('weak@example.com')).toBe(strong);
    });

    it('lets 20 parallel logins in, of which one renews it', async () => {
      await t.activeUser('crowd@example.com');
      const weak = await weaken(t, 'crowd@example.com');
      const { engine } = (await t.app.get(PasswordHasher)['prepared'])!;
      const hash = vi.spyOn(engine, 'hash');
      const answers = await inParallel(20, () => login('crowd@example.com'));
      expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
      expect(await storedHash('crowd@example.com')).not.toBe(weak);
      expect(hash).toHaveBeenCalledTimes(1);
      expect((await login('crowd@example.com')).status).toBe(200);
    });
  });
});

describe('login when too many hashes wait', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({ options: { hashing: { memoryKib: 19_456, timeCost: 2, concurrency: 1, queue: 1 } } });
    await t.activeUser('busy@example.com');
  });
  afterAll(() => t.close());

  it('answers 503 with Retry-After, the same for a known and an unknown address, and recovers', async () => {
    const answers = await inParallel(20, (index) =>
      t.client.post('/auth/login', {
        email: index % 2 ? 'busy@example.com' : 'nobody@example.com',
        password: PASSWORD,
      }),
    );
    const refused = answers.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThanOrEqual(10);
    for (const answer of refused) expect(visible(answer)).toEqual(visible(refused[0]!));
    expect(refused[0]?.body).toMatchObject({ statusCode: 503, code: 'SERVICE_BUSY' });
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
    expect(refused[0]?.headers.get('cache-control')).toBe('no-store');
    expect(answers.every(({ status }) => [200, 401, 503].includes(status))).toBe(true);

    const after = await t.client.post('/auth/login', { email: 'busy@example.com', password: PASSWORD });
    expect(after.status).toBe(200);
  });

  it('keeps whoever comes from another network waiting for one hash, not for a flood of them', async () => {
    const flooded = await createTestApp({
      trustProxy: 'loopback',
      options: { hashing: { memoryKib: 19_456, timeCost: 2, concurrency: 1, queue: 8 } },
    });
    try {
      await flooded.activeUser('busy@example.com');
      const over = new AbortController();
      const statuses = new Set<number>();
      const body = { email: 'busy@example.com', password: WRONG };
      const flood = inParallel(30, async () => {
        while (!over.signal.aborted)
          statuses.add((await flooded.client.post('/auth/login', body, from('198.51.100.1'))).status);
      });
      const answers: number[] = [];
      try {
        while (!statuses.has(503)) await pause(1);
        for (const path of ['/auth/login', '/auth/signup', '/auth/login', '/auth/login', '/auth/login']) {
          const own = { email: path === '/auth/login' ? 'busy@example.com' : 'new@example.com', password: PASSWORD };
          answers.push((await flooded.client.post(path, own, from('203.0.113.7'))).status);
        }
      } finally {
        over.abort();
        await flood;
      }
      expect(answers).toEqual([200, 201, 200, 200, 200]);
      expect([...statuses].sort()).toEqual([401, 503]);
    } finally {
      await flooded.close();
    }
  });

  it('gives the places of clients that hung up to the next', async () => {
    const body = JSON.stringify({ email: 'busy@example.com', password: PASSWORD });
    for (let round = 0; round < 5; round++) {
      const over = new AbortController();
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal: over.signal };
      const asked = inParallel(2, () => fetch(new URL('/auth/login', t.client.origin), init)).catch(() => undefined);
      await pause(10);
      over.abort();
      await asked;
    }
    const status = async () => (await t.client.post('/auth/login', JSON.parse(body))).status;
    // Their hashes are computed to the end.
    await expect.poll(status, { timeout: 20_000 }).toBe(200);
    // Both places are free again: one that computes, and one that waits.
    expect(await inParallel(2, status)).toEqual([200, 200]);
  });
});
