import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deriveKeys } from '../lib/engine/tokens/keys.js';
import { visible } from './support/client.js';
import { claimsOf, encode, forgeJwt, headerOf, type JsonObject } from './support/jwt.js';
import { stacks } from './support/stacks.js';
import { createTestApp, type TestApp } from './support/test-app.js';

const SECRET = 'for these tests only: nothing else is signed with it';
const UNKNOWN_ID = '01890000-0000-7000-8000-000000000000';

// The thousands of mutated tokens are in unit/session-tokens.spec.ts; this is what an attacker meets over HTTP.
describe.each(stacks())('tokens on $database with $adapter', ({ database, adapter }) => {
  let t: TestApp;
  let pair: { access_token: string; refresh_token: string; user_id: string };
  let other: typeof pair;
  beforeAll(async () => {
    t = await createTestApp({ database, adapter, options: { jwt: { secret: SECRET } } });
    pair = await t.activeUser('ann@example.com');
    other = await t.activeUser('bob@example.com');
  });
  afterAll(() => t.close());
  const access = (bearer: string) => t.client.get('/demo/bare', { bearer });

  it('are typed, and hold nothing but what they are checked for', () => {
    const keys = deriveKeys(SECRET);
    expect(headerOf(pair.access_token)).toEqual({ alg: 'HS256', typ: 'at+jwt', kid: keys.access.HS256.kid });
    expect(headerOf(pair.refresh_token)).toEqual({ alg: 'HS256', typ: 'rt+jwt', kid: keys.refresh.HS256.kid });
    const claims = claimsOf(pair.access_token);
    expect(Object.keys(claims).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'sid', 'sub']);
    expect(claims).toMatchObject({ iss: 'nestjs-gatehouse', aud: 'nestjs-gatehouse', sub: pair.user_id });
    const extras = Object.keys(claimsOf(pair.refresh_token)).filter((claim) => !(claim in claims));
    expect(extras.sort()).toEqual(['auth_time', 'gen']);
  });

  it('are refused alike, whatever is wrong with them, and open no route', async () => {
    const [header, claims] = [headerOf(pair.access_token), claimsOf(pair.access_token)];
    const [head, body, signature] = pair.access_token.split('.') as [string, string, string];
    const keys = deriveKeys(SECRET);
    const forge = (changes: JsonObject, headerChanges: JsonObject = {}, hash = 'sha256') =>
      forgeJwt({ ...header, ...headerChanges }, { ...claims, ...changes }, keys.access.HS256.signs!, hash);
    expect((await access(forge({}))).status).toBe(200);
    const now = Math.floor(Date.now() / 1000);
    const forged = {
      'alg none': `${encode({ ...header, alg: 'none' })}.${body}.`,
      'alg none, signed': `${encode({ ...header, alg: 'none' })}.${body}.${signature}`,
      HS384: forge({}, { alg: 'HS384' }, 'sha384'),
      HS512: forge({}, { alg: 'HS512' }, 'sha512'),
      'typ JWT': forge({}, { typ: 'JWT' }),
      'a key in the header': forge({}, { jwk: { kty: 'oct', k: 'eA' } }),
      'a key elsewhere': forge({}, { jku: t.client.origin }),
      'no kid': forge({}, { kid: undefined }),
      'an unknown kid': forge({}, { kid: 'unknown' }),
      'the kid of a refresh token': forge({}, { kid: keys.refresh.HS256.kid }),
      'the kid of another algorithm': forge({}, { kid: keys.access.HS512.kid }),
      'a kid that is a path': forge({}, { kid: '../../../../dev/null' }),
      'a kid that is a query': forge({}, { kid: "' UNION SELECT 'secret' --" }),
      'a kid that every object has': forge({}, { kid: '__proto__' }),
      'a kid in a list': forge({}, { kid: [header['kid']] }),
      'a kid in an object': forge({}, { kid: { toString: header['kid'] } }),
      crit: forge({}, { crit: ['x'], x: 1 }),
      b64: forge({}, { b64: false, crit: ['b64'] }),
      'without end': forge({ exp: undefined }),
      expired: forge({ exp: now - 5 }),
      'made in the future': forge({ iat: now + 600 }),
      'another audience': forge({ aud: 'another' }),
      'audiences without ours': forge({ aud: ['another'] }),
      'another issuer': forge({ iss: 'another' }),
      'the bare secret': forgeJwt(header, claims, SECRET),
      'the bare secret, as applications sign': forgeJwt({ alg: 'HS256', typ: 'JWT' }, { sub: claims['sub'] }, SECRET),
      'the key of refresh tokens': forgeJwt(header, claims, keys.refresh.HS256.signs!),
      'a refresh token': pair.refresh_token,
      'the body of another token': [head, other.access_token.split('.')[1], signature].join('.'),
      'a changed user, by somebody with the key': forge({ sub: other.user_id }),
      'an unknown user': forge({ sub: UNKNOWN_ID }),
      'an unknown session': forge({ sid: UNKNOWN_ID }),
      'a session that is no UUID': forge({ sid: "' OR 1=1 --" }),
      'a session that is empty': forge({ sid: '' }),
      'a session with a NUL': forge({ sid: 'a\0b' }),
      'a session that is a lone surrogate': forge({ sid: '\ud800' }),
      'a session of a megabyte': forge({ sid: 'x'.repeat(8_000) }),
    };
    const usual = visible(await access('garbage'));
    expect(usual.status).toBe(401);
    for (const [what, token] of Object.entries(forged)) {
      expect([what, visible(await access(token))]).toEqual([what, usual]);
    }
    expect((await access(pair.access_token)).status).toBe(200);
  });

  it('are refused as refresh tokens just so, and the session lives on', async () => {
    const [header, claims] = [headerOf(pair.refresh_token), claimsOf(pair.refresh_token)];
    const keys = deriveKeys(SECRET);
    const forge = (changes: JsonObject, headerChanges: JsonObject = {}, key = keys.refresh.HS256.signs!) =>
      forgeJwt({ ...header, ...headerChanges }, { ...claims, ...changes }, key);
    const forged = {
      'alg none': `${encode({ ...header, alg: 'none' })}.${encode({ ...claims, gen: 7 })}.`,
      'the key of access tokens': forge({}, {}, keys.access.HS256.signs!),
      'the bare secret': forgeJwt(header, claims, SECRET),
      'an access token': pair.access_token,
      'without a generation': forge({ gen: undefined }),
      'a generation yet to come': forge({ gen: 5 }),
      'a generation before the first': forge({ gen: -1, sub: UNKNOWN_ID, sid: UNKNOWN_ID }),
      'an unknown session': forge({ sid: UNKNOWN_ID }),
      'a session that is no UUID': forge({ sid: "' OR 1=1 --" }),
      'a session with a NUL': forge({ sid: 'a\0b' }),
      'another user, by somebody with the key': forge({ sub: other.user_id, gen: 3 }),
    };
    for (const [what, refresh_token] of Object.entries(forged)) {
      const { status, body } = await t.client.post('/auth/refresh', { refresh_token });
      expect([what, status, body.code]).toEqual([what, 401, 'SESSION_INVALID_TOKEN']);
    }
    const { status, body } = await t.client.post('/auth/refresh', { refresh_token: pair.refresh_token });
    expect(status).toBe(200);
    expect((await access(body.access_token)).status).toBe(200);
    expect((await access(other.access_token)).status).toBe(200);
  });

  it('made by another instance with the same secret are as good', async () => {
    const second = await createTestApp({ on: t.database, adapter, options: { jwt: { secret: SECRET } } });
    const stranger = await createTestApp({ on: t.database, adapter, options: { jwt: { secret: `${SECRET}, not` } } });
    try {
      const get = ({ client }: TestApp) => client.get('/demo/bare', { bearer: other.access_token });
      expect((await get(second)).status).toBe(200);
      expect((await get(stranger)).status).toBe(401);
    } finally {
      await second.close();
      await stranger.close();
    }
  });
});
