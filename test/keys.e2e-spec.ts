import { createPrivateKey, createPublicKey } from 'node:crypto';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { RuntimeOptions } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { visible } from './support/client.js';
import { claimsOf, forgeJwt, headerOf, type JsonObject } from './support/jwt.js';
import { type KeyPairPem, newKeyPair } from './support/key-pair.js';
import { tokenIn } from './support/mailbox.js';
import { activate, failed, LATER, settled, signUp, wake } from './support/owed-mail.js';
import { stacks } from './support/stacks.js';
import { createTestApp, PASSWORD, type TestApp, type TestAppOptions } from './support/test-app.js';

const JWKS = '/.well-known/jwks.json';
const NEW_PASSWORD = 'another fine passphrase';
const FIRST_SECRET = 'for these tests only: the first secret of three';
const SECOND_SECRET = 'for these tests only: the second one of three';
const THIRD_SECRET = 'for these tests only: the third, and the last';

type JwtOptions = NonNullable<RuntimeOptions['jwt']>;
interface Pair {
  access_token: string;
  refresh_token: string;
  user_id: string;
}

const enter = async ({ client }: TestApp, bearer: string) => (await client.get('/demo/bare', { bearer })).status;
const refresh = ({ client }: TestApp, refresh_token: string) => client.post('/auth/refresh', { refresh_token });
const publishedBy = async ({ client }: TestApp): Promise<string[]> =>
  (await client.get(JWKS)).body.keys.map(({ kid }: { kid: string }) => kid);

/** Starts the application on a database that is already there, with other keys, for as long as `use` takes. */
async function restarted<T>(on: TestApp, jwt: JwtOptions, use: (t: TestApp) => Promise<T>): Promise<T> {
  const t = await createTestApp({ on: on.database, options: { jwt } });
  try {
    return await use(t);
  } finally {
    await t.close();
  }
}

