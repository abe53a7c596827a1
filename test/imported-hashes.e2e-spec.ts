import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { PasswordHasher } from '../lib/engine/passwords/password-hasher.js';
import { fingerprint, inParallel } from './support/client.js';
import { IMPORTED_HASHES, IMPORTED_PASSWORD } from './support/imported-hashes.js';
import { changeUser, tokenRows, userRow } from './support/rows.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { stacks } from './support/stacks.js';

const ARGON2ID = /^\$argon2id\$v=19\$m=64,t=1,p=1\$/;

async function importUser(t: TestApp, email: string, passwordHash: string): Promise<void> {
  await t.activeUser(email, 'another password than the imported one');
  await changeUser(t, email, { passwordHash });
}

const login = (t: TestApp, email: string, password: string = IMPORTED_PASSWORD) =>
  t.client.post('/auth/login', { email, password });

describe.each(stacks())('imported hashes on $database with $adapter', (stack) => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({ ...stack, options: { hashing: { importedHashes: true } } });
  });
  afterAll(() => t.close());
  afterEach(() => {
    vi.restoreAllMocks();
  });

  // Which hashes verify is a rule that no database knows; that the new one is written is for each of them to show.
  const hashes = Object.entries(IMPORTED_HASHES).slice(0, stack.database === 'sqlite' ? undefined : 1);

  it.each(hashes)('log in by %s once, and by Argon2id from then on', async (name, stored) => {
    const email = `${name.toLowerCase().replace(/\W+/g, '-')}@example.com`;
    await importUser(t, email, stored);
    const first = await login(t, email);
    expect(first.status).toBe(200);
    expect((await t.client.get('/demo/protected', { bearer: first.body.access_token })).status).toBe(200);
    expect((await userRow(t, email))?.passwordHash).toMatch(ARGON2ID);
    expect((await login(t, email)).status).toBe(200);
    expect((await login(t, email, `${IMPORTED_PASSWORD}.`)).status).toBe(401);
  });

  it('stay as they are where the password was wrong, and open no session', async () => {
    await importUser(t, 'wrong@example.com', IMPORTED_HASHES['bcrypt 2b']);
    const before = await tokenRows(t, 'wrong@example.com', 'session');
    const refusal = await login(t, 'wrong@example.com', 'not the password of anybody');
    expect(fingerprint(refusal)).toEqual(fingerprint(await login(t, 'nobody@example.com')));
    expect((await userRow(t, 'wrong@example.com'))?.passwordHash).toBe(IMPORTED_HASHES['bcrypt 2b']);
    expect(await tokenRows(t, 'wrong@example.com', 'session')).toEqual(before);
  });

  it('become one Argon2id hash under 20 parallel logins, all of which succeed', async () => {
    await importUser(t, 'crowd@example.com', IMPORTED_HASHES['bcrypt 2y']);
    const { engine } = (await t.app.get(PasswordHasher)['prepared'])!;
    const hash = vi.spyOn(engine, 'hash');
    const answers = await inParallel(20, () => login(t, 'crowd@example.com'));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(hash).toHaveBeenCalledTimes(1);
    expect((await userRow(t, 'crowd@example.com'))?.passwordHash).toMatch(ARGON2ID);
  });

  it('do not let a deactivated account in', async () => {
    await importUser(t, 'banned@example.com', IMPORTED_HASHES['bcrypt 2b']);
    await changeUser(t, 'banned@example.com', { isActive: false });
    expect((await login(t, 'banned@example.com')).status).toBe(401);
    expect((await userRow(t, 'banned@example.com'))?.passwordHash).toBe(IMPORTED_HASHES['bcrypt 2b']);
  });
});

describe('a refusal, where hashes were imported', () => {
  const FLOOR_MS = 120;
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({ options: { hashing: { importedHashes: true }, uniformAnswerMs: FLOOR_MS } });
    await t.activeUser('native@example.com');
    await importUser(t, 'imported@example.com', IMPORTED_HASHES['bcrypt 2a']);
  });
  afterAll(() => t.close());

  it.each(['nobody@example.com', 'native@example.com', 'imported@example.com'])(
    'comes no earlier for %s than for the others',
    async (email) => {
      const begun = performance.now();
      expect((await login(t, email, 'not the password of anybody')).status).toBe(401);
      // Timers may fire a millisecond early.
      expect(performance.now() - begun).toBeGreaterThan(FLOOR_MS - 2);
    },
  );
});

describe('without the switch', () => {
  it('an imported hash is no way in, and is not touched', async () => {
    const t = await createTestApp();
    await importUser(t, 'ann@example.com', IMPORTED_HASHES['bcrypt 2b']);
    expect((await login(t, 'ann@example.com')).status).toBe(401);
    expect((await userRow(t, 'ann@example.com'))?.passwordHash).toBe(IMPORTED_HASHES['bcrypt 2b']);
    await t.close();
  });
});
