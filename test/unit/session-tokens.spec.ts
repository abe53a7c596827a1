import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AuthConfig } from '../../lib/config/auth-config.js';
import type { JwtAlgorithm } from '../../lib/config/settings/token-settings.js';
import { deriveKeys } from '../../lib/tokens/keys.js';
import { type SessionSnapshot, SessionTokens } from '../../lib/tokens/session-tokens.js';
import { claimsOf, encode, forgeJwt, headerOf, type JsonObject } from '../support/jwt.js';
import { TestClock } from '../support/test-clock.js';

const SECRET = 'for these tests only: nothing is signed with it';
const SESSION_ID = '01890000-0000-7000-8000-000000000001';
const HASHES = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' } as const;

function tokens(algorithm: JwtAlgorithm = 'HS256', clock = new TestClock(), secret = SECRET): SessionTokens {
  const jwt = { secret, algorithm, issuer: 'the issuer', audience: 'the audience', accessTtlSeconds: 900 };
  return new SessionTokens(clock, { jwt } as AuthConfig);
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
const kinds = [
  ['access', pair.accessToken, keys.access, (token: string) => subject.verifyAccess(token)],
  ['refresh', pair.refreshToken, keys.refresh, (token: string) => subject.verifyRefresh(token)],
] as const;

describe('a pair', () => {
  it('has an access token of type at+jwt with exactly the claims it needs', () => {
    expect(headerOf(pair.accessToken)).toEqual({ alg: 'HS256', typ: 'at+jwt' });
    const { iat, exp, ...rest } = claimsOf(pair.accessToken);
    expect(rest).toEqual({ iss: 'the issuer', aud: 'the audience', sub: 'a-user', sid: SESSION_ID });
    expect(Number(exp) - Number(iat)).toBe(900);
  });

  it('has a refresh token of type rt+jwt that names the generation and the beginning of the session', () => {
    expect(headerOf(pair.refreshToken)).toEqual({ alg: 'HS256', typ: 'rt+jwt' });
    const { iat, exp, ...rest } = claimsOf(pair.refreshToken);
    const shared = { iss: 'the issuer', aud: 'the audience', sub: 'a-user', sid: SESSION_ID };
    expect(rest).toEqual({ ...shared, gen: 3, auth_time: iat });
    expect(Number(exp) - Number(iat)).toBe(604_800);
  });

  it('depends on nothing but the state of the session', () => {
    const clock = new TestClock();
    const state = snapshot();
    const signer = tokens('HS256', clock);
    const first = signer.pair(state);
    clock.advance({ seconds: 8 });
    expect(tokens('HS256', clock).pair(state)).toMatchObject({
      accessToken: first.accessToken,
      refreshToken: first.refreshToken,
    });
    expect(signer.pair({ ...state, generation: 4 }).refreshToken).not.toBe(first.refreshToken);
  });

  it('never outlives the session, and says how long it lasts', () => {
    const clock = new TestClock();
    const expiresAt = new Date(clock.now() + 60_000);
    const short = tokens('HS256', clock).pair(snapshot({ expiresAt }));
    for (const token of [short.accessToken, short.refreshToken]) {
      expect(claimsOf(token)['exp']).toBe(Math.floor(expiresAt.getTime() / 1000));
    }
    expect(short.expiresIn).toBeLessThanOrEqual(60);
    clock.advance({ seconds: 120 });
    expect(tokens('HS256', clock).pair(snapshot({ expiresAt })).expiresIn).toBe(0);
  });

  it('writes an integer key as a string, as RFC 7519 asks of `sub`', () => {
    expect(claimsOf(subject.pair(snapshot({ userId: 7 })).accessToken)['sub']).toBe('7');
  });

  it.each(['HS256', 'HS384', 'HS512'] as const)('verifies with the algorithm that is configured: %s', (algorithm) => {
    const signer = tokens(algorithm);
    const { accessToken, refreshToken } = signer.pair(snapshot());
    expect(headerOf(accessToken)['alg']).toBe(algorithm);
    expect(signer.verifyAccess(accessToken)).toMatchObject({ sub: 'a-user', sid: SESSION_ID });
    expect(signer.verifyRefresh(refreshToken)).toMatchObject({ gen: 3 });
    for (const other of Object.keys(HASHES) as JwtAlgorithm[]) {
      const isSame = other === algorithm;
      expect([other, tokens(other).verifyAccess(accessToken) !== undefined]).toEqual([other, isSame]);
    }
  });
});

describe.each(kinds)('an %s token', (kind, token, key, verify) => {
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
    expect(new Set(variants).size).toBe(63 * 43);
    expect(accepted(variants)).toEqual([]);
  });

  it('is refused cut short anywhere, at either end', () => {
    const cuts = Array.from(token, (_, at) => [token.slice(0, at), token.slice(at + 1)]).flat();
    expect(accepted(cuts)).toEqual([]);
  });

  it('is refused with its parts swapped, doubled, emptied, padded or decorated', () => {
    const other = subject.pair(snapshot({ id: '01890000-0000-7000-8000-000000000002', userId: 'another-user' }));
    const [otherHead, otherBody, otherSignature] = (kind === 'access' ? other.accessToken : other.refreshToken).split(
      '.',
    );
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
      sign({}, { alg: 'RS256' }),
      sign({}, { alg: ['HS256'] }),
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
    expect(verify(forgeJwt({ alg: 'HS256' }, claims, key))).toBeUndefined();
  });

  it('is refused with anything more in its header, which never steers the verification', () => {
    const jwk = { kty: 'oct', k: Buffer.from('a key of the attacker').toString('base64url') };
    const extras = [
      { jwk },
      { jku: 'http://127.0.0.1:9/keys' },
      { x5u: 'http://127.0.0.1:9/chain' },
      { x5c: ['MIIB'] },
      { kid: '../../dev/null' },
      { crit: ['x'], x: true },
      { crit: ['b64'], b64: false },
      { b64: false },
      { zip: 'DEF' },
      { cty: 'JWT' },
    ];
    expect(accepted(extras.map((extra) => sign({}, extra)))).toEqual([]);
    expect(verify(forgeJwt({ ...header, jwk }, claims, 'a key of the attacker'))).toBeUndefined();
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
    const foreign = [SECRET, createSecretKey(Buffer.from(SECRET)), other, keys.link, 'another secret altogether', 'x'];
    expect(accepted(foreign.map((wrong) => forgeJwt(header, claims, wrong)))).toEqual([]);
    const elsewhere = tokens('HS256', new TestClock(), `${SECRET} of another application`).pair(snapshot());
    expect(accepted([elsewhere.accessToken, elsewhere.refreshToken])).toEqual([]);
  });

  it('is no token of the other kind', () => {
    expect(verify(kind === 'access' ? pair.refreshToken : pair.accessToken)).toBeUndefined();
  });

  it('expires on the second', () => {
    const clock = new TestClock();
    const mine = tokens('HS256', clock);
    const expiresAt = new Date(clock.now() + 600_000);
    const { accessToken, refreshToken } = mine.pair(snapshot({ expiresAt }));
    const isLive = () =>
      (kind === 'access' ? mine.verifyAccess(accessToken) : mine.verifyRefresh(refreshToken)) !== undefined;
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
      expect(subject.verifyRefresh(forgeJwt(header, { ...claims, ...change }, keys.refresh))).toBeUndefined();
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
