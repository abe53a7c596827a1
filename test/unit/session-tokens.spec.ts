import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import type { AuthConfig } from '../../lib/platform/config/auth-config.js';
import type { JwtOptions } from '../../lib/platform/config/settings/token-settings.js';
import { KeyRing } from '../../lib/engine/tokens/key-ring.js';
import { deriveKeys } from '../../lib/engine/tokens/keys.js';
import { type SessionSnapshot, SessionTokens, type TokenPair } from '../../lib/engine/tokens/session-tokens.js';
import { claimsOf, encode, forgeJwt, headerOf, type JsonObject } from '../support/jwt.js';
import { newKeyPair } from '../support/key-pair.js';
import { TestClock } from '../support/test-clock.js';

const SECRET = 'for these tests only: nothing is signed with it';
const SESSION_ID = '01890000-0000-7000-8000-000000000001';
const RSA = newKeyPair('RS256');
const EC = newKeyPair('ES256');
const ALGORITHMS: Partial<JwtOptions>[] = [
  { algorithm: 'HS256' },
  { algorithm: 'HS384' },
  { algorithm: 'HS512' },
  { algorithm: 'RS256', privateKey: RSA.privateKey },
  { algorithm: 'ES256', privateKey: EC.privateKey },
];

function tokens(changes: Partial<JwtOptions> = {}, clock = new TestClock()): SessionTokens {
  const claims = { issuer: 'the issuer', audience: 'the audience', accessTtlSeconds: 900 };
  const keys = { secret: SECRET, previousSecrets: [], publicKeys: [], algorithm: 'HS256' } as const;
  const config = { jwt: { ...claims, ...keys, ...changes } } as unknown as AuthConfig;
  return new SessionTokens(clock, config, new KeyRing(config));
}

function snapshot(changes: Partial<SessionSnapshot> = {}): SessionSnapshot {
  const now = new Date();
  const expiresAt = new Date(now.getTime() + 604_800_000);
  return { id: SESSION_ID, userId: 'a-user', generation: 3, startedAt: now, rotatedAt: now, expiresAt, ...changes };
}

const now = () => Math.floor(Date.now() / 1000);
const subject = tokens();
const pair = subject.pair(snapshot());
const keys = deriveKeys(SECRET);
const withRsa = tokens({ algorithm: 'RS256', privateKey: RSA.privateKey });
const withEc = tokens({ algorithm: 'ES256', privateKey: EC.privateKey });

/** Every kind of token under every family of keys: who makes it, with which key, and what a signature is long. */
const kinds = [
  ['access', 'HS256', subject, keys.access.HS256.signs!, 43],
  ['refresh', 'HS256', subject, keys.refresh.HS256.signs!, 43],
  ['access', 'RS256', withRsa, createPrivateKey(RSA.privateKey), 342],
  ['refresh', 'RS256', withRsa, keys.refresh.HS256.signs!, 43],
  ['access', 'ES256', withEc, createPrivateKey(EC.privateKey), 86],
] as const;

