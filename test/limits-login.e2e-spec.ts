import { setTimeout as delay } from 'node:timers/promises';
import { LimitStore, type LimitVerdict } from 'nestjs-gatehouse';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Returns } from '../lib/engine/limits/returns.js';
import { PasswordHasher } from '../lib/engine/passwords/password-hasher.js';
import { type Answer, fingerprint, inParallel } from './support/client.js';
import { availableDrivers } from './support/databases.js';
import { fillQueue } from './support/full-queue.js';
import { address, createLimitedApp, from } from './support/limited-app.js';
import { tokenIn } from './support/mailbox.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const WRONG = 'not the passphrase of anybody';
const NEW_PASSWORD = 'another fine passphrase';

/** The numbers of all logins that are counted, the highest first. */
const TRIES =
  "SELECT (state >> 1) & 511 AS tries FROM auth_limits WHERE id LIKE 'login%' ORDER BY (state >> 1) & 511 DESC";

/** How often a password has been compared since the last call. */
function comparisons() {
  const verify = vi.spyOn(PasswordHasher.prototype, 'verify');
  return () => {
    const count = verify.mock.calls.length;
    verify.mockClear();
    return count;
  };
}

/** What the answer to a login leaves as the device's cookie. */
function deviceCookie({ headers }: Answer): string | undefined {
  const left = headers.getSetCookie().find((cookie) => cookie.startsWith('__Host-gatehouse-device='));
  return left?.split(';', 1)[0];
}

