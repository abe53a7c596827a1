import { afterEach, describe, expect, it } from 'vitest';
import type { Answer } from './support/client.js';
import { address, createLimitedApp, from, type LimitedAppOptions } from './support/limited-app.js';
import type { TestApp } from './support/test-app.js';

/** How many of the answers compared a password. */
const compared = (answers: Answer[]) => answers.filter(({ status }) => status === 401).length;

/** What the log says of proxies at the start. */
const said = ({ logs }: TestApp) => logs.lines.filter((line) => line.includes('believes every proxy'));

const WRONG = 'not the passphrase of anybody';

describe.each(['express', 'fastify'] as const)('a limit on %s is not walked round', (adapter) => {
  let t: TestApp | undefined;
  afterEach(() => t?.close());

  const start = async (choice: LimitedAppOptions = {}): Promise<TestApp> => {
    t = await createLimitedApp({ adapter, ...choice });
    t.clock.stopAt(new Date());
    return t;
  };

  // Strapi CVE-2023-38507: a limit that is found by the text of the path. What is no route counts nothing and compares nothing.
  it('by another spelling of the path', async () => {
    const { client } = await start();
    const spellings = [
      '/auth/login',
      '/AUTH/Login',
      '/auth/login/',
      '/auth/login?x=1',
      '/auth//login',
      '/auth/login%20',
    ];
    const answers: Answer[] = [];
    for (let tries = 0; tries < 36; tries++) {
      const body = { email: 'spelt@example.com', password: WRONG };
      answers.push(await client.post(spellings[tries % 6]!, body, from(address(tries))));
    }
    expect(compared(answers)).toBe(5);
  });

  // Strapi CVE-2025-64526: a key with a field of the body in it that the route does not use.
  it('by fields that change from one request to the next', async () => {
    const { client } = await start();
    const answers: Answer[] = [];
    for (let tries = 0; tries < 12; tries++) {
      const body = { email: 'fields@example.com', password: WRONG };
      const other = { [`identifier${tries}`]: 'x', username: `user${tries}` };
      expect((await client.post('/auth/login', { ...body, ...other }, from(address(tries)))).status).toBe(400);
      answers.push(await client.post(`/auth/login?email=${tries}@example.com`, body, from(address(tries))));
    }
    expect(compared(answers)).toBe(5);
    const tokens: number[] = [];
    for (let tries = 0; tries < 302; tries++) {
      const path = `/auth/refresh?email=${tries}@example.com`;
      tokens.push((await client.post(path, { refresh_token: `x${tries}` }, from('203.0.113.4'))).status);
    }
    expect([tokens[299], tokens[300], tokens[301]]).toEqual([401, 429, 429]);
  });

  // CVE-2026-45364 (better-auth), django-allauth 65.14.2: the address that a client writes itself stands on the left.
  it('by addresses that a client puts before its own', async () => {
    const { client } = await start();
    const answers: Answer[] = [];
    for (let tries = 0; tries < 100; tries++) {
      const body = { email: `spoofed${tries}@example.com`, password: WRONG };
      const spoofed = [`${address(tries)}, 203.0.113.8`, `[::ffff:10.0.0.${tries}]:1, 203.0.113.8`][tries % 2]!;
      answers.push(await client.post('/auth/login', body, from(spoofed, { forwarded: `for=10.1.1.${tries}` })));
    }
    expect(compared(answers)).toBe(20);
  });

  it('in silence, where the adapter is told to believe everybody: that is said at the start', async () => {
    expect(said(await start({ trustProxy: true }))).toHaveLength(1);
    await t!.close();
    for (const trustProxy of [false, 'loopback', '10.0.0.0/8, 192.168.0.0/16']) {
      expect(said(await start({ trustProxy }))).toEqual([]);
      await t!.close();
    }
    t = undefined;
  });
});
