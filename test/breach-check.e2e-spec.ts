import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { AuthService, BreachedPasswords, Clock, type PasswordOptions } from 'nestjs-gatehouse';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, fingerprint, inParallel } from './support/client.js';
import { availableDatabases } from './support/databases.js';
import { tokenIn } from './support/mailbox.js';
import { hashParts, RangeServer } from './support/range-server.js';
import { userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp, type TestAppOptions } from './support/test-app.js';

const BREACHED = 'tulip harbour piano lamp';
const MESSAGE = 'The password has appeared in a data breach.';

const range = new RangeServer();
const answerAsUsual = range.answer;
beforeAll(async () => {
  await range.goUp();
  range.know(BREACHED);
});
afterAll(() => range.goDown());
afterEach(() => {
  range.answer = answerAsUsual;
  range.asked.length = 0;
});

/** An application that asks the server of this file. */
function start(choice: TestAppOptions = {}, password: Partial<PasswordOptions> = {}): Promise<TestApp> {
  const checked = { breachCheck: true, breachCheckUrl: range.url, ...password } as PasswordOptions;
  return createTestApp({ ...choice, options: { ...choice.options, password: checked } });
}

const signup = (t: TestApp, email: string, password: string) => t.client.post('/auth/signup', { email, password });

function expectBreached({ status, body, text }: Answer, field: string): void {
  expect([status, body.code, body.errors]).toEqual([400, 'PASSWORD_REJECTED', [{ field, messages: [MESSAGE] }]]);
  expect(text).not.toContain(BREACHED);
}

describe.each(availableDatabases())('on %s the breach check', (database) => {
  let t: TestApp;
  let auth: AuthService;
  const hashOf = async (email: string) => (await userRow(t, email))?.passwordHash;
  const changesNothing = async (email: string, work: () => Promise<unknown>) => {
    const before = await hashOf(email);
    await work();
    expect(await hashOf(email)).toBe(before);
  };
  beforeAll(async () => {
    t = await start({ database, mode: 'E', poolSize: 1 });
    auth = t.app.get(AuthService, { strict: false });
    await t.activeUser('ann@example.com');
  });
  afterAll(() => t.close());
  beforeEach(() => {
    range.asked.length = 0;
    // Were it asked inside a transaction, this login would wait for the one connection, and the check for this login.
    range.answer = async (response, prefix) => {
      const { status } = await t.client.post('/auth/login', { email: 'ann@example.com', password: PASSWORD });
      answerAsUsual(status === 200 ? response : response.writeHead(500), prefix);
    };
  });

  it('holds at signup', async () => {
    const email = 'bob@example.com';
    await changesNothing(email, async () => expectBreached(await signup(t, email, BREACHED), 'password'));
    expect((await signup(t, email, PASSWORD)).status).toBe(201);
    expect(range.asked).toHaveLength(2);
  });

  it('holds at a change', async () => {
    const { access_token: bearer } = await t.activeUser('cleo@example.com');
    const change = (new_password: string) =>
      t.client.post('/auth/password-change', { current_password: PASSWORD, new_password }, { bearer });
    await changesNothing('cleo@example.com', async () => expectBreached(await change(BREACHED), 'new_password'));
    expect((await change('a quite different passphrase')).status).toBe(204);
  });

  it('holds at a reset, by JSON and by page, and leaves the link as it was', async () => {
    const email = 'dora@example.com';
    await t.activeUser(email);
    await t.client.post('/auth/password-reset/request', { email });
    const token = tokenIn(await t.mailbox.waitFor(email, 2));
    await changesNothing(email, async () => {
      expectBreached(
        await t.client.post('/auth/password-reset/confirm', { token, new_password: BREACHED }),
        'new_password',
      );
      const headers = { 'accept-language': 'de' };
      const page = await t.client.postForm(`/auth/password-reset/${token}`, { new_password: BREACHED }, { headers });
      expect([page.status, page.text]).toEqual([400, expect.stringContaining('ist aus einem Datenleck bekannt')]);
      expect(page.text).not.toContain(BREACHED);
    });
    const good = await t.client.postForm(`/auth/password-reset/${token}`, { new_password: 'a different passphrase' });
    expect(good.status).toBe(200);
  });

  it('holds for operators', async () => {
    const refusal = { code: 'PASSWORD_REJECTED', errors: [expect.objectContaining({ messages: [MESSAGE] })] };
    await expect(auth.createAccount({ email: 'eve@example.com', password: BREACHED })).rejects.toMatchObject(refusal);
    expect(await userRow(t, 'eve@example.com')).toBeNull();
    await auth.createAccount({ email: 'eve@example.com', password: PASSWORD });
    const { id } = (await userRow(t, 'eve@example.com'))!;
    await changesNothing('eve@example.com', () =>
      expect(auth.setPassword(id, BREACHED)).rejects.toMatchObject(refusal),
    );
    expect(await auth.setPassword(id, 'a quite different passphrase')).toBe(true);
  });

  it('tells nothing about the address', async () => {
    for (const password of [BREACHED, PASSWORD]) {
      range.asked.length = 0;
      const [known, fresh] = [
        await signup(t, 'ann@example.com', password),
        await signup(t, `${password.length}@example.com`, password),
      ];
      expect(fingerprint(known)).toEqual(fingerprint(fresh));
      expect(range.asked[0]).toEqual(range.asked[1]);
    }
  });

  it('asks at no login', async () => {
    expect((await t.client.post('/auth/login', { email: 'ann@example.com', password: PASSWORD })).status).toBe(200);
    expect(range.asked).toEqual([]);
  });

  it('has failed at none of this', () => {
    expect(t.logs.lines.filter((line) => line.includes('breach check'))).toEqual([]);
  });
});

