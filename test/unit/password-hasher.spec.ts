import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AuthConfig } from '../../lib/platform/config/auth-config.js';
import { loadArgon2Engine, loadNodeRsArgon2, loadReferenceArgon2 } from '../../lib/engine/passwords/argon2-engine.js';
import { HashLimiter } from '../../lib/engine/passwords/hash-limiter.js';
import { PasswordHasher } from '../../lib/engine/passwords/password-hasher.js';

const CHEAP = { memoryKib: 8, timeCost: 1 };

function configWith(
  hashing: Partial<AuthConfig['hashing']> = {},
  normalisation: AuthConfig['password']['normalisation'] = 'nfc',
): AuthConfig {
  return {
    password: { maxLength: 128, normalisation },
    hashing: { ...CHEAP, concurrency: 0, queue: 64, importedHashes: false, previousPeppers: [], ...hashing },
  } as AuthConfig;
}

const FOREIGN_STRINGS = [
  '',
  'plain text',
  '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy',
  '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0',
  '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$!!!',
  '$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaGhhc2hoYXNo',
  '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaA',
  '$argon2id$v=19$m=7,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNo',
  '$argon2id$v=19$m=8,t=0,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNo',
  '$argon2id$v=99$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNo',
  '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNo\n',
  '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx1$aGFzaGhhc2hoYXN',
];

/** The same text in both spellings of Unicode. */
const [COMPOSED, DECOMPOSED] = ['caf\u00e9 au lait 1', 'cafe\u0301 au lait 1'];

/** That many bytes, as a PHC string writes them. */
const base64 = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64').replace(/=+$/, '');

const unavailable = () => Promise.reject(new Error('no binary for this platform'));

describe.each([
  ['@node-rs/argon2', loadNodeRsArgon2, loadReferenceArgon2],
  ['argon2', loadReferenceArgon2, loadNodeRsArgon2],
])('the engine %s', (name, load, loadOther) => {
  it('writes the standard PHC string of Argon2id with parallelism 1', async () => {
    const engine = await load();
    expect(engine.name).toBe(name);
    expect(await engine.hash('correct horse', { memoryKib: 19_456, timeCost: 2 })).toMatch(
      /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/,
    );
  });

  it('salts: the same password has another hash each time', async () => {
    const engine = await load();
    expect(await engine.hash('correct horse', CHEAP)).not.toBe(await engine.hash('correct horse', CHEAP));
  });

  it('verifies what the other engine wrote', async () => {
    const [engine, other] = await Promise.all([load(), loadOther()]);
    const password = 'pässwörd \u{1F600} \0 tail';
    const phc = await other.hash(password, CHEAP);
    expect(await engine.verify(phc, password)).toBe(true);
    expect(await engine.verify(phc, `${password}.`)).toBe(false);
  });

  it('takes damaged and foreign strings as no match, never as an error', async () => {
    const engine = await load();
    const answers = await Promise.all(FOREIGN_STRINGS.map((phc) => engine.verify(phc, 'correct horse')));
    expect(answers).toEqual(FOREIGN_STRINGS.map(() => false));
  });

  it('verifies the longest salt and hash that count as readable', async () => {
    const engine = await load();
    for (const [salt, hash] of [
      [8, 12],
      [48, 64],
    ] as const) {
      const phc = `$argon2i$v=16$m=8,t=3,p=1$${base64(salt)}$${base64(hash)}`;
      expect(await engine.verify(phc, 'correct horse')).toBe(false);
    }
  });
});

describe('loadArgon2Engine', () => {
  it('prefers @node-rs/argon2 and falls back to argon2', async () => {
    expect((await loadArgon2Engine()).name).toBe('@node-rs/argon2');
    expect((await loadArgon2Engine([unavailable, loadReferenceArgon2])).name).toBe('argon2');
  });

  it('says what to install when there is none', async () => {
    await expect(loadArgon2Engine([unavailable, unavailable])).rejects.toThrow(/Install @node-rs\/argon2/);
  });
});