describe('a pair', () => {
  it('has an access token of type at+jwt with exactly the claims it needs', () => {
    expect(headerOf(pair.accessToken)).toEqual({ alg: 'HS256', typ: 'at+jwt', kid: keys.access.HS256.kid });
    const { iat, exp, ...rest } = claimsOf(pair.accessToken);
    expect(rest).toEqual({ iss: 'the issuer', aud: 'the audience', sub: 'a-user', sid: SESSION_ID });
    expect(Number(exp) - Number(iat)).toBe(900);
  });

  it('has a refresh token of type rt+jwt that names the generation and the beginning of the session', () => {
    expect(headerOf(pair.refreshToken)).toEqual({ alg: 'HS256', typ: 'rt+jwt', kid: keys.refresh.HS256.kid });
    const { iat, exp, ...rest } = claimsOf(pair.refreshToken);
    const shared = { iss: 'the issuer', aud: 'the audience', sub: 'a-user', sid: SESSION_ID };
    expect(rest).toEqual({ ...shared, gen: 3, auth_time: iat });
    expect(Number(exp) - Number(iat)).toBe(604_800);
  });

  it('depends on nothing but the state of the session', () => {
    const clock = new TestClock();
    const state = snapshot();
    const signer = tokens({}, clock);
    const first = signer.pair(state);
    clock.advance({ seconds: 8 });
    expect(tokens({}, clock).pair(state)).toMatchObject({
      accessToken: first.accessToken,
      refreshToken: first.refreshToken,
    });
    expect(signer.pair({ ...state, generation: 4 }).refreshToken).not.toBe(first.refreshToken);
  });

  it('never outlives the session, and says how long it lasts', () => {
    const clock = new TestClock();
    const expiresAt = new Date(clock.now() + 60_000);
    const short = tokens({}, clock).pair(snapshot({ expiresAt }));
    for (const token of [short.accessToken, short.refreshToken]) {
      expect(claimsOf(token)['exp']).toBe(Math.floor(expiresAt.getTime() / 1000));
    }
    expect(short.expiresIn).toBeLessThanOrEqual(60);
    clock.advance({ seconds: 120 });
    expect(tokens({}, clock).pair(snapshot({ expiresAt })).expiresIn).toBe(0);
  });

  it('writes an integer key as a string, as RFC 7519 asks of `sub`', () => {
    expect(claimsOf(subject.pair(snapshot({ userId: 7 })).accessToken)['sub']).toBe('7');
  });

  it.each(ALGORITHMS)('is signed with the algorithm that is configured: $algorithm', ({ algorithm, privateKey }) => {
    const { accessToken, refreshToken } = tokens({ algorithm, privateKey }).pair(snapshot());
    expect(headerOf(accessToken)['alg']).toBe(algorithm);
    expect(headerOf(refreshToken)['alg']).toBe(privateKey ? 'HS256' : algorithm);
  });

  it.each(ALGORITHMS)('outlives a change of the algorithm from $algorithm to any other', (before) => {
    const { accessToken, refreshToken } = tokens(before).pair(snapshot());
    const publicKeys = [RSA.publicKey, EC.publicKey];
    for (const after of ALGORITHMS) {
      const signer = tokens({ ...after, publicKeys });
      expect(signer.verifyAccess(accessToken)).toMatchObject({ sub: 'a-user', sid: SESSION_ID });
      expect(signer.verifyRefresh(refreshToken)).toMatchObject({ gen: 3 });
    }
  });

  it('outlives its secret while that is listed as a previous one, and no longer', () => {
    const second = tokens({ secret: 'the second secret of these tests', previousSecrets: [SECRET] });
    const without = tokens({ secret: 'the second secret of these tests' });
    expect(second.verifyAccess(pair.accessToken)).toMatchObject({ sub: 'a-user' });
    expect(second.verifyRefresh(pair.refreshToken)).toMatchObject({ gen: 3 });
    expect(without.verifyAccess(pair.accessToken)).toBeUndefined();
    expect(without.verifyRefresh(pair.refreshToken)).toBeUndefined();
    // What is made now needs the new secret alone.
    expect(without.verifyRefresh(second.pair(snapshot()).refreshToken)).toMatchObject({ gen: 3 });
    expect(subject.verifyAccess(second.pair(snapshot()).accessToken)).toBeUndefined();
  });
});

