import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkSigningSecret } from '../../lib/platform/config/secret-checks.js';

const findings = (secret: string) => checkSigningSecret(secret, {}, true).map(({ message }) => message);

/** What people make secrets with, each of 128 random bits or more. */
const GENERATORS: [name: string, make: () => string][] = [
  ['openssl rand -base64 48', () => randomBytes(48).toString('base64')],
  ['openssl rand -base64 24', () => randomBytes(24).toString('base64')],
  ['openssl rand -hex 32', () => randomBytes(32).toString('hex')],
  ['openssl rand -hex 16', () => randomBytes(16).toString('hex')],
  ['base64url', () => randomBytes(32).toString('base64url')],
  ['uuidgen', () => randomUUID()],
  ['printable ASCII', () => Array.from({ length: 40 }, () => String.fromCharCode(randomInt(33, 127))).join('')],
  ['digits', () => Array.from({ length: 48 }, () => randomInt(10)).join('')],
];

describe('a random secret', () => {
  it.each(GENERATORS)('by %s is never taken for a weak one', (_, make) => {
    for (let time = 0; time < 2000; time++) {
      const secret = make();
      expect([secret, findings(secret)]).toEqual([secret, []]);
    }
  });
});

it('a former secret said twice is as strong as it is once', () => {
  expect(findings(randomBytes(32).toString('hex').repeat(2))).toEqual([]);
});
