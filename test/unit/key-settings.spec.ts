import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { describeConfig } from '../../lib/platform/config/describe-config.js';
import { examineConfig, resolveConfig } from '../../lib/platform/config/resolve-config.js';
import { formatProblem } from '../../lib/platform/config/start-up-error.js';
import { newKeyPair } from '../support/key-pair.js';

const BASE = { JWT_SECRET: 'q8Vh2Zt0mXw5Rk7LcJ1yPn9BfGd4SaUe6TioWpK3', SMTP_HOST: 'localhost' };
const PREVIOUS = ['ZqW3vT8yLrXk5NmJ2hPc7SdFg9Ab4UeE', 'uB6nQwH1xKj4RzVt8YmLp3CsDg7FaE5o'];
const RSA = newKeyPair('RS256');
const EC = newKeyPair('ES256');

const pkcs8 = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const spki = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const shortRsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
const otherCurve = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const edwards = generateKeyPairSync('ed25519');
const encrypted = { format: 'pem', cipher: 'aes-256-cbc', passphrase: 'a passphrase of this test' } as const;
const flat = (pem: string) => pem.replaceAll('\n', '');

const settingsOf = (variables: object) => {
  const values: Record<string, string | undefined> = { ...BASE, ...variables };
  return (name: string) => values[name];
};
const resolve = (variables: object) => resolveConfig({}, settingsOf(variables), false).config;
const problemsOf = (variables: object) => examineConfig({}, settingsOf(variables), false).problems;

/** A part of a key that no message may hold. */
const materialOf = (text: string) =>
  text
    .split(/\\n|\s/)
    .filter((line) => line.length > 30 && !line.includes('-----'))
    .map((line) => line.slice(0, 30));

describe('a private key', () => {
  const sec1 = createPrivateKey(EC.privateKey).export({ type: 'sec1', format: 'pem' }).toString();
  const pkcs1 = createPrivateKey(RSA.privateKey).export({ type: 'pkcs1', format: 'pem' }).toString();

  it.each([
    ['as it is', RSA.privateKey],
    ['without the last line break', RSA.privateKey.trim()],
    ['with \\n in letters', RSA.privateKey.replaceAll('\n', '\\n')],
    ['with the line breaks of Windows', RSA.privateKey.replaceAll('\n', '\r\n')],
    ['with spaces for line breaks', RSA.privateKey.replaceAll('\n', ' ')],
    ['on one line', flat(RSA.privateKey)],
    ['in base64', Buffer.from(RSA.privateKey).toString('base64')],
    ['in the older form', pkcs1],
  ])('is taken %s', (_, text) => {
    const { jwt } = resolve({ JWT_ALGORITHM: 'RS256', JWT_PRIVATE_KEY: text });
    expect(createPrivateKey(jwt.privateKey!).equals(createPrivateKey(RSA.privateKey))).toBe(true);
  });

  it('is taken as openssl ecparam writes it, with the curve in front', () => {
    const curve = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
    const { jwt } = resolve({ JWT_ALGORITHM: 'ES256', JWT_PRIVATE_KEY: `${curve}${sec1}` });
    expect(createPrivateKey(jwt.privateKey!).equals(createPrivateKey(EC.privateKey))).toBe(true);
  });

  it.each<[string, string, string, RegExp]>([
    ['something else', 'RS256', 'a key', /is not one PEM block/],
    ['two of them', 'RS256', RSA.privateKey + EC.privateKey, /is not one PEM block/],
    ['half of one', 'RS256', RSA.privateKey.slice(0, 900), /is not one PEM block/],
    ['one with the remains of another', 'RS256', `${RSA.privateKey}${EC.privateKey.slice(0, 60)}`, /is not one PEM/],
    ['one with lines missing', 'RS256', RSA.privateKey.replace(/\n.{64}\n.{64}\n/, '\n'), /cannot be read/],
    ['a public key', 'RS256', RSA.publicKey, /is not a private key/],
    [
      'one behind a passphrase',
      'ES256',
      createPrivateKey(EC.privateKey)
        .export({ type: 'pkcs8', ...encrypted })
        .toString(),
      /passphrase/,
    ],
    [
      'an older one behind a passphrase',
      'RS256',
      createPrivateKey(RSA.privateKey)
        .export({ type: 'pkcs1', ...encrypted })
        .toString(),
      /passphrase/,
    ],
    ['RSA of 1024 bits', 'RS256', pkcs8(shortRsa.privateKey), /2048 bits or more/],
    ['another curve', 'ES256', pkcs8(otherCurve.privateKey), /curve P-256/],
    ['another kind', 'ES256', pkcs8(edwards.privateKey), /curve P-256/],
    ['an EC key for RS256', 'RS256', EC.privateKey, /is a key for ES256, and jwt.algorithm is RS256/],
    ['an RSA key for ES256', 'ES256', RSA.privateKey, /is a key for RS256, and jwt.algorithm is ES256/],
    ['one that HS256 would not use', 'HS256', RSA.privateKey, /would never sign anything/],
    ['none', 'RS256', '', /is missing; with RS256 every access token is signed with it/],
    ['none', 'ES256', '', /is missing; with ES256 every access token is signed with it/],
  ])('is refused where there is %s (%s), and never quoted', (_, algorithm, text, message) => {
    const problems = problemsOf({ JWT_ALGORITHM: algorithm, JWT_PRIVATE_KEY: text });
    expect(problems.map(({ path }) => path)).toEqual(['jwt.privateKey']);
    const shown = problems.map(formatProblem).join();
    expect(shown).toMatch(/^jwt\.privateKey \(JWT_PRIVATE_KEY\): /);
    expect(shown).toMatch(message);
    expect(materialOf(text).filter((line) => shown.includes(line))).toEqual([]);
  });

  it('is not shown at start', () => {
    const line = describeConfig(resolve({ JWT_ALGORITHM: 'RS256', JWT_PRIVATE_KEY: RSA.privateKey }));
    expect(line).toContain(' jwt.privateKey=[redacted] ');
    expect(materialOf(RSA.privateKey).filter((part) => line.includes(part))).toEqual([]);
    expect(describeConfig(resolve({}))).toContain(' jwt.privateKey=(none) ');
  });
});

