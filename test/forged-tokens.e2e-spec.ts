import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inParallel } from './support/client.js';
import { CLAIMS, createGuardApp, SECRET } from './support/guard-app.js';
import { claimsOf, encode, forgeJwt, headerOf, type JsonObject } from './support/jwt.js';
import { createTestApp } from './support/test-app.js';

const FORGERIES = 2_000;
const AT_ONCE = 20;
const TIMEOUT_MS = 120_000;

const json = fc.jsonValue({ maxDepth: 2 });
const name = fc.constantFrom(
  'typ',
  'alg',
  'kid',
  'crit',
  'jwk',
  'jku',
  'x5u',
  'b64',
  'zip',
  'cty',
  'iss',
  'sub',
  'aud',
  'exp',
  'sid',
);
const change = fc.dictionary(name, json, { minKeys: 1, maxKeys: 4 });

/** Tokens made of a genuine one, none of which is genuine: another text, or signed with another key. */
function forgeriesOf(genuine: string): fc.Arbitrary<string> {
  const [head = '', body = '', signature = ''] = genuine.split('.');
  const [header, claims] = [headerOf(genuine), claimsOf(genuine)];
  const at = fc.nat(genuine.length - 1);
  const unsigned = (changed: JsonObject) => `${encode({ ...header, ...changed })}.${body}.${signature}`;
  return fc
    .oneof(
      fc
        .tuple(at, fc.nat(127))
        .map(([index, code]) => genuine.slice(0, index) + String.fromCharCode(code) + genuine.slice(index + 1)),
      at.map((length) => genuine.slice(0, length)),
      fc.shuffledSubarray([head, body, signature], { minLength: 1 }).map((parts) => parts.join('.')),
      change.map(unsigned),
      change.map((changed) => `${head}.${encode({ ...claims, ...changed })}.${signature}`),
      fc
        .tuple(change, fc.constantFrom('', 'secret', 'null'))
        .map(([changed, key]) => forgeJwt({ ...header, ...changed }, claims, key)),
      fc.constantFrom('none', 'NONE', '', 'HS512', 'RS256').map((alg) => `${encode({ ...header, alg })}.${body}.`),
      fc.string({ maxLength: 200 }).map((text) => Buffer.from(text).toString('base64url')),
    )
    .filter((token) => token !== genuine && /^[\w.~+/-]+=*$/.test(token));
}

/** How many of the forgeries got each status. */
async function outcomes(
  genuine: string,
  statusOf: (token: string) => Promise<number>,
): Promise<Record<number, number>> {
  const forgeries = fc.sample(forgeriesOf(genuine), FORGERIES);
  const counts: Record<number, number> = {};
  for (let start = 0; start < FORGERIES; start += AT_ONCE)
    await inParallel(AT_ONCE, async (index) => {
      const status = await statusOf(forgeries[start + index]!);
      counts[status] = (counts[status] ?? 0) + 1;
    });
  return counts;
}

describe(`${FORGERIES} forged and mutated tokens`, { timeout: TIMEOUT_MS }, () => {
  it('open nothing at level none, and break nothing', async () => {
    const t = await createGuardApp({ secret: SECRET });
    const exp = Math.floor(Date.now() / 1000) + 600;
    const genuine = forgeJwt({ alg: 'HS256', typ: 'at+jwt', kid: 'one' }, { ...CLAIMS, exp }, SECRET);
    const knock = async (bearer: string) => (await t.client.get('/own/claims', { bearer })).status;
    expect(await outcomes(genuine, knock)).toEqual({ 401: FORGERIES });
    expect(await knock(genuine)).toBe(200);
    await t.app.close();
  });

  it('open nothing at level complete, and break nothing', async () => {
    const t = await createTestApp();
    const { access_token: genuine } = await t.activeUser('forged@example.com');
    const knock = async (bearer: string) => (await t.client.get('/auth/me', { bearer })).status;
    expect(await outcomes(genuine, knock)).toEqual({ 401: FORGERIES });
    expect(await knock(genuine)).toBe(200);
    await t.close();
  });
});