describe.each(availableDrivers())('guessing passwords, counted on %s', (database) => {
  let t: TestApp;
  let compared: () => number;
  let last = 0;
  beforeAll(async () => {
    t = await createLimitedApp({ database, limits: { mailsPerAddress: 0 } });
    t.clock.stopAt(new Date());
    compared = comparisons();
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    await t.close();
  });

  const newAddress = () => address(last++);
  const logIn = (email: string, password: string, ip = newAddress(), cookie?: string): Promise<Answer> =>
    t.client.post('/auth/login', { email, password }, from(ip, cookie ? { cookie } : {}));
  const fail = async (email: string, times: number) => {
    for (let tries = 0; tries < times; tries++) expect((await logIn(email, WRONG)).status).toBe(401);
  };

  it('is free five times, and then waits, known and unknown alike, at no cost of a hash', async () => {
    await t.activeUser('known@example.com');
    for (const email of ['known@example.com', 'unknown@example.com']) await fail(email, 5);
    compared();
    const [known, unknown] = [await logIn('known@example.com', WRONG), await logIn('unknown@example.com', WRONG)];
    expect(known.status).toBe(429);
    expect(known.body).toMatchObject({ statusCode: 429, code: 'LIMIT_EXCEEDED' });
    expect(known.headers.get('retry-after')).toBe('1');
    expect(known.headers.get('ratelimit-policy')).toBe('"login";q=5;w=2592000');
    expect(known.headers.get('ratelimit')).toBe('"login";r=0;t=1');
    expect(fingerprint(known)).toEqual(fingerprint(unknown));
    // The right one is no answer either: it would tell that it is right.
    expect((await logIn('known@example.com', PASSWORD)).status).toBe(429);
    expect((await logIn('  KNOWN@Example.COM ', WRONG)).status).toBe(429);
    expect(compared()).toBe(0);
    t.clock.advance({ seconds: 1 });
    expect((await logIn('known@example.com', WRONG)).status).toBe(401);
    t.clock.advance({ seconds: 1 });
    expect((await logIn('known@example.com', WRONG)).headers.get('retry-after')).toBe('1');
    t.clock.advance({ seconds: 1 });
    expect((await logIn('known@example.com', PASSWORD)).status).toBe(200);
    // A success begins anew.
    await fail('known@example.com', 5);
  });

  it('at fifty in parallel compares five', async () => {
    await t.activeUser('crowd@example.com');
    compared();
    const answers = await inParallel(50, () => logIn('crowd@example.com', WRONG));
    const count = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect([count(401), count(429), compared()]).toEqual([5, 45, 5]);
  });

  it('is not what right passwords are: any number of them, one after the other, is let in', async () => {
    await t.activeUser('often@example.com');
    for (let tries = 0; tries < 30; tries++) {
      expect((await logIn('often@example.com', PASSWORD, '203.0.113.11')).status).toBe(200);
    }
    await t.app.get(Returns, { strict: false }).send();
    await fail('often@example.com', 5);
  });

  it('ends from one address of the network within twenty failures, whatever the accounts, and a success saves none', async () => {
    await t.activeUser('sprayer@example.com');
    const ip = '203.0.113.9';
    for (let tries = 0; tries < 19; tries++)
      expect((await logIn(`user${tries}@example.com`, WRONG, ip)).status).toBe(401);
    expect((await logIn('sprayer@example.com', PASSWORD, ip)).status).toBe(200);
    expect((await logIn('user19@example.com', WRONG, ip)).status).toBe(401);
    // Headers that a client makes up itself stand before the one of the proxy, and change nothing.
    for (let tries = 0; tries < 10; tries++) {
      const refused = await logIn(`more${tries}@example.com`, WRONG, `${address(tries)}, ${ip}`);
      expect([refused.status, refused.headers.get('ratelimit-policy')]).toEqual([429, '"login-address";q=20;w=3600']);
    }
    expect((await logIn('sprayer@example.com', PASSWORD, '203.0.113.10')).status).toBe(200);
    // What was refused for the network has not counted against the accounts.
    for (let tries = 0; tries < 6; tries++) await logIn('bystander@example.com', WRONG, ip);
    await fail('bystander@example.com', 5);
    t.clock.advance({ seconds: 3600 });
    expect((await logIn('user20@example.com', WRONG, ip)).status).toBe(401);
  });

  it('of a network that may try nothing more keeps no owner waiting', async () => {
    const [email, ip] = ['waiting@example.com', '203.0.113.30'];
    await t.activeUser(email);
    for (let tries = 0; tries < 20; tries++) await logIn(`spent${tries}@example.com`, WRONG, ip);
    await fail(email, 5);
    for (const wait of [1, 2, 4, 8, 16, 32]) {
      t.clock.advance({ seconds: wait });
      await fail(email, 1);
    }
    t.clock.advance({ seconds: 64 });
    // The wait is over. What a refused network sends now must not begin it anew.
    for (let tries = 0; tries < 5; tries++) expect((await logIn(email, WRONG, ip)).status).toBe(429);
    expect((await logIn(email, PASSWORD)).status).toBe(200);
  });

  it('counts whoever has an address that nobody can read together', async () => {
    const statuses: number[] = [];
    for (let tries = 0; tries < 22; tries++) {
      statuses.push((await logIn(`hidden${tries}@example.com`, WRONG, tries % 2 ? 'unknown' : '01.2.3.4')).status);
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(20);
  });

  it('counts a whole /64 as one address', async () => {
    const statuses: number[] = [];
    for (let host = 1; host <= 25; host++) {
      statuses.push((await logIn(`v6-${host}@example.com`, WRONG, `2001:db8:1:2::${host.toString(16)}`)).status);
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(20);
    expect((await logIn('v6-other@example.com', WRONG, '2001:db8:1:3::1')).status).toBe(401);
  });

  it('never keeps out the owner of a device that was let in before', async () => {
    const email = 'owner@example.com';
    await t.activeUser(email);
    await t.activeUser('other@example.com');
    const first = await logIn(email, PASSWORD);
    const cookie = deviceCookie(first)!;
    expect(first.headers.getSetCookie().join()).toMatch(
      /__Host-gatehouse-device=[\w.-]+; Max-Age=15552000; Path=\/; HttpOnly; Secure; SameSite=Lax/,
    );
    const others = deviceCookie(await logIn('other@example.com', PASSWORD))!;
    // An attacker goes on and on, from fifty addresses.
    for (let round = 0; round < 50; round++) await logIn(email, WRONG);
    expect((await logIn(email, PASSWORD)).status).toBe(429);
    const again = await logIn(email, PASSWORD, newAddress(), cookie);
    expect([again.status, deviceCookie(again)]).toEqual([200, undefined]);
    // Of another account, forged, cut, or twice, it is none.
    for (const none of [others, cookie.replace(/.$/, '_'), cookie.slice(0, -5), `${cookie}; ${cookie}`]) {
      expect((await logIn(email, PASSWORD, newAddress(), none)).status).toBe(429);
    }
    // Its own wrong tries are counted as well.
    for (let tries = 0; tries < 5; tries++) {
      expect((await logIn(email, WRONG, newAddress(), cookie)).status).toBe(401);
    }
    expect((await logIn(email, PASSWORD, newAddress(), cookie)).status).toBe(429);
    t.clock.advance({ seconds: 181 * 86_400 });
    await fail(email, 5);
    expect((await logIn(email, PASSWORD, newAddress(), cookie)).status).toBe(429);
  });

  it('does not keep such a device out for what others on its network have tried', async () => {
    const [email, ip] = ['colleague@example.com', '203.0.113.90'];
    await t.activeUser(email);
    const cookie = deviceCookie(await logIn(email, PASSWORD, ip))!;
    for (let tries = 0; tries < 20; tries++) await logIn(`neighbour${tries}@example.com`, WRONG, ip);
    expect((await logIn(email, PASSWORD, ip)).status).toBe(429);
    expect((await logIn(email, PASSWORD, ip, cookie)).status).toBe(200);
    // It has five tries, there as anywhere, and opens no other account to them.
    expect((await logIn('neighbour0@example.com', WRONG, ip, cookie)).status).toBe(429);
    for (let tries = 0; tries < 5; tries++) expect((await logIn(email, WRONG, ip, cookie)).status).toBe(401);
    expect((await logIn(email, WRONG, ip, cookie)).status).toBe(429);
  });

  it('is told to the owner after ten failures, once a day, with a link that sets a new password, and to nobody else', async () => {
    const email = 'targeted@example.com';
    await t.activeUser(email);
    const guess = async (times: number) => {
      for (let tries = 0; tries < times; tries++) {
        await logIn(email, WRONG);
        await logIn('nobody@example.com', WRONG);
        t.clock.advance({ seconds: 900 });
      }
      await t.mailIsDone();
    };
    const alerts = () =>
      t.mailbox.to(email).filter(({ subject }) => subject === 'Someone is trying to guess your password');
    await guess(9);
    expect(alerts()).toEqual([]);
    await guess(1);
    const alert = await t.mailbox.waitFor(email, 2);
    expect(alerts()).toEqual([alert]);
    await guess(20);
    expect(alerts()).toHaveLength(1);
    expect(t.mailbox.to('nobody@example.com')).toEqual([]);
    // Nor does the work of a further failure tell, now or a moment later; the mail worker looks round whoever fails.
    const workFor = async (name: string) => {
      const statements = await t.statements.during(async () => {
        expect((await logIn(name, WRONG)).status).toBe(401);
        await delay(400);
      });
      return statements.filter((sql) => /auth_limits|^INSERT/.test(sql)).length;
    };
    expect(await workFor(email)).toBe(await workFor('nobody@example.com'));
    t.clock.advance({ seconds: 900 });
    // A day later, once more, and that link works, as the newest one.
    t.clock.advance({ seconds: 86_400 });
    await guess(2);
    const token = tokenIn(await t.mailbox.waitFor(email, 3));
    expect(alerts()).toHaveLength(2);
    const reset = await t.client.post('/auth/password-reset/confirm', { token, new_password: NEW_PASSWORD });
    expect(reset.status).toBe(200);
    expect((await logIn(email, NEW_PASSWORD)).status).toBe(200);
  });

  it('counts no login that is turned away because too many hashes wait, neither for the account nor for the network', async () => {
    const email = 'crowded@example.com';
    await t.activeUser(email);
    const ip = newAddress();
    const makeRoom = fillQueue(t);
    for (let tries = 0; tries < 25; tries++) expect((await logIn(email, PASSWORD, ip)).status).toBe(503);
    await makeRoom();
    await fail(email, 4);
    expect((await logIn(email, WRONG, ip)).status).toBe(401);
    expect((await logIn(email, WRONG)).status).toBe(429);
  });

  it('counts what signed-in users are asked for again, and a reset by mail begins anew', async () => {
    const email = 'thief@example.com';
    const { access_token: bearer } = await t.activeUser(email);
    const change = (current_password: string) =>
      t.client.post(
        '/auth/password-change',
        { current_password, new_password: NEW_PASSWORD },
        { bearer, ...from(newAddress(), { authorization: `Bearer ${bearer}` }) },
      );
    for (let tries = 0; tries < 5; tries++) expect((await change(WRONG)).body.code).toBe('PASSWORD_CURRENT_WRONG');
    expect((await change(PASSWORD)).body.code).toBe('LIMIT_EXCEEDED');
    expect((await logIn(email, PASSWORD)).status).toBe(429);
    await t.client.post('/auth/password-reset/request', { email });
    const token = tokenIn(await t.mailbox.waitFor(email, 2));
    const reset = await t.client.post('/auth/password-reset/confirm', { token, new_password: NEW_PASSWORD });
    expect(reset.status).toBe(200);
    expect((await logIn(email, NEW_PASSWORD)).status).toBe(200);
  });

  it('begins anew by a reset also for the device that it is done on', async () => {
    const email = 'forgetful@example.com';
    await t.activeUser(email);
    const cookie = deviceCookie(await logIn(email, PASSWORD))!;
    for (let tries = 0; tries < 6; tries++) await logIn(email, WRONG, newAddress(), cookie);
    expect((await logIn(email, PASSWORD, newAddress(), cookie)).status).toBe(429);
    await t.client.post('/auth/password-reset/request', { email });
    const token = tokenIn(await t.mailbox.waitFor(email, 2));
    const confirm = { token, new_password: NEW_PASSWORD };
    const reset = await t.client.post('/auth/password-reset/confirm', confirm, from(newAddress(), { cookie }));
    expect(reset.status).toBe(200);
    expect((await logIn(email, NEW_PASSWORD, newAddress(), cookie)).status).toBe(200);
  });

  it('keeps nothing at rest that tells whom it counts', async () => {
    await logIn('secret-name@example.com', WRONG, '203.0.113.77');
    const rows = JSON.stringify(await t.dataSource.query('SELECT * FROM auth_limits'));
    expect(rows).toContain('login');
    expect(rows).not.toMatch(/secret-name|203\.0\.113/);
  });
});

describe('guessing passwords', () => {
  let t: TestApp | undefined;
  afterEach(() => t?.close());
  const logIn = (email: string, extras = {}) => t!.client.post('/auth/login', { email, password: WRONG }, extras);

  it('counts in two instances together', async () => {
    t = await createLimitedApp();
    const other = await createLimitedApp({ on: t.database });
    for (const { clock } of [t, other]) clock.stopAt(new Date());
    const answers = await inParallel(40, (index) =>
      [t!, other][index % 2]!.client.post(
        '/auth/login',
        { email: 'shared@example.com', password: WRONG },
        from(address(index)),
      ),
    );
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5);
    await other.close();
  });

  it('is only told of where limits observe', async () => {
    t = await createLimitedApp({ limits: { mode: 'observe' } });
    t.clock.stopAt(new Date());
    const [email, ip] = ['watched@example.com', '203.0.113.5'];
    await t.activeUser(email);
    const counted = () => t!.dataSource.query(TRIES) as Promise<{ tries: number }[]>;
    for (let tries = 0; tries < 20; tries++) await logIn(`other${tries}@example.com`, from(ip));
    // Refused for the network, these were tried all the same, and are failures of the account.
    for (let tries = 0; tries < 30; tries++) expect((await logIn(email, from(ip))).status).toBe(401);
    expect((await counted()).map(({ tries }) => tries).slice(0, 2)).toEqual([20, 5]);
    const right = () => t!.client.post('/auth/login', { email, password: PASSWORD }, from(ip));
    for (let tries = 0; tries < 3; tries++) expect((await right()).status).toBe(200);
    await t.app.get(Returns, { strict: false }).send();
    expect((await counted()).map(({ tries }) => tries).slice(0, 2)).toEqual([20, 1]);
  });

  it('is not counted by network behind a proxy that the adapter was not told of, which is said once', async () => {
    t = await createLimitedApp({ adapter: 'fastify', trustProxy: false });
    for (let tries = 0; tries < 30; tries++) {
      expect((await logIn(`user${tries}@example.com`, from(address(tries)))).status).toBe(401);
    }
    const said = t.logs.lines.filter((line) => line.includes('trustProxy'));
    expect(said).toHaveLength(1);
    // Without the header it is a client of its own.
    const statuses: number[] = [];
    for (let tries = 0; tries < 21; tries++) statuses.push((await logIn(`direct${tries}@example.com`)).status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(20);
  });

  it('lets nobody down whose password was right, or is set by now, where the counters fail meanwhile', async () => {
    class Failing extends LimitStore {
      take(keys: readonly unknown[]): Promise<LimitVerdict[]> {
        return Promise.resolve(keys.map(() => ({ isAllowed: true, tries: 1, waitMs: 0 })));
      }
      giveBack(): Promise<void> {
        return Promise.reject(new Error('the counters are down'));
      }
    }
    t = await createTestApp({ options: { limitStore: new Failing(), limits: { mode: 'on' } } });
    const email = 'right@example.com';
    await t.activeUser(email);
    const logInWith = (password: string) => t!.client.post('/auth/login', { email, password });
    expect((await logInWith(PASSWORD)).status).toBe(200);
    await t.client.post('/auth/password-reset/request', { email });
    const token = tokenIn(await t.mailbox.waitFor(email, 2));
    const reset = await t.client.post('/auth/password-reset/confirm', { token, new_password: NEW_PASSWORD });
    expect([reset.status, (await logInWith(NEW_PASSWORD)).status]).toEqual([200, 200]);
  });

  it('is refused where nobody can count, while mail goes out as ever', async () => {
    class Broken extends LimitStore {
      take(): Promise<LimitVerdict[]> {
        return Promise.reject(new Error('the counters are down'));
      }
      giveBack(): Promise<void> {
        return Promise.reject(new Error('the counters are down'));
      }
    }
    t = await createTestApp({ options: { limitStore: new Broken(), limits: { mode: 'on' } } });
    await t.client.post('/auth/signup', { email: 'new@example.com', password: PASSWORD });
    const token = tokenIn(await t.mailbox.waitFor('new@example.com'));
    expect((await t.client.post('/auth/activate', { token })).status).toBe(200);
    const refused = await t.client.post('/auth/login', { email: 'new@example.com', password: PASSWORD });
    expect([refused.status, refused.body.code]).toEqual([503, 'SERVICE_UNAVAILABLE']);
  });
});