describe('public keys', () => {
  it.each([
    ['one after the other', RSA.publicKey + EC.publicKey],
    ['with \\n in letters', (RSA.publicKey + EC.publicKey).replaceAll('\n', '\\n')],
    ['on one line', `${flat(RSA.publicKey)} ${flat(EC.publicKey)}`],
    ['in base64', Buffer.from(RSA.publicKey + EC.publicKey).toString('base64')],
  ])('are taken %s', (_, text) => {
    const [first, second, ...more] = resolve({ JWT_PUBLIC_KEYS: text }).jwt.publicKeys;
    expect(createPublicKey(first!).equals(createPublicKey(RSA.publicKey))).toBe(true);
    expect(createPublicKey(second!).equals(createPublicKey(EC.publicKey))).toBe(true);
    expect(more).toEqual([]);
  });

  it.each<[string, string, RegExp]>([
    ['something else', 'a key', /is not a PEM block/],
    ['a private key', RSA.publicKey + EC.privateKey, /has a private key in it/],
    ['a certificate', flat(RSA.publicKey).replaceAll('PUBLIC KEY', 'CERTIFICATE'), /is not a public key/],
    ['a truncated one', RSA.publicKey + EC.publicKey.slice(0, 70), /is not a PEM block/],
    ['one that is no key', RSA.publicKey.replace(/\n.{64}\n/, '\n'), /cannot be read/],
    ['RSA of 1024 bits', spki(shortRsa.publicKey), /2048 bits or more/],
    ['another curve', spki(otherCurve.publicKey), /curve P-256/],
  ])('are refused where there is %s, and never quoted', (_, text, message) => {
    const problems = problemsOf({ JWT_PUBLIC_KEYS: text });
    expect(problems.map(({ path }) => path)).toEqual(['jwt.publicKeys']);
    const shown = problems.map(formatProblem).join();
    expect(shown).toMatch(message);
    expect(materialOf(text).filter((line) => shown.includes(line))).toEqual([]);
  });

  it('are a list in code', () => {
    const jwt = { publicKeys: EC.publicKey as unknown as string[] };
    const problems = examineConfig({ jwt }, settingsOf({}), false).problems;
    expect(problems.map(formatProblem).join()).toMatch(/^jwt\.publicKeys .*is not a list/);
  });
});

describe('previous secrets', () => {
  it.each([PREVIOUS.join(','), PREVIOUS.join(', '), PREVIOUS.join('\n')])(
    'are a list in the environment (%#)',
    (text) => {
      const config = resolve({ JWT_PREVIOUS_SECRETS: text });
      expect(config.jwt.previousSecrets).toEqual(PREVIOUS);
      const line = describeConfig(config);
      expect(line).toContain(' jwt.previousSecrets=[redacted] ');
      for (const secret of PREVIOUS) expect(line).not.toContain(secret);
    },
  );

  it('may have any character in code', () => {
    const previousSecrets = ['a secret, with a comma and spaces in it: q8Vh2Zt0mXw5'];
    expect(resolveConfig({ jwt: { previousSecrets } }, settingsOf({}), false).config.jwt.previousSecrets).toEqual(
      previousSecrets,
    );
  });

  it.each([
    ['shorter than 32 bytes', `${PREVIOUS[0]},short-and-secret-1234`],
    ['a placeholder', `change-me-to-the-output-of-openssl,${PREVIOUS[1]}`],
    ['repeats a few characters', 'abab'.repeat(20)],
  ])('are checked like the secret: one %s is refused, and none is quoted', (message, text) => {
    const problems = problemsOf({ JWT_PREVIOUS_SECRETS: text });
    expect(new Set(problems.map(({ path }) => path))).toEqual(new Set(['jwt.previousSecrets']));
    const shown = problems.map(formatProblem).join();
    expect(shown).toContain(message);
    for (const secret of text.split(',')) expect(shown).not.toContain(secret);
  });
});

it.each(['RS256', 'ES256'])('a shared secret at level none does not go with %s', (algorithm) => {
  const problems = problemsOf({ AUTH_LEVEL: 'none', JWT_ALGORITHM: algorithm });
  expect(problems.map(({ path }) => path)).toEqual(['jwt.algorithm']);
});