describe.each([
  ['RS256', 'express'],
  ['RS256', 'fastify'],
  ['ES256', 'express'],
  ['ES256', 'fastify'],
] as const)('access tokens under %s with %s', (algorithm, adapter) => {
  const { privateKey, publicKey } = newKeyPair(algorithm);
  const further = newKeyPair(algorithm === 'RS256' ? 'ES256' : 'RS256');
  let t: TestApp;
  let pair: Pair;
  beforeAll(async () => {
    const jwt = { algorithm, privateKey, publicKeys: [further.publicKey], issuer: 'https://accounts.example.com' };
    t = await createTestApp({ adapter, options: { jwt } });
    pair = await t.activeUser('ann@example.com');
  });
  afterAll(() => t.close());

  it('open routes, and are renewed with a refresh token that stays symmetric', async () => {
    expect(headerOf(pair.access_token)).toEqual({ alg: algorithm, typ: 'at+jwt', kid: (await publishedBy(t))[0] });
    expect(headerOf(pair.refresh_token)['alg']).toBe('HS256');
    expect(await enter(t, pair.access_token)).toBe(200);
    const { body: login } = await t.client.post('/auth/login', { email: 'ann@example.com', password: PASSWORD });
    const { status, body } = await refresh(t, login.refresh_token);
    expect([status, headerOf(body.access_token)['alg']]).toEqual([200, algorithm]);
    expect(await enter(t, body.access_token)).toBe(200);
    expect((await t.client.post('/auth/logout', undefined, { bearer: body.access_token })).status).toBe(204);
    expect(await enter(t, body.access_token)).toBe(401);
  });

  it('are verified by another service with the published keys and nothing else', async () => {
    const keys = createRemoteJWKSet(new URL(JWKS, t.client.origin));
    const expected = { issuer: 'https://accounts.example.com', audience: 'nestjs-gatehouse', typ: 'at+jwt' };
    const { payload } = await jwtVerify(pair.access_token, keys, expected);
    expect(payload.sub).toBe(pair.user_id);
    const [header, claims] = [headerOf(pair.access_token), claimsOf(pair.access_token)];
    const foreign = forgeJwt(header, claims, createPrivateKey(newKeyPair(algorithm).privateKey));
    await expect(jwtVerify(foreign, keys, expected)).rejects.toMatchObject({
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    });
    await expect(jwtVerify(pair.refresh_token, keys, expected)).rejects.toMatchObject({
      code: 'ERR_JOSE_NOT_SUPPORTED',
    });
  });

  it('have their keys published: public halves only, to be kept for five minutes', async () => {
    const { status, headers, body } = await t.client.get(JWKS);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/jwk-set\+json(;|$)/);
    expect(headers.get('cache-control')).toBe('public, max-age=300');
    const [own, other, ...more] = body.keys as JsonObject[];
    expect(more).toEqual([]);
    const members = {
      RS256: ['alg', 'e', 'kid', 'kty', 'n', 'use'],
      ES256: ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
    };
    expect(Object.keys(own!).sort()).toEqual(members[algorithm]);
    expect(own).toMatchObject({ alg: algorithm, use: 'sig', ...createPublicKey(publicKey).export({ format: 'jwk' }) });
    expect(other).toMatchObject(createPublicKey(further.publicKey).export({ format: 'jwk' }));
    expect(Object.keys(other!).sort()).toEqual(members[algorithm === 'RS256' ? 'ES256' : 'RS256']);
  });

  it('are refused alike when they are forged, whatever is known of the public key', async () => {
    const [header, claims] = [headerOf(pair.access_token), claimsOf(pair.access_token)];
    const own = createPrivateKey(privateKey);
    const stranger = newKeyPair(algorithm);
    const otherName = algorithm === 'RS256' ? 'ES256' : 'RS256';
    const jwk = createPublicKey(stranger.publicKey).export({ format: 'jwk' });
    const forge = (changes: JsonObject, key: Parameters<typeof forgeJwt>[2] = own, hash?: string) =>
      forgeJwt({ ...header, ...changes }, claims, key, hash);
    expect(await enter(t, forge({}))).toBe(200);
    const [, furtherKid] = await publishedBy(t);
    const forged = {
      'alg none': `${forge({ alg: 'none' }).replace(/[^.]+$/, '')}`,
      'the public key as a secret': forge({ alg: 'HS256' }, publicKey),
      'the public key as a secret, under its own name': forge({}, publicKey),
      'the public key as a secret, longer': forge({ alg: 'HS512' }, publicKey, 'sha512'),
      'another algorithm in name': forge({ alg: otherName }),
      'a stranger with our kid': forge({}, createPrivateKey(stranger.privateKey)),
      'a stranger with a key in the header': forge({ jwk }, createPrivateKey(stranger.privateKey)),
      'a stranger with a key elsewhere': forge(
        { jku: t.client.origin, kid: 'x' },
        createPrivateKey(stranger.privateKey),
      ),
      'the kid of another key': forge({ kid: furtherKid }),
      'the further key under our kid': forge({}, createPrivateKey(further.privateKey)),
      'no kid': forge({ kid: undefined }),
      'a kid that is a path': forge({ kid: '../../../../dev/null' }),
      'a kid that is a query': forge({ kid: "' UNION SELECT 'secret' --" }),
      'a kid in a list': forge({ kid: [header['kid']] }),
      'a kid in an object': forge({ kid: { kid: header['kid'] } }),
      crit: forge({ crit: ['kid'] }),
      'another type': forge({ typ: 'JWT' }),
      'another hash': forge({}, own, 'sha512'),
    };
    const usual = visible(await t.client.get('/demo/bare', { bearer: 'garbage' }));
    expect(usual.status).toBe(401);
    for (const [what, bearer] of Object.entries(forged)) {
      expect([what, visible(await t.client.get('/demo/bare', { bearer }))]).toEqual([what, usual]);
    }
    expect(await enter(t, pair.access_token)).toBe(200);
  });

  it('leave no key in the log', () => {
    const log = t.logs.lines.join('\n');
    expect(log).toContain('jwt.privateKey=[redacted]');
    const lines = privateKey.split('\n').filter((line) => line.length > 30 && !line.startsWith('-----'));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => log.includes(line))).toEqual([]);
  });
});

describe.each<TestAppOptions>([
  { adapter: 'express', globalPrefix: 'api/v1' },
  { adapter: 'fastify', globalPrefix: 'api/v1' },
])('symmetric keys with $adapter', (choice) => {
  it('publish nothing, and the route says so below the global prefix', async () => {
    const t = await createTestApp(choice);
    try {
      const { status, body } = await t.client.get(`/api/v1${JWKS}`);
      expect([status, body]).toEqual([200, { keys: [] }]);
      expect((await t.client.get(JWKS)).status).toBe(404);
    } finally {
      await t.close();
    }
  });
});