describe('what leaves the machine', () => {
  let t: TestApp;
  let people = 0;
  const choose = (password: string) => signup(t, `p${++people}@example.com`, password);
  beforeAll(async () => {
    t = await start({ mode: 'C' });
  });
  afterAll(() => t.close());

  it('is five digits of the hash, with a wish for padding, and nothing else', async () => {
    const { prefix, suffix } = hashParts(BREACHED);
    expectBreached(await choose(BREACHED), 'password');
    expect(range.asked).toHaveLength(1);
    const [{ method, url, rawHeaders }] = range.asked as [(typeof range.asked)[0]];
    expect([method, url]).toEqual(['GET', `/range/${prefix}`]);
    const headers = rawHeaders.join('\n').toLowerCase();
    expect(headers).toContain('add-padding\ntrue');
    for (const secret of [suffix.slice(0, 6).toLowerCase(), BREACHED, 'example.com', 'cookie', 'content-length']) {
      expect(headers).not.toContain(secret);
    }
  });

  it('is nothing for a password that is refused anyway', async () => {
    for (const password of ['short', 'passwordpassword', 'x'.repeat(2000), 'aaaaaaaaaaaa']) {
      expect((await choose(password)).body.code).toBe('PASSWORD_REJECTED');
    }
    expect(range.asked).toEqual([]);
  });

  it('is nothing by default', async () => {
    const off = await start({ mode: 'C' }, { breachCheck: undefined });
    const answer = await off.client.post('/auth/signup', { email: 'off@example.com', password: BREACHED });
    await off.close();
    expect([answer.status, range.asked]).toEqual([201, []]);
  });

  it('finds no hit in padding, nor in the hash of another password', async () => {
    const padded = 'velvet anchor biscuit moon';
    range.know(padded, 0);
    expect((await choose(padded)).status).toBe(201);
    range.answer = (response) => response.end(`${hashParts(BREACHED).suffix}:17\r\n`);
    expect((await choose(PASSWORD)).status).toBe(201);
  });

  it('works with the hashes of a mirror in lower case, and with a range that is empty', async () => {
    range.answer = (response, prefix) => response.end(`${range.rangeOf(prefix).toLowerCase()}\n`);
    expectBreached(await choose(BREACHED), 'password');
    range.answer = (response) => response.end();
    expect((await choose(BREACHED)).status).toBe(201);
    expect(t.logs.lines.filter((line) => line.includes('breach check'))).toEqual([]);
  });
});

/** Each way for the service to fail, and what the log calls it. */
const FAILURES: [name: string, reason: string, answer: (response: ServerResponse) => unknown][] = [
  ['never answers', 'TimeoutError', () => undefined],
  ['stops in the middle', 'TimeoutError', (response) => response.write(`${'A'.repeat(35)}:1\r\n`)],
  ['answers 500', 'NoRange', (response) => response.writeHead(500).end(range.rangeOf(hashParts(BREACHED).prefix))],
  ['answers 404', 'NoRange', (response) => response.writeHead(404).end()],
  ['answers with a page', 'NoRange', (response) => response.end('<h1>Sign in to the network</h1>')],
  ['closes the connection', 'TypeError UND_ERR_SOCKET', (response) => response.destroy()],
];

