import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { PasswordHasher } from '../lib/engine/passwords/password-hasher.js';
import { areaUnderCurve } from './support/auc.js';
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

describe.each([undefined, 'basic'] as const)('a refusal, where hashes were imported, at level %s', (level) => {
  const FLOOR_MS = 120;
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({ level, options: { hashing: { importedHashes: true, importedFloorMs: FLOOR_MS } } });
    await t.client.post('/auth/signup', { email: 'native@example.com', password: IMPORTED_PASSWORD });
    await t.client.post('/auth/signup', { email: 'imported@example.com', password: IMPORTED_PASSWORD });
    await changeUser(t, 'imported@example.com', { passwordHash: IMPORTED_HASHES['bcrypt 2a'], isActive: true });
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

describe(
  'bcrypt of cost 13, which takes longer than the answers of signup and reset wait',
  { timeout: 120_000 },
  () => {
    const SAMPLES = 24;
    /** As many as are computed at once: none waits for another, which would blur what is to be seen. */
    const AT_ONCE = 2;
    let t: TestApp;
    beforeAll(async () => {
      t = await createTestApp({ options: { hashing: { importedHashes: true } } });
      await importUser(t, 'dear@example.com', IMPORTED_HASHES['bcrypt 2b'].replace('$05$', '$13$'));
    });
    afterAll(() => t.close());

    it('does not tell imported accounts from addresses nobody has', async () => {
      const [unknown, imported]: [number[], number[]] = [[], []];
      for (let round = 0; round < (2 * SAMPLES) / AT_ONCE; round++)
        await inParallel(AT_ONCE, async (index) => {
          // In turn: who comes first in a round waits for nobody.
          const isUnknown = (round + index) % 2 === 0;
          const begun = performance.now();
          await login(t, isUnknown ? 'nobody@example.com' : 'dear@example.com', 'not the password of anybody');
          (isUnknown ? unknown : imported).push(performance.now() - begun);
        });
      // Without the floor each of one kind takes longer than each of the other: 1.
      expect(Math.abs(areaUnderCurve(unknown, imported) - 0.5)).toBeLessThan(0.35);
    });
  },
);

describe('an imported hash that outlasts the floor', () => {
  it('is told in the log, once, and without a name', async () => {
    const t = await createTestApp({ options: { hashing: { importedHashes: true, importedFloorMs: 1 } } });
    await importUser(t, 'dear@example.com', IMPORTED_HASHES['bcrypt 2b'].replace('$05$', '$08$'));
    for (let attempt = 0; attempt < 3; attempt++) await login(t, 'dear@example.com', 'not the password of anybody');
    const lines = t.logs.lines.filter((line) => line.includes('AUTH_IMPORTED_HASHES_FLOOR_MS'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('dear@example.com');
    await t.close();
  });
});

describe('without the package of bcrypt', () => {
  it('a bcrypt hash is refused as a wrong password is, and the log says why', async () => {
    const t = await createTestApp({ options: { hashing: { importedHashes: true, importedFloorMs: 1 } } });
    await importUser(t, 'ann@example.com', IMPORTED_HASHES['bcrypt 2b']);
    t.app.get(PasswordHasher)['hasBcrypt'] = false;
    expect(fingerprint(await login(t, 'ann@example.com'))).toEqual(fingerprint(await login(t, 'nobody@example.com')));
    expect(t.logs.lines.join('\n')).toContain('needs @node-rs/bcrypt');
    await t.close();
  });
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