describe.each(kinds)('an %s token under %s', (kind, _algorithm, issuer, key, length) => {
  const tokenOf = ({ accessToken, refreshToken }: TokenPair) => (kind === 'access' ? accessToken : refreshToken);
  const verifyWith = (reader: SessionTokens, text: string) =>
    kind === 'access' ? reader.verifyAccess(text) : reader.verifyRefresh(text);
  const verify = (text: string) => verifyWith(issuer, text);
  const token = tokenOf(issuer.pair(snapshot()));
  const [header, claims] = [headerOf(token), claimsOf(token)];
  const [head, body, signature] = token.split('.') as [string, string, string];
  const sign = (changes: JsonObject, headerChanges: JsonObject = {}, hash = 'sha256') =>
    forgeJwt({ ...header, ...headerChanges }, { ...claims, ...changes }, key, hash);
  const accepted = (variants: string[]) => variants.filter((variant) => verify(variant) !== undefined);

  it('is accepted as it is, also when made by hand: what follows is refused for what it changes', () => {
    expect(verify(token)).toEqual(claims);
    expect(verify(sign({}))).toEqual(claims);
  });

  it('is refused with any single bit changed', () => {
    const variants = Array.from(token).flatMap((character, at) =>
      Array.from({ length: 8 }, (_, bit) => {
        const flipped = String.fromCharCode(character.charCodeAt(0) ^ (1 << bit));
        return token.slice(0, at) + flipped + token.slice(at + 1);
      }),
    );
    expect(new Set(variants).size).toBe(8 * token.length);
    expect(accepted(variants)).toEqual([]);
  });

  it('is refused with any single character of its signature exchanged', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const variants = Array.from(signature).flatMap((character, at) =>
      Array.from(alphabet.replace(character, ''), (other) =>
        [head, body, signature.slice(0, at) + other + signature.slice(at + 1)].join('.'),
      ),
    );
    expect(new Set(variants).size).toBe(63 * length);
    expect(accepted(variants)).toEqual([]);
  });

  it('is refused cut short anywhere, at either end', () => {
    const cuts = Array.from(token, (_, at) => [token.slice(0, at), token.slice(at + 1)]).flat();
    expect(accepted(cuts)).toEqual([]);
  });

  it('is refused with its parts swapped, doubled, emptied, padded or decorated', () => {
    const other = issuer.pair(snapshot({ id: '01890000-0000-7000-8000-000000000002', userId: 'another-user' }));
    const [otherHead, otherBody, otherSignature] = tokenOf(other).split('.');
    const shapes = [
      [body, head, signature],
      [head, signature, body],
      [head, otherBody, signature],
      [head, body, otherSignature],
      [head, body, ''],
      [head, body],
      [head, '', signature],
      ['', body, signature],
      [head, body, signature, signature],
      [head, body, signature, '', ''],
      [head, body, `${signature}=`],
      [`${head}=`, body, signature],
    ].map((parts) => parts.join('.'));
    const decorated = [
      ` ${token}`,
      `${token} `,
      `${token}\n`,
      `\uFEFF${token}`,
      `${token},${token}`,
      `"${token}"`,
      `Bearer ${token}`,
    ];
    const standard = token.replaceAll('-', '+').replaceAll('_', '/');
    expect(otherHead).toBe(head);
    expect(accepted([...shapes, ...decorated, ...(standard === token ? [] : [standard])])).toEqual([]);
  });

  it('is refused unsigned, under another algorithm, or of another type', () => {
    const unsigned = ['none', 'None', 'NONE', '', 'nOnE'].flatMap((alg) => [
      `${encode({ ...header, alg })}.${body}.`,
      `${encode({ ...header, alg })}.${body}.${signature}`,
      sign({}, { alg }),
    ]);
    const algorithms = [
      sign({}, { alg: 'HS384' }, 'sha384'),
      sign({}, { alg: 'HS512' }, 'sha512'),
      sign({}, { alg: 'HS512' }),
      sign({}, { alg: header['alg'] === 'RS256' ? 'HS256' : 'RS256' }),
      sign({}, { alg: header['alg'] === 'ES256' ? 'HS256' : 'ES256' }),
      sign({}, { alg: [header['alg']] }),
      sign({}, { alg: null }),
    ];
    const types = [
      'JWT',
      'jwt',
      'at+jwt ',
      'AT+JWT',
      'application/at+jwt',
      kind === 'access' ? 'rt+jwt' : 'at+jwt',
      '',
      null,
    ];
    expect(accepted([...unsigned, ...algorithms, ...types.map((typ) => sign({}, { typ }))])).toEqual([]);
    expect(verify(sign({}, { typ: undefined }))).toBeUndefined();
  });

  it('is refused with anything more in its header, which never steers the verification', () => {
    const jwk = { kty: 'oct', k: Buffer.from('a key of the attacker').toString('base64url') };
    const extras = [
      { jwk },
      { jku: 'http://127.0.0.1:9/keys' },
      { x5u: 'http://127.0.0.1:9/chain' },
      { x5c: ['MIIB'] },
      { crit: ['x'], x: true },
      { crit: ['b64'], b64: false },
      { b64: false },
      { zip: 'DEF' },
      { cty: 'JWT' },
    ];
    expect(accepted(extras.map((extra) => sign({}, extra)))).toEqual([]);
    expect(verify(forgeJwt({ ...header, jwk }, claims, 'a key of the attacker'))).toBeUndefined();
  });

  it.each<unknown>([
    undefined,
    null,
    '',
    'unknown',
    '../../../../dev/null',
    'http://127.0.0.1:9/keys',
    "' UNION SELECT 'a key of the attacker' --",
    '__proto__',
    'constructor',
    0,
    true,
    [header['kid']],
    { kid: header['kid'] },
    `${String(header['kid'])} `,
    keys.access.HS384.kid,
    keys.refresh.HS512.kid,
    kind === 'access' ? keys.refresh.HS256.kid : keys.access.HS256.kid,
  ])('is refused when it names its key %j', (kid) => {
    expect(verify(sign({}, { kid }))).toBeUndefined();
  });

  it.each<[string, JsonObject]>([
    ['no expiry', { exp: undefined }],
    ['an expiry that is text', { exp: String(now() + 60) }],
    ['an expiry without end', { exp: null }],
    ['an expiry that has passed', { exp: now() - 1 }],
    ['no issue time', { iat: undefined }],
    ['an issue time that is no number', { iat: 'now' }],
    ['a begin that lies ahead', { nbf: now() + 60 }],
    ['another audience', { aud: 'somebody else' }],
    ['no audience', { aud: undefined }],
    ['audiences without ours', { aud: ['one', 'two'] }],
    ['no audience in the list', { aud: [] }],
    ['another issuer', { iss: 'somebody else' }],
    ['no issuer', { iss: undefined }],
    ['issuers in a list', { iss: ['somebody else', 'the issuer'] }],
    ['no subject', { sub: undefined }],
    ['a subject that is a number', { sub: 7 }],
    ['a subject that is an object', { sub: { $ne: null } }],
    ['no session', { sid: undefined }],
    ['a session that is no UUID', { sid: `${SESSION_ID}' OR 1=1 --` }],
    ['a session that is empty', { sid: '' }],
    ['a session that is a list', { sid: [SESSION_ID] }],
  ])('is refused with %s, though rightly signed', (_, changes) => {
    expect(verify(sign(changes))).toBeUndefined();
  });

  it('is accepted from an instance whose clock is up to 30 seconds ahead, and no more', () => {
    expect(verify(sign({ iat: now() + 28 }))).toBeDefined();
    expect(verify(sign({ iat: now() + 35 }))).toBeUndefined();
  });

  it('is refused when signed with any key but its own', () => {
    const other = kind === 'access' ? keys.refresh : keys.access;
    const foreign = [
      SECRET,
      createSecretKey(Buffer.from(SECRET)),
      other.HS256.signs!,
      keys[kind].HS384.signs!,
      keys.link,
      createPrivateKey(newKeyPair('RS256').privateKey),
      createPrivateKey(newKeyPair('ES256').privateKey),
      'another secret altogether',
      'x',
    ];
    expect(accepted(foreign.map((wrong) => forgeJwt(header, claims, wrong)))).toEqual([]);
    const elsewhere = tokens({ secret: `${SECRET} of another application` }).pair(snapshot());
    expect(accepted([elsewhere.accessToken, elsewhere.refreshToken])).toEqual([]);
  });

  it('is no token of the other kind', () => {
    const { accessToken, refreshToken } = issuer.pair(snapshot());
    expect(verify(kind === 'access' ? refreshToken : accessToken)).toBeUndefined();
  });

  it('expires on the second', () => {
    const clock = new TestClock();
    const mine = tokens({}, clock);
    const mineToken = tokenOf(mine.pair(snapshot({ expiresAt: new Date(clock.now() + 600_000) })));
    const isLive = () => verifyWith(mine, mineToken) !== undefined;
    clock.advance({ seconds: 595 });
    expect(isLive()).toBe(true);
    clock.advance({ seconds: 6 });
    expect(isLive()).toBe(false);
  });
});

