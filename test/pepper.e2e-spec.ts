import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { availableDatabases, type TestDatabase } from './support/databases.js';
import { userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const EMAIL = 'ann@example.com';
const [FIRST, SECOND] = [randomBytes(36).toString('base64'), randomBytes(36).toString('base64')];

interface Hashing {
  pepper?: string;
  previousPeppers?: string[];
}

const login = async (t: TestApp, password = PASSWORD) => {
  const { status } = await t.client.post('/auth/login', { email: EMAIL, password });
  return status;
};
const storedHash = async (t: TestApp) => (await userRow(t, EMAIL))!.passwordHash;
const pepperIdOf = async (t: TestApp) => /,keyid=([^$]+)\$/.exec(await storedHash(t))?.[1];

describe.each(availableDatabases())('a pepper on %s', (kind) => {
  let database: TestDatabase | undefined;
  const open: TestApp[] = [];
  afterEach(async () => {
    for (const app of open.splice(0).toReversed()) await app.close();
    database = undefined;
  });

  /** The application as it is restarted on the same database, with other peppers. */
  async function start(hashing: Hashing): Promise<TestApp> {
    const app = await createTestApp({ database: kind, on: database, options: { hashing } });
    database ??= app.database;
    open.push(app);
    return app;
  }

  it('is named in the hash and not kept in it', async () => {
    const t = await start({ pepper: FIRST });
    await t.activeUser(EMAIL);
    expect(await storedHash(t)).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1,keyid=[A-Za-z0-9+/]{11}\$/);
    expect(await storedHash(t)).not.toContain(FIRST);
    expect(await login(t)).toBe(200);
    expect(await login(t, `${PASSWORD}.`)).toBe(401);
    expect(t.logs.lines.filter((line) => line.includes(FIRST))).toEqual([]);
  });

  it('makes a stolen hash worthless: without it the right password does not match', async () => {
    const t = await start({ pepper: FIRST });
    await t.activeUser(EMAIL);
    const stored = await storedHash(t);
    const thief = await start({});
    expect(await login(thief)).toBe(401);
    await thief.dataSource.query(`UPDATE users SET password_hash = '${stored.replace(/,keyid=[^$]+/, '')}'`);
    expect(await login(thief)).toBe(401);
    expect(thief.logs.lines.filter((line) => line.includes('pepper that is not configured'))).toHaveLength(1);
  });

  it('goes into the hash of an account from before at its next login', async () => {
    await (await start({})).activeUser(EMAIL);
    const t = await start({ pepper: FIRST });
    expect(await pepperIdOf(t)).toBeUndefined();
    expect(await login(t)).toBe(200);
    expect(await pepperIdOf(t)).toBeDefined();
    expect(await login(t)).toBe(200);
  });

  it('rotates: hashes of the former one verify, and take the new one at the next login', async () => {
    const before = await start({ pepper: FIRST });
    await before.activeUser(EMAIL);
    const former = await pepperIdOf(before);
    const t = await start({ pepper: SECOND, previousPeppers: [FIRST] });
    expect(await login(t, `${PASSWORD}.`)).toBe(401);
    expect(await pepperIdOf(t)).toBe(former);
    expect(await login(t)).toBe(200);
    expect(await pepperIdOf(t)).not.toBe(former);
    // The former one is not needed any more.
    expect(await login(await start({ pepper: SECOND }))).toBe(200);
  });

  it('can be given up', async () => {
    await (await start({ pepper: FIRST })).activeUser(EMAIL);
    const t = await start({ previousPeppers: [FIRST] });
    expect(await login(t)).toBe(200);
    expect(await pepperIdOf(t)).toBeUndefined();
  });
});

describe('a pepper that is none', () => {
  it.each([
    ['hashing.pepper', { pepper: 'short' }],
    ['hashing.previousPeppers', { previousPeppers: [FIRST, 'short'] }],
  ])('stops the start at %s, without repeating it', async (path, hashing) => {
    const start = createTestApp({ options: { hashing } });
    await expect(start).rejects.toThrow(`${path} (AUTH_PASSWORD_`);
    await expect(start).rejects.not.toThrow(/'short'|"short"/);
  });
});