describe('a rotation of private keys', () => {
  let first: TestApp;
  let pair: Pair;
  let older: KeyPairPem;
  let newer: KeyPairPem;
  beforeAll(async () => {
    older = newKeyPair('RS256');
    newer = newKeyPair('RS256');
    first = await createTestApp({ options: { jwt: { algorithm: 'RS256', privateKey: older.privateKey } } });
    pair = await first.activeUser('ann@example.com');
  });
  afterAll(() => first.close());

  it('announces the new key before anything is signed with it', async () => {
    const jwt: JwtOptions = { algorithm: 'RS256', privateKey: older.privateKey, publicKeys: [newer.publicKey] };
    await restarted(first, jwt, async (t) => {
      const [oldKid, newKid] = await publishedBy(t);
      const login = await t.client.post('/auth/login', { email: 'ann@example.com', password: PASSWORD });
      expect(headerOf(login.body.access_token)['kid']).toBe(oldKid);
      expect(newKid).not.toBe(oldKid);
      expect(await enter(t, pair.access_token)).toBe(200);
    });
  });

  it('goes on accepting tokens of the old key, also where the list names the new one as well', async () => {
    const publicKeys = [`${older.publicKey}${newer.publicKey}`];
    await restarted(first, { algorithm: 'RS256', privateKey: newer.privateKey, publicKeys }, async (t) => {
      expect(await publishedBy(t)).toHaveLength(2);
      expect(await enter(t, pair.access_token)).toBe(200);
      const login = await t.client.post('/auth/login', { email: 'ann@example.com', password: PASSWORD });
      expect(headerOf(login.body.access_token)['kid']).not.toBe(headerOf(pair.access_token)['kid']);
    });
  });

  it('logs nobody out when the old key is gone: its tokens are refused, and refreshed', async () => {
    await restarted(first, { algorithm: 'RS256', privateKey: newer.privateKey }, async (t) => {
      expect(await enter(t, pair.access_token)).toBe(401);
      const { status, body } = await refresh(t, pair.refresh_token);
      expect(status).toBe(200);
      expect(await enter(t, body.access_token)).toBe(200);
      pair = { ...pair, ...body };
    });
  });

  it.each<[string, () => JwtOptions]>([
    ['HS256', () => ({ algorithm: 'HS256', publicKeys: [newer.publicKey] })],
    [
      'ES256',
      () => ({ algorithm: 'ES256', privateKey: newKeyPair('ES256').privateKey, publicKeys: [newer.publicKey] }),
    ],
  ])('leads to %s as well, and back', async (_, options) => {
    const issued = await restarted(first, options(), async (t) => {
      expect(await enter(t, pair.access_token)).toBe(200);
      return (await t.client.post('/auth/login', { email: 'ann@example.com', password: PASSWORD })).body as Pair;
    });
    await restarted(first, { algorithm: 'RS256', privateKey: newer.privateKey }, async (t) => {
      expect(await enter(t, pair.access_token)).toBe(200);
      // The HMAC key is still there; the EC key was not kept.
      expect(await enter(t, issued.access_token)).toBe(headerOf(issued.access_token)['alg'] === 'HS256' ? 200 : 401);
      expect((await refresh(t, issued.refresh_token)).status).toBe(200);
    });
  });
});

describe.each(['express', 'fastify'] as const)('a rotation of JWT_SECRET with cookies and %s', (adapter) => {
  it('keeps the cookies of a browser, and the CSRF token of its pages', async () => {
    const cookies = { adapter, options: { tokenDelivery: 'cookie', jwt: { secret: FIRST_SECRET } } } as const;
    const first = await createTestApp(cookies);
    try {
      await first.activeUser('ann@example.com');
      const login = await first.client.post('/auth/login', { email: 'ann@example.com', password: PASSWORD });
      const cookie = login.headers.getSetCookie().map((each) => each.split(';')[0]!);
      const csrf = cookie.find((each) => each.includes('csrf'))!.split('=')[1]!;
      const headers = { cookie: cookie.join('; '), 'x-csrf-token': csrf };
      const jwt = { secret: SECOND_SECRET, previousSecrets: [FIRST_SECRET] };
      const second = await createTestApp({ on: first.database, adapter, options: { tokenDelivery: 'cookie', jwt } });
      try {
        expect((await second.client.get('/demo/bare', { headers })).status).toBe(200);
        const wrong = { ...headers, 'x-csrf-token': 'x'.repeat(43) };
        expect((await second.client.post('/auth/refresh', {}, { headers: wrong })).status).toBe(403);
        const { status, headers: answered } = await second.client.post('/auth/refresh', {}, { headers });
        expect(status).toBe(200);
        expect(answered.getSetCookie().join()).not.toContain(csrf);
      } finally {
        await second.close();
      }
    } finally {
      await first.close();
    }
  });
});