describe.each(['accept', 'refuse'] as const)('a service that fails, with %s', (breachCheckFallback) => {
  let t: TestApp;
  let people = 0;
  const choose = () => signup(t, `p${++people}@example.com`, BREACHED);
  const warnings = () => t.logs.lines.filter((line) => line.includes('breach check'));
  const expectFailed = ({ status, body, headers }: Answer) =>
    breachCheckFallback === 'accept'
      ? expect(status).toBe(201)
      : expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'SERVICE_UNAVAILABLE', '1']);
  beforeAll(async () => {
    t = await start({ mode: 'C' }, { breachCheckFallback, breachCheckTimeoutMs: 200 });
  });
  afterAll(() => t.close());
  beforeEach(() => {
    t.clock.advance({ seconds: 61 });
    t.logs.lines.length = 0;
  });

  it.each(FAILURES)('because it %s', async (_, reason, answer) => {
    range.answer = answer;
    expectFailed(await choose());
    const outcome = breachCheckFallback === 'accept' ? 'accepted unchecked' : 'refused';
    expect(warnings()).toEqual([
      expect.stringContaining(`the breach check failed (${reason}); passwords are ${outcome} while it does`),
    ]);
    expect(t.logs.lines.join('\n')).not.toMatch(new RegExp(`${BREACHED}|${hashParts(BREACHED).prefix}`));
  });

  it('because it is not there', async () => {
    await range.goDown();
    expectFailed(await choose());
    await range.goUp();
    expect(warnings()).toEqual([expect.stringContaining('(TypeError ECONNREFUSED)')]);
  });

  it('is hung up on when its answer has no end', async () => {
    let closed: Promise<unknown> | undefined;
    range.answer = (response) => {
      closed = once(response, 'close');
      const lines = `${'A'.repeat(35)}:1\r\n`.repeat(1000);
      const pour = () => {
        while (response.write(lines));
      };
      response.on('drain', pour);
      pour();
    };
    expectFailed(await choose());
    await closed;
    expect(warnings()).toHaveLength(1);
  });

  it('is not followed anywhere', async () => {
    range.answer = (response) => response.writeHead(302, { location: '/range/elsewhere' }).end();
    expectFailed(await choose());
    expect(range.asked.map(({ url }) => url)).toEqual([`/range/${hashParts(BREACHED).prefix}`]);
    expect(warnings()).toHaveLength(1);
  });

  it('is told once in a minute, however many sign up, and is asked again each time', async () => {
    range.answer = (response) => response.writeHead(503).end();
    (await inParallel(10, choose)).forEach(expectFailed);
    expect(range.asked).toHaveLength(10);
    expect(warnings()).toHaveLength(1);
    t.clock.advance({ seconds: 61 });
    await choose();
    expect(warnings()).toHaveLength(2);
    range.answer = answerAsUsual;
    expectBreached(await choose(), 'password');
  });
});

@Injectable()
class OwnBreaches extends BreachedPasswords {
  static behaviour: 'answer' | 'hang' | 'throw' = 'answer';

  constructor(readonly clock: Clock) {
    super();
  }

  override includes(password: string): Promise<boolean> {
    // Without a promise, as a class in JavaScript may.
    if (OwnBreaches.behaviour === 'throw') throw new Error(`no answer for ${password}`);
    if (OwnBreaches.behaviour === 'hang') return new Promise(() => undefined);
    return Promise.resolve(this.clock.now() > 0 && password === BREACHED);
  }
}

const warned = (t: TestApp) => t.logs.lines.filter((line) => line.includes('breachedPasswords is never asked'));

describe.each(['basic', 'complete'] as const)('a class of the application at level %s', (level) => {
  let t: TestApp;
  let people = 0;
  const choose = (password: string) => signup(t, `p${++people}@example.com`, password);
  beforeAll(async () => {
    const choice = level === 'basic' ? { level } : { mode: 'C' as const };
    t = await start({ ...choice, options: { breachedPasswords: OwnBreaches } }, { breachCheckTimeoutMs: 50 });
  });
  afterAll(() => t.close());

  it('is asked in place of the service', async () => {
    expectBreached(await choose(BREACHED), 'password');
    expect((await choose(PASSWORD)).status).toBe(201);
    expect(range.asked).toEqual([]);
  });

  it.each(['hang', 'throw'] as const)(
    'may %s: nobody waits for it, and its words are not logged',
    async (behaviour) => {
      OwnBreaches.behaviour = behaviour;
      expect((await choose(BREACHED)).status).toBe(201);
      OwnBreaches.behaviour = 'answer';
      expect(t.logs.lines.filter((line) => line.includes('breach check'))).toHaveLength(1);
      expect(t.logs.lines.join('\n')).not.toContain(BREACHED);
    },
  );

  it('is told to be idle where the switch is off', async () => {
    expect(warned(t)).toEqual([]);
    const off = await start({ mode: 'C', options: { breachedPasswords: OwnBreaches } }, { breachCheck: false });
    const answer = await off.client.post('/auth/signup', { email: 'off@example.com', password: BREACHED });
    await off.close();
    expect([answer.status, warned(off).length]).toEqual([201, 1]);
  });
});
