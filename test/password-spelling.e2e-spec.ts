import { afterEach, describe, expect, it, vi } from 'vitest';
import { PasswordHasher } from '../lib/engine/passwords/password-hasher.js';
import { availableDatabases, type TestDatabase } from './support/databases.js';
import { userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const EMAIL = 'zoe@example.com';
/** One text in the two spellings of Unicode: as Windows and Linux type it, and as some systems decompose it. */
const [COMPOSED, DECOMPOSED] = ['un café à Besançon', 'un café à Besançon'].map((text, index) =>
  text.normalize(index === 0 ? 'NFC' : 'NFD'),
) as [string, string];
const OTHER = COMPOSED.replace('é', 'è');

const login = async (t: TestApp, password: string) =>
  (await t.client.post('/auth/login', { email: EMAIL, password })).status;
const storedHash = async (t: TestApp) => (await userRow(t, EMAIL))!.passwordHash;

/** How many Argon2 computations a piece of work takes. */
async function computationsOf(t: TestApp, work: () => Promise<unknown>): Promise<number> {
  const { engine } = (await t.app.get(PasswordHasher)['prepared'])!;
  const [hash, verify] = [vi.spyOn(engine, 'hash'), vi.spyOn(engine, 'verify')];
  await work();
  const count = hash.mock.calls.length + verify.mock.calls.length;
  vi.restoreAllMocks();
  return count;
}

describe.each(availableDatabases())('a password with two spellings on %s', (kind) => {
  let database: TestDatabase | undefined;
  const open: TestApp[] = [];
  afterEach(async () => {
    for (const app of open.splice(0).toReversed()) await app.close();
    database = undefined;
  });

  /** The application as it is restarted on the same database, with another option. */
  async function start(normalisation?: 'nfc' | 'none'): Promise<TestApp> {
    const app = await createTestApp({ database: kind, on: database, options: { password: { normalisation } } });
    database ??= app.database;
    open.push(app);
    return app;
  }

  it.each([
    ['composed', COMPOSED, DECOMPOSED],
    ['decomposed', DECOMPOSED, COMPOSED],
  ])('is one password, chosen %s', async (_, chosen, other) => {
    const t = await start();
    const { access_token: bearer } = await t.activeUser(EMAIL, chosen);
    expect([await login(t, chosen), await login(t, other)]).toEqual([200, 200]);
    expect([await login(t, OTHER), await login(t, chosen.normalize('NFKD').replace(/\p{M}/gu, ''))]).toEqual([
      401, 401,
    ]);
    const change = { current_password: other, new_password: PASSWORD };
    expect((await t.client.post('/auth/password-change', change, { bearer })).status).toBe(204);
    expect([await login(t, PASSWORD), await login(t, chosen)]).toEqual([200, 401]);
  });

  it('goes on working under a hash from before, and is lifted by its next login', async () => {
    const before = await start('none');
    await before.activeUser(EMAIL, DECOMPOSED);
    expect([await login(before, COMPOSED), await login(before, DECOMPOSED)]).toEqual([401, 200]);
    const raw = await storedHash(before);
    const t = await start('nfc');
    // Nobody can tell how that hash was spelt without a computation more, whose time would tell of the account.
    expect(await computationsOf(t, () => login(t, COMPOSED))).toBe(1);
    expect(
      await computationsOf(t, () => t.client.post('/auth/login', { email: 'x@y.example', password: COMPOSED })),
    ).toBe(1);
    expect(await storedHash(t)).toBe(raw);
    expect(await login(t, DECOMPOSED)).toBe(200);
    expect(await storedHash(t)).toMatch(/,norm=nfc\$/);
    expect([await login(t, COMPOSED), await login(t, DECOMPOSED), await login(t, OTHER)]).toEqual([200, 200, 401]);
    expect(await computationsOf(t, () => login(t, COMPOSED))).toBe(1);
  });

  it('is exact again where the option is given up', async () => {
    await (await start('nfc')).activeUser(EMAIL, COMPOSED);
    const t = await start('none');
    expect(await login(t, DECOMPOSED)).toBe(200);
    expect(await storedHash(t)).not.toContain('norm=');
    expect([await login(t, COMPOSED), await login(t, DECOMPOSED)]).toEqual([401, 200]);
  });

  it('leaves the hash of a plain password as every other implementation writes it', async () => {
    const before = await start('none');
    await before.activeUser(EMAIL);
    const stored = await storedHash(before);
    const t = await start('nfc');
    expect(await login(t, PASSWORD)).toBe(200);
    expect(await storedHash(t)).toBe(stored);
    expect(stored).not.toContain('norm=');
  });
});

const spelt = (count: number, form: string) => 'ệ'.repeat(count).normalize(form);

describe('the length of a password', () => {
  it('is that of what is hashed, at signup as at login', async () => {
    const t = await createTestApp({ mode: 'C' });
    const signup = async (email: string, password: string) =>
      (await t.client.post('/auth/signup', { email, password })).body.errors?.[0].messages ?? 'accepted';
    for (const form of ['NFC', 'NFD']) {
      expect(await signup(`${form}11@example.com`, spelt(11, form))).toContain(
        'The password must have at least 12 characters.',
      );
      expect(await signup(`${form}129@example.com`, spelt(129, form))).toHaveLength(1);
    }
    await t.activeUser(EMAIL, spelt(128, 'NFD'));
    expect([await login(t, spelt(128, 'NFC')), await login(t, spelt(128, 'NFD'))]).toEqual([200, 200]);
    await t.close();
  });
});
