import { describe, expect, it } from 'vitest';
import { readImportedHash } from '../../lib/engine/passwords/imported-hash.js';
import { IMPORTED_HASHES, IMPORTED_PASSWORD } from '../support/imported-hashes.js';

describe.each(Object.entries(IMPORTED_HASHES))('a hash by %s', (_, stored) => {
  it('matches its password, and no other', async () => {
    const matches = readImportedHash(stored)!;
    expect(await matches(IMPORTED_PASSWORD)).toBe(true);
    expect(await matches(`${IMPORTED_PASSWORD}.`)).toBe(false);
    expect(await matches('')).toBe(false);
  });

  it('does not match when its last character is another', async () => {
    // bcrypt writes 184 bits in 31 characters: some of the last one's are not looked at. So the one before it.
    const at = stored.replace(/=+$/, '').length - 2;
    const other = stored[at] === 'a' ? 'b' : 'a';
    const damaged = readImportedHash(stored.slice(0, at) + other + stored.slice(at + 1));
    expect(await damaged?.(IMPORTED_PASSWORD)).toBe(false);
  });
});

describe('a stored text', () => {
  it.each([
    ['nothing', ''],
    ['a password in clear', IMPORTED_PASSWORD],
    ['an MD5', '5f4dcc3b5aa765d61d8327deb882cf99'],
    ['a bcrypt hash that was cut off', IMPORTED_HASHES['bcrypt 2b'].slice(0, -1)],
    ['bcrypt with a cost of hours', IMPORTED_HASHES['bcrypt 2b'].replace('$05$', '$31$')],
    ['bcrypt of cost 15', IMPORTED_HASHES['bcrypt 2b'].replace('$05$', '$15$')],
    ['scrypt of many lanes', IMPORTED_HASHES['scrypt, PHC'].replace('ln=10,r=8,p=1', 'ln=17,r=8,p=3')],
    ['PBKDF2 with 3,000,001 iterations', IMPORTED_HASHES['PBKDF2-SHA-256, Django'].replace('$1000$', '$3000001$')],
    ['bcrypt of a faulty version', IMPORTED_HASHES['bcrypt 2b'].replace('2b', '2x')],
    ['scrypt that takes gigabytes', IMPORTED_HASHES['scrypt, PHC'].replace('ln=10', 'ln=30')],
    ['scrypt whose N is no power of two', IMPORTED_HASHES['scrypt, Werkzeug'].replace('1024', '1000')],
    ['scrypt with no block', IMPORTED_HASHES['scrypt, PHC'].replace('r=8', 'r=0')],
    ['PBKDF2 without an iteration', IMPORTED_HASHES['PBKDF2-SHA-256, Django'].replace('$1000$', '$0$')],
    ['PBKDF2 with iterations for a minute', IMPORTED_HASHES['PBKDF2-SHA-256, Django'].replace('$1000$', '$99999999$')],
    ['PBKDF2 with a digest nobody uses', IMPORTED_HASHES['PBKDF2-SHA-256, Werkzeug'].replace('sha256', 'md5')],
    ['a hash of four bytes', '$pbkdf2-sha256$i=1000$MDEyMzQ1Njc4OWFiY2RlZg$yqSq2Q'],
    ['a line break behind the hash', `${IMPORTED_HASHES['bcrypt 2b']}\n`],
  ])('is unreadable where it is %s', (_, stored) => {
    expect(readImportedHash(stored)).toBeUndefined();
  });

  it.each([
    ['bcrypt of cost 12', IMPORTED_HASHES['bcrypt 2b'].replace('$05$', '$12$')],
    ['scrypt as OWASP asks', IMPORTED_HASHES['scrypt, PHC'].replace('ln=10', 'ln=17')],
    ['PBKDF2 as Django 6 does', IMPORTED_HASHES['PBKDF2-SHA-256, Django'].replace('$1000$', '$1200000$')],
  ])('is readable where it is %s', (_, stored) => {
    expect(readImportedHash(stored)).toBeDefined();
  });
});