it.each([undefined, null, '3', 1.5, Number.MAX_SAFE_INTEGER + 1, [3], {}])(
  'refuses a refresh token whose generation or beginning is %j',
  (value) => {
    const [header, claims] = [headerOf(pair.refreshToken), claimsOf(pair.refreshToken)];
    for (const change of [{ gen: value }, { auth_time: value }]) {
      expect(
        subject.verifyRefresh(forgeJwt(header, { ...claims, ...change }, keys.refresh.HS256.signs!)),
      ).toBeUndefined();
    }
  },
);

it.each(['', '.', '..', '...', 'a.b.c', '{}', 'null', 'x'.repeat(10_000), `${'a'.repeat(50_000)}.b.c`])(
  'refuses text that is no token without throwing (%#)',
  (text) => {
    expect(subject.verifyAccess(text)).toBeUndefined();
    expect(subject.verifyRefresh(text)).toBeUndefined();
  },
);

describe.each([
  ['RS256', withRsa, RSA],
  ['ES256', withEc, EC],
] as const)('an access token under %s', (algorithm, issuer, { privateKey, publicKey }) => {
  const { accessToken } = issuer.pair(snapshot());
  const [header, claims] = [headerOf(accessToken), claimsOf(accessToken)];
  const own = createPublicKey(publicKey);

  it('is verified by its public key alone, in an application that signs with another', () => {
    for (const elsewhere of ALGORITHMS.filter((other) => other.algorithm !== algorithm)) {
      const secret = 'the secret of the other application';
      expect(tokens({ ...elsewhere, secret, publicKeys: [publicKey] }).verifyAccess(accessToken)).toEqual(claims);
      expect(tokens({ ...elsewhere, secret }).verifyAccess(accessToken)).toBeUndefined();
    }
  });

  it('names its key by the thumbprint of RFC 7638, as other libraries compute it', async () => {
    const jwk = own.export({ format: 'jwk' }) as JWK;
    expect(header['kid']).toBe(await calculateJwkThumbprint(jwk, 'sha256'));
  });

  it('is refused when the public key was taken for an HMAC secret, whichever way it is written', () => {
    const der = own.export({ type: 'spki', format: 'der' });
    const spellings: (string | KeyObject)[] = [
      publicKey,
      publicKey.trim(),
      publicKey.replaceAll('\n', '\r\n'),
      publicKey.replaceAll('\n', ''),
      der.toString('base64'),
      createSecretKey(der),
      JSON.stringify(own.export({ format: 'jwk' })),
      String(header['kid']),
    ];
    for (const spelling of spellings) {
      for (const [alg, hash] of [
        ['HS256', 'sha256'],
        ['HS384', 'sha384'],
        ['HS512', 'sha512'],
        [algorithm, 'sha256'],
      ] as const) {
        expect(issuer.verifyAccess(forgeJwt({ ...header, alg }, claims, spelling, hash))).toBeUndefined();
      }
    }
  });

  it('is refused when the key of the other algorithm signs it, under either name', () => {
    const both = tokens({ algorithm, privateKey, publicKeys: [RSA.publicKey, EC.publicKey] });
    const [other, wrongKey] = algorithm === 'RS256' ? ['ES256', EC.privateKey] : ['RS256', RSA.privateKey];
    const foreign = createPrivateKey(wrongKey!);
    expect(both.verifyAccess(accessToken)).toEqual(claims);
    expect(both.verifyAccess(forgeJwt(header, claims, foreign))).toBeUndefined();
    expect(both.verifyAccess(forgeJwt({ ...header, alg: other }, claims, foreign))).toBeUndefined();
  });

  it('is refused with a signature of zeros, and with none of any length', () => {
    const signed = accessToken.slice(0, accessToken.lastIndexOf('.'));
    const lengths = [1, 32, 63, 64, 65, 255, 256, 257];
    const zeros = lengths.map((length) => `${signed}.${Buffer.alloc(length).toString('base64url')}`);
    expect(zeros.filter((token) => issuer.verifyAccess(token))).toEqual([]);
  });

  it('verifies no refresh token: those are made from the secret alone', () => {
    const { refreshToken } = pair;
    const [refreshHeader, refreshClaims] = [headerOf(refreshToken), claimsOf(refreshToken)];
    const signed = forgeJwt(
      { ...refreshHeader, alg: algorithm, kid: header['kid'] },
      refreshClaims,
      createPrivateKey(privateKey),
    );
    expect(issuer.verifyRefresh(refreshToken)).toEqual(refreshClaims);
    expect(issuer.verifyRefresh(signed)).toBeUndefined();
  });
});

it('no two keys of a secret share a name, and no name tells the key', () => {
  const kids = [...Object.values(keys.access), ...Object.values(keys.refresh)].map(({ kid }) => kid);
  expect(new Set(kids).size).toBe(6);
  for (const kid of kids) expect(kid).toMatch(/^[A-Za-z0-9_-]{16}$/);
  const material = [...Object.values(keys.access), ...Object.values(keys.refresh)].map(({ signs }) => signs!.export());
  for (const key of material) {
    for (const kid of kids) expect(key.includes(Buffer.from(kid, 'base64url'))).toBe(false);
  }
});
