import * as fc from 'fast-check';
import { claimsOf, encode, forgeJwt, headerOf, type JsonObject } from './jwt.js';

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
export function forgeriesOf(genuine: string): fc.Arbitrary<string> {
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