describe.each(stacks())('a rotation of JWT_SECRET on $database with $adapter', ({ database, adapter }) => {
  let first: TestApp;
  let pair: Pair;
  let activation: string;
  let reset: string;
  let unsent: { email: string; token: string; tokenHash: string | null };

  beforeAll(async () => {
    first = await createTestApp({ database, adapter, options: { jwt: { secret: FIRST_SECRET } } });
    pair = await first.activeUser('ann@example.com');
    await signUp(first, 'bob@example.com');
    activation = tokenIn(await first.mailbox.waitFor('bob@example.com'));
    await first.activeUser('carol@example.com');
    await first.client.post('/auth/password-reset/request', { email: 'carol@example.com' });
    reset = tokenIn(await first.mailbox.waitFor('carol@example.com', 2));
    const email = 'dave@example.com';
    first.mailbox.behaviour = 'try again after message';
    await signUp(first, email);
    const { tokenHash } = await failed(first, email);
    unsent = { email, token: tokenIn(first.mailbox.refused[0]!), tokenHash };
    // Nothing but the next application sends it.
    await first.mailbox.goDown();
  });
  afterAll(() => first.close());

  it('keeps sessions, links and mails that wait to be sent again', async () => {
    await restarted(first, { secret: SECOND_SECRET, previousSecrets: [FIRST_SECRET] }, async (t) => {
      expect(await enter(t, pair.access_token)).toBe(200);
      const refreshed = await refresh(t, pair.refresh_token);
      expect(refreshed.status).toBe(200);
      pair = { ...pair, ...refreshed.body };

      expect((await activate(t, activation)).status).toBe(200);
      const choice = { token: reset, new_password: NEW_PASSWORD };
      expect((await t.client.post('/auth/password-reset/confirm', choice)).status).toBe(200);

      t.clock.advance(LATER);
      wake(t);
      const again = tokenIn(await t.mailbox.waitFor(unsent.email));
      expect(again).toBe(unsent.token);
      expect((await settled(t, unsent.email)).tokenHash).toBe(unsent.tokenHash);
      expect((await activate(t, again)).status).toBe(200);
    });
  });

  it('happens a second time, without the first secret', async () => {
    const kept = { secret: THIRD_SECRET, previousSecrets: [SECOND_SECRET] };
    await restarted(first, kept, async (t) => {
      expect(await enter(t, pair.access_token)).toBe(200);
      expect((await refresh(t, pair.refresh_token)).status).toBe(200);
    });
  });

  it('ends what a secret made that is no longer listed, and alarms nobody', async () => {
    await restarted(first, { secret: THIRD_SECRET }, async (t) => {
      const { body: own } = await t.client.post('/auth/login', { email: 'ann@example.com', password: PASSWORD });
      expect(await enter(t, pair.access_token)).toBe(401);
      const refused = await refresh(t, pair.refresh_token);
      expect([refused.status, refused.body.code]).toEqual([401, 'SESSION_INVALID_TOKEN']);
      expect(await enter(t, own.access_token)).toBe(200);
      await t.mailIsDone();
      expect(t.mailbox.to('ann@example.com')).toEqual([]);
    });
  });

  it('keeps a mail whose secret is missing until it is listed again, and sends no dead link meanwhile', async () => {
    const email = 'erin@example.com';
    const token = await restarted(first, { secret: SECOND_SECRET }, async (t) => {
      t.mailbox.behaviour = 'try again after message';
      await signUp(t, email);
      await failed(t, email);
      return tokenIn(t.mailbox.refused[0]!);
    });
    await restarted(first, { secret: THIRD_SECRET }, async (t) => {
      t.clock.advance(LATER);
      wake(t);
      await expect.poll(() => t.logs.lines.join('\n')).toContain('not in jwt.previousSecrets');
      expect((await failed(t, email)).mailDueAt).not.toBeNull();
      expect(t.mailbox.to(email)).toEqual([]);
    });
    await restarted(first, { secret: THIRD_SECRET, previousSecrets: [SECOND_SECRET] }, async (t) => {
      t.clock.advance({ seconds: 4 * LATER.seconds });
      wake(t);
      expect(tokenIn(await t.mailbox.waitFor(email))).toBe(token);
    });
  });
});
