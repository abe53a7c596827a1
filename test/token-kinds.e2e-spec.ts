import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLAIMS, createGuardApp, type GuardApp, LET_IN, REFUSED, SECRET } from './support/guard-app.js';
import { forgeJwt, type JsonObject } from './support/jwt.js';

const HEADER = { alg: 'HS256', typ: 'at+jwt' };
const claims = (): JsonObject => ({ ...CLAIMS, exp: Math.floor(Date.now() / 1000) + 600 });
/** Signed by the issuer itself, whatever is in it. */
const issued = (header: JsonObject, changed: JsonObject = {}) => forgeJwt(header, { ...claims(), ...changed }, SECRET);
const ofType = (typ: unknown) => issued({ alg: 'HS256', typ });

/** What stands where a text, or a number, should. */
const NOT_TEXT = [null, true, 0, 1, '', [], ['at+jwt'], {}, { toLowerCase: 1 }];
const NOT_NUMBERS = [null, true, '9999999999', [], [9_999_999_999], {}];
const ID_TOKEN = { nonce: 'n-0S6_WzA2Mj', auth_time: 1, at_hash: 'MTIzNDU2Nzg5MDEyMzQ1Ng' };

describe.each(['express', 'fastify'] as const)('kinds of tokens at level none, on %s', (adapter) => {
  let t: GuardApp;
  beforeAll(async () => {
    t = await createGuardApp({ secret: SECRET }, adapter);
  });
  afterAll(() => t.app.close());

  it.each(['at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/AT+jwt'])('takes %s', async (typ) => {
    expect(await t.knock(ofType(typ))).toEqual(LET_IN);
  });

  it.each([
    undefined,
    'JWT',
    'jwt',
    'application/jwt',
    'none',
    'rt+jwt',
    'logout+jwt',
    'dpop+jwt',
    'at+jwt ',
    'text/at+jwt',
  ])('refuses the type %s', async (typ) => {
    expect(await t.knock(ofType(typ))).toEqual(REFUSED);
  });

  it.each(['typ', 'alg', 'kid', 'cty', 'crit'])('refuses a header whose %s is of a wrong JSON type', async (name) => {
    // An empty text is a text: as a key's name, or a content's type, it means as little as any other here.
    const values = name === 'kid' || name === 'cty' ? NOT_TEXT.filter((value) => value !== '') : NOT_TEXT;
    for (const value of values)
      expect([value, await t.knock(issued({ ...HEADER, [name]: value }))]).toEqual([value, REFUSED]);
  });

  it.each(['sub', 'aud', 'iss'])('refuses a claim %s of a wrong JSON type', async (name) => {
    const values = [...NOT_TEXT, ['orders', 5], ['orders', null]];
    for (const value of values)
      expect([value, await t.knock(issued(HEADER, { [name]: value }))]).toEqual([value, REFUSED]);
  });

  it.each(['exp', 'nbf', 'iat'])('refuses a claim %s of a wrong JSON type', async (name) => {
    for (const value of NOT_NUMBERS)
      expect([value, await t.knock(issued(HEADER, { [name]: value }))]).toEqual([value, REFUSED]);
  });

  it('refuses claims that are no object', async () => {
    for (const value of [[], [claims()], 'text', 5, null])
      expect(await t.knock(forgeJwt(HEADER, value as unknown as JsonObject, SECRET))).toEqual(REFUSED);
  });
});

describe('kinds of tokens of an older issuer', () => {
  it('are those that the configuration adds, and no others', async () => {
    const t = await createGuardApp({ secret: SECRET, acceptedTypes: ['JWT', 'none'] });
    for (const typ of ['JWT', 'jwt', 'application/jwt', undefined, 'at+jwt'])
      expect(await t.knock(ofType(typ))).toEqual(LET_IN);
    for (const typ of ['rt+jwt', 'logout+jwt', 7, null]) expect(await t.knock(ofType(typ))).toEqual(REFUSED);
    // Issued for the same audience, and of the same type; what it says of an access token gives it away.
    expect(await t.knock(issued({ alg: 'HS256', typ: 'JWT' }, ID_TOKEN))).toEqual(REFUSED);
    await t.app.close();
  });
});