describe('PasswordHasher', () => {
  const run = vi.spyOn(HashLimiter.prototype, 'run');
  let hasher: PasswordHasher;

  beforeEach(async () => {
    hasher = new PasswordHasher(configWith());
    await hasher.onModuleInit();
    // The stand-in is made beside the start: whoever asks for it waits.
    await hasher.verify(undefined, 'correct horse battery');
    run.mockClear();
  });

  afterEach(() => run.mockClear());

  it('verifies the password it hashed, and no other', async () => {
    const phc = await hasher.hash('correct horse battery');
    expect(await hasher.verify(phc, 'correct horse battery')).toBe(true);
    for (const wrong of [
      'correct horse batterz',
      'Correct horse battery',
      ' correct horse battery',
      'correct horse battery ',
      '',
    ]) {
      expect(await hasher.verify(phc, wrong)).toBe(false);
    }
  });

  it('hashes what stands behind a NUL byte', async () => {
    const phc = await hasher.hash('correct\0horse');
    expect(await hasher.verify(phc, 'correct\0horse')).toBe(true);
    expect(await hasher.verify(phc, 'correct\0house')).toBe(false);
    expect(await hasher.verify(phc, 'correct')).toBe(false);
  });

  it.each([72, 127])('tells passwords apart that share their first %d bytes', async (length) => {
    const shared = 'a'.repeat(length);
    const phc = await hasher.hash(`${shared}x`);
    expect(await hasher.verify(phc, `${shared}x`)).toBe(true);
    expect(await hasher.verify(phc, `${shared}y`)).toBe(false);
    expect(await hasher.verify(phc, shared)).toBe(false);
  });

  it.each([
    ['composed', COMPOSED],
    ['decomposed', DECOMPOSED],
  ])('takes both spellings of a letter for the same password, hashed %s', async (_, chosen) => {
    const phc = await hasher.hash(chosen);
    expect(phc).toContain(',p=1,norm=nfc$');
    for (const typed of [COMPOSED, DECOMPOSED]) expect(await hasher.verify(phc, typed)).toBe(true);
    for (const other of ['cafe au lait 1', 'caf\u00e8 au lait 1', 'CAF\u00c9 au lait 1']) {
      expect(await hasher.verify(phc, other)).toBe(false);
    }
  });

  it('joins spellings of the same text and nothing else: ² is not 2, nor is a wide letter a narrow one', async () => {
    const phc = await hasher.hash('e = mc2, says the fox');
    expect(await hasher.verify(phc, 'e = mc\u00b2, says the fox')).toBe(false);
    expect(await hasher.verify(phc, '\uff45 = mc2, says the fox')).toBe(false);
  });

  it('writes the standard string for plain ASCII, which has one spelling, and leaves it so', async () => {
    const phc = await hasher.hash('correct horse battery');
    expect(phc).toMatch(/,p=1\$/);
    expect(hasher.needsRehash(phc, 'correct horse battery')).toBe(false);
  });

  it('verifies a hash from before as it was typed, at one computation, and renews it', async () => {
    const before = new PasswordHasher(configWith({}, 'none'));
    for (const chosen of [COMPOSED, DECOMPOSED]) {
      const phc = await before.hash(chosen);
      expect(phc).toMatch(/,p=1\$/);
      expect(before.needsRehash(phc, chosen)).toBe(false);
      run.mockClear();
      expect(await hasher.verify(phc, chosen)).toBe(true);
      expect(run).toHaveBeenCalledTimes(1);
      expect(await hasher.verify(phc, chosen === COMPOSED ? DECOMPOSED : COMPOSED)).toBe(false);
      expect(hasher.needsRehash(phc, chosen)).toBe(true);
    }
  });

  it('with none takes every spelling for a password of its own, and still verifies a normalised hash', async () => {
    const exact = new PasswordHasher(configWith({}, 'none'));
    expect(await exact.verify(await exact.hash(COMPOSED), DECOMPOSED)).toBe(false);
    const phc = await hasher.hash(COMPOSED);
    for (const typed of [COMPOSED, DECOMPOSED]) expect(await exact.verify(phc, typed)).toBe(true);
    expect(exact.needsRehash(phc, COMPOSED)).toBe(true);
  });

  it('names pepper and spelling side by side', async () => {
    const peppered = new PasswordHasher(configWith({ pepper: 'p'.repeat(32) }));
    const phc = await peppered.hash(COMPOSED);
    expect(phc).toMatch(/,p=1,keyid=[A-Za-z0-9+/]{11},norm=nfc\$/);
    expect(await peppered.verify(phc, DECOMPOSED)).toBe(true);
    expect(peppered.needsRehash(phc, COMPOSED)).toBe(false);
    expect(await hasher.verify(phc, COMPOSED)).toBe(false);
  });

  it('counts the longest password in the spelling it hashes', async () => {
    // A syllable of one code point and 3 bytes is three and 9 in the other spelling: 1152 bytes.
    const [syllables, letters] = ['\uac01'.repeat(128), '\uac01'.repeat(128).normalize('NFD')];
    const phc = await hasher.hash(letters);
    expect(await hasher.verify(phc, syllables)).toBe(true);
    await expect(hasher.hash(`${letters}x`)).rejects.toMatchObject({ code: 'PASSWORD_REJECTED' });
  });

  it('computes one hash for a known, an unknown and an unreadable account alike', async () => {
    const phc = await hasher.hash('correct horse battery');
    for (const stored of [
      phc,
      undefined,
      'unreadable',
      '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy',
    ]) {
      run.mockClear();
      await hasher.verify(stored, 'wrong horse battery');
      expect(run).toHaveBeenCalledTimes(1);
    }
    expect(await hasher.verify(undefined, 'correct horse battery')).toBe(false);
  });

  it('makes the stand-in once, when it is asked before the start', async () => {
    const early = new PasswordHasher(configWith());
    await Promise.all(Array.from({ length: 5 }, () => early.verify(undefined, 'correct horse battery')));
    expect(run).toHaveBeenCalledTimes(1 + 5);
  });

  it.each([
    ['one code point over the maximum', 'a'.repeat(129)],
    ['1 MB', 'a'.repeat(1_000_000)],
    ['1 MB of emoji', '\u{1F600}'.repeat(250_000)],
    ['a lone high surrogate', 'correct horse \ud800'],
    ['a lone low surrogate', 'correct \udc00 horse'],
  ])('computes nothing for a password no account can have: %s', async (_, password) => {
    const phc = await hasher.hash('correct horse battery');
    run.mockClear();
    expect(await hasher.verify(phc, password)).toBe(false);
    expect(await hasher.verify(undefined, password)).toBe(false);
    await expect(hasher.hash(password)).rejects.toMatchObject({ code: 'PASSWORD_REJECTED' });
    expect(run).not.toHaveBeenCalled();
  });

  it('counts code points, so that 128 emoji are a password', async () => {
    const password = '\u{1F600}'.repeat(128);
    expect(await hasher.verify(await hasher.hash(password), password)).toBe(true);
  });

  it('turns the caller away when the queue is full', async () => {
    const busy = new PasswordHasher(configWith({ concurrency: 1, queue: 1 }));
    await busy.onModuleInit();
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => busy.verify(undefined, 'correct horse')));
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
      'rejected',
    ]);
    expect(await busy.verify(undefined, 'correct horse')).toBe(false);
  });

  it('asks for a new hash exactly where the stored one is weaker than today', async () => {
    const today = new PasswordHasher(configWith({ memoryKib: 19_456, timeCost: 2 }));
    const asks = (parameters: string) =>
      today.needsRehash(`$${parameters}$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNo`, 'correct horse');
    expect(asks('argon2id$v=19$m=19456,t=2,p=1')).toBe(false);
    expect(asks('argon2id$v=19$m=19456,t=2,p=1,norm=nfc')).toBe(false);
    expect(asks('argon2id$v=19$m=65536,t=3,p=4')).toBe(false);
    expect(asks('argon2id$v=19$m=19455,t=2,p=1')).toBe(true);
    expect(asks('argon2id$v=19$m=19456,t=1,p=1')).toBe(true);
    expect(asks('argon2id$v=16$m=19456,t=2,p=1')).toBe(true);
    expect(asks('argon2i$v=19$m=19456,t=2,p=1')).toBe(true);
    expect(asks('argon2d$v=19$m=19456,t=2,p=1')).toBe(true);
    expect(today.needsRehash('unreadable', 'correct horse')).toBe(true);
    expect(hasher.needsRehash(await hasher.hash(COMPOSED), DECOMPOSED)).toBe(false);
  });
});
