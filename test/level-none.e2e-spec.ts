import { createPrivateKey, createSecretKey, generateKeyPairSync } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { AuthStartUpError } from 'nestjs-gatehouse';
import { exportJWK, exportSPKI, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { inParallel } from './support/client.js';
import { CLAIMS, createGuardApp, EXPECTED, type GuardApp, LET_IN, REFUSED, SECRET } from './support/guard-app.js';
import { encode, forgeJwt } from './support/jwt.js';
import { KeyServer } from './support/key-server.js';
import { type KeyPairPem, newKeyPair } from './support/key-pair.js';
import { createTestApp, PASSWORD } from './support/test-app.js';

type Key = Parameters<SignJWT['sign']>[0];

const NOBODY_KNOWS = [503, 'SERVICE_UNAVAILABLE'];
/** Far above what is read of a key set and what sockets hold on their way, far below what a hostile server would send in 3 s. */
const ROOM_BYTES = 24 * 1024 * 1024;

function token(key: Key, header: JWTHeaderParameters, claims: JWTPayload = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const jwt = new SignJWT({ ...CLAIMS, iat: now, exp: now + 600, ...claims });
  return jwt.setProtectedHeader({ typ: 'at+jwt', ...header }).sign(key);
}

const signed = (key: Key, kid?: string) => token(key, { alg: 'ES256', kid });

const signedBy = ({ privateKey }: KeyPairPem, header: JWTHeaderParameters) =>
  token(createPrivateKey(privateKey), header);

/** Moves the date, which {@link vi.useFakeTimers} has stopped. */
const wait = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

const HS256 = { alg: 'HS256', typ: 'at+jwt' };
const secretKey = createSecretKey(Buffer.from(SECRET));

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

describe.each(['express', 'fastify'] as const)('level none with a shared secret, on %s', (adapter) => {
  let t: GuardApp;

  beforeAll(async () => {
    t = await createGuardApp({ secret: SECRET }, adapter);
  });
  afterAll(() => t.app.close());

  it('gives the claims of a token issued elsewhere, without a database', async () => {
    const { status, body } = await t.client.get('/own/claims', { bearer: await token(secretKey, HS256) });
    expect(status).toBe(200);
    expect(body).toEqual({ claims: expect.objectContaining(CLAIMS), userId: CLAIMS.sub, hasSession: false });
  });

  it('takes a request without a token for a guest, and one with a bad token for neither', async () => {
    expect((await t.client.get('/own/optional')).body).toEqual({ sub: null });
    expect((await t.client.get('/own/optional', { bearer: 'a.b.c' })).status).toBe(401);
    const answer = await t.client.get('/own/claims');
    expect([answer.status, answer.body.code]).toEqual([401, 'ACCESS_UNAUTHENTICATED']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('lets past @Verified() whom the issuer calls verified', async () => {
    for (const email_verified of [true, false, undefined, 'true', 1]) {
      const bearer = await token(secretKey, HS256, { email_verified });
      const { status } = await t.client.get('/own/verified', { bearer });
      expect([email_verified, status]).toEqual([email_verified, email_verified === true ? 200 : 403]);
    }
  });

  it.each<[string, JWTPayload]>([
    ['another issuer', { iss: 'https://evil.example.com/' }],
    ['no issuer', { iss: undefined }],
    ['another audience', { aud: 'billing' }],
    ['no audience', { aud: undefined }],
    ['an expiry that is over', { exp: Math.floor(Date.now() / 1000) - 1 }],
    ['no expiry', { exp: undefined }],
    ['a beginning in the future', { nbf: Math.floor(Date.now() / 1000) + 60 }],
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: '' }],
    ['a subject that is no text', { sub: 42 as unknown as string }],
  ])('refuses a token with %s', async (_, claims) => {
    expect(await t.knock(await token(secretKey, HS256, claims))).toEqual(REFUSED);
  });

  it('refuses a token once it has expired', async () => {
    const fresh = await token(secretKey, HS256, { exp: Math.floor(t.clock.now() / 1000) + 60 });
    expect(await t.knock(fresh)).toEqual(LET_IN);
    t.clock.advance({ seconds: 61 });
    expect(await t.knock(fresh)).toEqual(REFUSED);
  });

  it('refuses every forgery', async () => {
    const claims = { ...CLAIMS, exp: Math.floor(t.clock.now() / 1000) + 600 };
    const genuine = await token(secretKey, HS256);
    const [head, , signature] = genuine.split('.');
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const forgeries = [
      forgeJwt(HS256, claims, 'another-secret-of-some-length-1234567890'),
      forgeJwt({ ...HS256, alg: 'HS512' }, claims, SECRET, 'sha512'),
      `${encode({ ...HS256, alg: 'none' })}.${encode(claims)}.`,
      `${encode({ ...HS256, alg: 'None' })}.${encode(claims)}.${signature}`,
      `${head}.${encode({ ...claims, sub: 'somebody-else' })}.${signature}`,
      forgeJwt({ ...HS256, crit: ['b64'], b64: false }, claims, SECRET),
      forgeJwt({ ...HS256, crit: ['exp'] }, claims, SECRET),
      await token(privateKey, { alg: 'RS256' }),
      await token(privateKey, { alg: 'RS256', jwk: await exportJWK(privateKey) }),
      genuine.slice(0, -1),
      `${genuine}.x`,
    ];
    for (const forgery of forgeries) expect([forgery, ...(await t.knock(forgery))]).toEqual([forgery, ...REFUSED]);
    expect(await t.knock(genuine)).toEqual(LET_IN);
  });
});

describe.each(['RS256', 'PS384', 'ES256', 'ES512', 'EdDSA'])('level none with the keys behind a URL, %s', (alg) => {
  it('verifies by the published key, and no other', async () => {
    const server = await new KeyServer().goUp();
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    server.keys = [{ ...(await exportJWK(publicKey)), kid: 'one', alg, use: 'sig' }];
    const t = await createGuardApp({ jwksUrl: server.url });
    const stranger = await generateKeyPair(alg);
    const pem = await exportSPKI(publicKey);
    const claims = { ...CLAIMS, exp: Math.floor(Date.now() / 1000) + 600 };

    expect(await t.knock(await token(privateKey, { alg, kid: 'one' }))).toEqual(LET_IN);
    expect(await t.knock(await token(privateKey, { alg }))).toEqual(LET_IN);
    expect(await t.knock(await token(stranger.privateKey, { alg, kid: 'one' }))).toEqual(REFUSED);
    // The oldest confusion: a public key, which everybody has, taken for the secret of an HMAC (RFC 8725, section 2.1).
    for (const secret of [pem, pem.trim(), JSON.stringify(server.keys[0])])
      expect(await t.knock(forgeJwt({ ...HS256, kid: 'one' }, claims, secret))).toEqual(REFUSED);
    expect(await t.knock(`${encode({ ...HS256, alg: 'none', kid: 'one' })}.${encode(claims)}.`)).toEqual(REFUSED);
    expect(server.asked).toBe(1);
    await t.app.close();
    await server.goDown();
  });
});

describe.each(['RS256', 'ES256'] as const)('level none with public keys, %s', (alg) => {
  it('verifies by each of them, whatever a token calls its key, and by nothing else', async () => {
    const [one, two, stranger] = [newKeyPair(alg), newKeyPair(alg), newKeyPair(alg)];
    const other = newKeyPair(alg === 'RS256' ? 'ES256' : 'RS256');
    const t = await createGuardApp({ publicKeys: [one.publicKey, two.publicKey] });
    const claims = { ...CLAIMS, exp: Math.floor(Date.now() / 1000) + 600 };

    for (const pair of [one, two]) {
      expect(await t.knock(await signedBy(pair, { alg }))).toEqual(LET_IN);
      expect(await t.knock(await signedBy(pair, { alg, kid: 'as-the-issuer-calls-it' }))).toEqual(LET_IN);
    }
    expect(await t.knock(await signedBy(stranger, { alg }))).toEqual(REFUSED);
    expect(await t.knock(await signedBy(other, { alg: alg === 'RS256' ? 'ES256' : 'RS256' }))).toEqual(REFUSED);
    const rsa = alg === 'RS256' ? one : other;
    expect(await t.knock(await signedBy(rsa, { alg: 'PS256' }))).toEqual(REFUSED);
    for (const secret of [one.publicKey, one.publicKey.trim()])
      expect(await t.knock(forgeJwt(HS256, claims, secret))).toEqual(REFUSED);
    await t.app.close();
  });
});

describe.each(['RS256', 'ES256'] as const)('level none behind a service with level complete, %s', (algorithm) => {
  it('lets in whom that service logged in, and follows its keys when they rotate', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    const { privateKey, publicKey } = newKeyPair(algorithm);
    const issuer = await createTestApp({ mode: 'D', options: { jwt: { ...EXPECTED, algorithm, privateKey } } });
    const jwksUrl = `${issuer.client.origin}/.well-known/jwks.json`;
    const t = await createGuardApp({ jwksUrl });
    const ada = { email: 'ada@example.com', password: PASSWORD };
    const { user_id, access_token, refresh_token } = (await issuer.client.post('/auth/signup', ada)).body;

    const { body } = await t.client.get('/own/claims', { bearer: access_token });
    expect(body).toEqual({ claims: expect.objectContaining({ sub: user_id }), userId: user_id, hasSession: false });
    expect(await t.knock(refresh_token)).toEqual(REFUSED);
    expect((await t.client.get('/own/verified', { bearer: access_token })).status).toBe(403);

    await issuer.app.close();
    const renewed = await createTestApp({
      mode: 'D',
      port: Number(new URL(jwksUrl).port),
      options: {
        jwt: { ...EXPECTED, algorithm, privateKey: newKeyPair(algorithm).privateKey, publicKeys: [publicKey] },
      },
    });
    wait(31);
    const next = (await renewed.client.post('/auth/signup', ada)).body.access_token;
    expect(await t.knock(next)).toEqual(LET_IN);
    expect(await t.knock(access_token)).toEqual(LET_IN);
    await t.app.close();
    await renewed.close();
    await issuer.close();
  });
});

describe('level none with the keys behind a URL', () => {
  let server: KeyServer;
  let t: GuardApp;
  let first: Key;
  let second: Key;

  beforeEach(async () => {
    // The date alone: cache and cool-down of the keys go by it, and so does the clock of the tests.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    server = await new KeyServer().goUp();
    first = await publish('one');
    t = await createGuardApp({ jwksUrl: server.url });
  });
  afterEach(async () => {
    await t.app.close();
    await server.goDown();
  });

  async function publish(kid?: string): Promise<Key> {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    server.keys = [...server.keys, { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }];
    return privateKey;
  }

  it('asks for the keys once, however many requests come at the same time', async () => {
    const bearer = await signed(first, 'one');
    const answers = await inParallel(20, () => t.knock(bearer));
    expect(answers).toEqual(answers.map(() => LET_IN));
    expect(server.asked).toBe(1);
  });

  it('picks a new key up, and drops one that was withdrawn when the cache ends', async () => {
    expect(await t.knock(await signed(first, 'one'))).toEqual(LET_IN);
    second = await publish('two');
    wait(31);
    expect(await t.knock(await signed(second, 'two'))).toEqual(LET_IN);
    expect(await t.knock(await signed(first, 'one'))).toEqual(LET_IN);
    server.keys = server.keys.slice(1);
    wait(601);
    expect(await t.knock(await signed(first, 'one'))).toEqual(REFUSED);
    expect(await t.knock(await signed(second, 'two'))).toEqual(LET_IN);
  });

  it('is not turned against the key server by made-up key ids', async () => {
    expect(await t.knock(await signed(first, 'one'))).toEqual(LET_IN);
    wait(31);
    const made = await Promise.all(Array.from({ length: 20 }, (_, index) => signed(first, `made-up-${index}`)));
    for (const bearer of made) expect(await t.knock(bearer)).toEqual(REFUSED);
    expect(server.asked).toBe(2);
  });

  it('tries each of several keys without a name', async () => {
    server.keys = [];
    const keys = [await publish(), await publish(), await publish()];
    for (const key of keys) expect(await t.knock(await signed(key))).toEqual(LET_IN);
    expect(await t.knock(await signed(first))).toEqual(REFUSED);
    expect(await t.knock(await token(keys[2]!, { alg: 'ES256' }, { aud: 'billing' }))).toEqual(REFUSED);
  });

  it('says neither yes nor no while the key server is down, and goes on when it is back', async () => {
    await server.goDown();
    const bearer = await signed(first, 'one');
    const answer = await t.client.get('/own/claims', { bearer });
    expect([answer.status, answer.body.code]).toEqual(NOBODY_KNOWS);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.text).not.toContain('127.0.0.1');
    expect(t.logs.lines.filter((line) => line.includes('the keys of http://127.0.0.1'))).toHaveLength(1);
    expect(await t.knock('not-even-a-token')).toEqual(REFUSED);
    await server.goUp();
    wait(3);
    expect(await t.knock(bearer)).toEqual(LET_IN);
  });

  it('goes on with the keys it has while the key server is down, until they are too old', async () => {
    const bearer = await token(first, { alg: 'ES256', kid: 'one' }, { exp: Math.floor(Date.now() / 1000) + 3600 });
    expect(await t.knock(bearer)).toEqual(LET_IN);
    await server.goDown();
    wait(300);
    expect(await t.knock(bearer)).toEqual(LET_IN);
    expect(await t.knock(await signed(first, 'unknown'))).toEqual(NOBODY_KNOWS);
    wait(301);
    expect(await t.knock(bearer)).toEqual(NOBODY_KNOWS);
  });

  it.each<[string, KeyServer['answer']]>([
    ['an error', (response) => response.writeHead(500).end('{"keys":[]}')],
    ['a redirect', (response) => response.writeHead(302, { location: 'https://evil.example.com/' }).end()],
    ['text', (response) => response.end('<html>')],
    ['JSON that is no key set', (response) => response.end('{"keys":"none"}')],
    [
      'half an answer',
      (response) =>
        void response.writeHead(200, { 'content-length': '1000' }).write('{"keys":', () => response.destroy()),
    ],
  ])(
    'says neither yes nor no where the key server answers with %s, and leaves it alone for a moment',
    async (_, answer) => {
      server.answer = answer;
      const bearer = await signed(first, 'one');
      for (let knock = 0; knock < 5; knock++) expect(await t.knock(bearer)).toEqual(NOBODY_KNOWS);
      expect(server.asked).toBe(1);
      wait(3);
      expect(await t.knock(bearer)).toEqual(NOBODY_KNOWS);
      expect(server.asked).toBe(2);
    },
  );

  it.each<[string, Record<string, string>, string | Buffer]>([
    ['an answer that never ends', { 'content-type': 'application/json' }, ' '.repeat(1 << 20)],
    ['an answer of 1 GB by its own word', { 'content-length': String(1 << 30) }, ' '.repeat(1 << 20)],
    ['an answer that grows a thousand times', { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(64 << 20, ' '))],
  ])('takes little of %s', async (_, headers, chunk) => {
    server.answer = server.endless(headers, chunk);
    const before = process.memoryUsage().arrayBuffers;
    const bearer = await signed(first, 'one');
    expect(await t.knock(bearer)).toEqual(NOBODY_KNOWS);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(ROOM_BYTES);
    await vi.waitFor(() => expect(server.sentBytes).toBeGreaterThan(0), 10_000);
    expect(server.sentBytes).toBeLessThan(ROOM_BYTES);
    expect(
      t.logs.lines.filter((line) => line.includes('could not be had: an answer of more than 262144 bytes')),
    ).toHaveLength(1);
  });

  it('takes no key set of very many keys', async () => {
    server.keys = Array.from({ length: 51 }, (_, index) => ({ ...server.keys[0]!, kid: `key-${index}` }));
    expect(await t.knock(await signed(first, 'key-7'))).toEqual(NOBODY_KNOWS);
    expect(t.logs.lines.join('\n')).toContain('could not be had: a key set of more than 50 keys');
  });

  it('refuses tokens that name a key nobody can use, and serves the others', async () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const broken = { kty: 'EC', crv: 'P-256', x: '!', y: '!', kid: 'broken', alg: 'ES256' };
    const usable = { kid: 'weak', alg: 'RS256' };
    server.keys.push(broken, { ...(await exportJWK(weak.publicKey)), ...usable });
    const claims = { ...CLAIMS, exp: Math.floor(Date.now() / 1000) + 600 };
    expect(await t.knock(await signed(first, 'broken'))).toEqual(REFUSED);
    expect(await t.knock(forgeJwt({ ...usable, typ: 'at+jwt' }, claims, weak.privateKey))).toEqual(REFUSED);
    for (const kid of [null, 7, {}, ['one']])
      expect(await t.knock(forgeJwt({ alg: 'ES256', typ: 'at+jwt', kid }, claims, SECRET))).toEqual(REFUSED);
    expect(await t.knock(await signed(first, 'one'))).toEqual(LET_IN);
    expect(t.logs.lines.filter((line) => line.includes('could not be had'))).toEqual([]);
  });

  it('says once in the log why many requests at the same time got no answer', async () => {
    server.answer = (response) => response.writeHead(500).end();
    const bearer = await signed(first, 'one');
    expect(await inParallel(20, () => t.knock(bearer))).toEqual(Array.from({ length: 20 }, () => NOBODY_KNOWS));
    expect(t.logs.lines.filter((line) => line.includes('could not be had: status 500, not 200'))).toHaveLength(1);
  });

  it('does not wait for ever for a key server that never answers', async () => {
    server.answer = () => {};
    const started = performance.now();
    expect(await t.knock(await signed(first, 'one'))).toEqual(NOBODY_KNOWS);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('level none', () => {
  it('has no routes, and says at start what it verifies', async () => {
    const t = await createGuardApp({ secret: SECRET });
    expect((await t.client.post('/auth/signup', { email: 'ada@example.com', password: 'x' })).status).toBe(404);
    expect((await t.client.get('/auth/me')).status).toBe(404);
    const line = t.logs.lines.find((each) => each.includes('level='));
    expect(line).toContain('level=none jwt.secret=[redacted]');
    expect(line).not.toMatch(new RegExp(`${SECRET}|mode=|password|smtp`));
    await t.app.close();
  });

  it.each<[string, object, Record<string, string>, string[]]>([
    ['nothing to verify with', {}, {}, ['jwt.jwksUrl']],
    ['two ways to verify', { secret: SECRET, jwksUrl: 'https://a.example.com/jwks' }, {}, ['jwt.jwksUrl']],
    [
      'a secret and public keys',
      { secret: SECRET, publicKeys: [newKeyPair('ES256').publicKey] },
      {},
      ['jwt.publicKeys'],
    ],
    ['a secret for RS256', { secret: SECRET, algorithm: 'RS256' }, {}, ['jwt.algorithm']],
    ['a private key', { secret: SECRET, privateKey: newKeyPair('ES256').privateKey }, {}, ['jwt.privateKey']],
    ['an URL that is none', { jwksUrl: 'a.example.com/jwks' }, {}, ['jwt.jwksUrl']],
    ['a short secret', { secret: 'too-short-by-far-9Xq2' }, {}, ['jwt.secret']],
    [
      'an URL over http in production',
      { jwksUrl: 'http://a.example.com/jwks' },
      { NODE_ENV: 'production' },
      ['jwt.jwksUrl'],
    ],
    ['a type that is none', { secret: SECRET, acceptedTypes: ['JWT, none'] }, {}, ['jwt.acceptedTypes']],
    ['a life of tokens it does not issue', { secret: SECRET, accessTtlSeconds: 60 }, {}, ['jwt.accessTtlSeconds']],
  ])('does not start with %s', async (_, jwt, env, paths) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const error: unknown = await createGuardApp(jwt).catch((reason: unknown) => reason);
    if (!(error instanceof AuthStartUpError)) throw new Error('the application started', { cause: error });
    expect(error.problems.map(({ path }) => path)).toEqual(paths);
  });
});
