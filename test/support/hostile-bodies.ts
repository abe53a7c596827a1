import * as fc from 'fast-check';
import type { Endpoint } from '../../lib/platform/http/endpoint.js';
import { UNKNOWN_TOKEN, validBody } from './every-endpoint.js';

const utf16 = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) });

/** Text that has broken something somewhere. */
export const nasty = fc.constantFrom(
  '__proto__',
  'constructor',
  'prototype',
  '\0',
  '\ud800',
  "' OR 1=1 --",
  '%',
  '_',
  '${7*7}',
  '{{user.passwordHash}}',
  '\u212Aate@example.com',
  'victim@example.com',
  'a@x.com,b@evil.com',
  '\r\nBcc: a@x.com',
  'x'.repeat(600),
  '\u202E',
  UNKNOWN_TOKEN,
);

/** Ordinary text with one character in it that a database or a validator may choke on. */
const spoiled = fc
  .tuple(fc.string(), fc.constantFrom('\0', '\ud800', '\udc00', '\u202E', '\uFEFF', '\u{1F4A9}'), fc.string())
  .map((parts) => parts.join(''));

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), utf16, nasty, spoiled);

/** A valid address; a few hundred of them, so that signups meet each other. */
const address = fc.integer({ min: 0, max: 300 }).map((number) => `user${number}@example.com`);

const json = fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' });

const key = fc.oneof(
  text,
  fc.constantFrom('email', 'password', 'token', 'refresh_token', 'new_password', 'name', 'is_active', 'id'),
);

const deep = fc
  .tuple(fc.integer({ min: 1, max: 3000 }), fc.constantFrom(['[', ']'], ['{"a":', '}'], ['[{"a":', '}]']), fc.boolean())
  .map(([depth, [open, close], isClosed]) => `${open!.repeat(depth)}1${isClosed ? close!.repeat(depth) : ''}`);

/** Well-formed, and refused by the policy alone: what only a flow can refuse shows that requests come that far. */
const weakPassword = fc.constantFrom('short', 'password', '12345678', 'aaaaaaaaaaaa', 'x'.repeat(129));

const number = fc.constantFrom('1e400', '-0', '9'.repeat(400), '1E-400', '0x10', 'NaN', '-', '1.', '01');

const oversized = fc.integer({ min: 16_300, max: 17_500 }).map((size) => `{"email":"${'a'.repeat(size)}"}`);

/** JSON of the right shape, with something wrong in it, or nothing. */
function mutated(valid: Record<string, string>): fc.Arbitrary<string> {
  const names = Object.keys(valid);
  const name = names.length > 0 ? fc.constantFrom(...names) : key;
  const content = fc.oneof(
    { weight: 4, arbitrary: text },
    { weight: 2, arbitrary: spoiled },
    json,
    address,
    fc.dictionary(key, text, { maxKeys: 3 }),
  );
  const field = fc.tuple(name, content);
  // Another address each time: what a signup states reaches the table of users only where the address is new.
  const changed = fc
    .tuple(field, address)
    .map(([[at, changedTo], email]) =>
      JSON.stringify({ ...valid, ...('email' in valid && { email }), [at]: changedTo }),
    );
  const extended = fc
    .tuple(key, json)
    .map(([at, value]) => JSON.stringify(Object.assign({ ...valid }, { [at]: value })));
  const whole = JSON.stringify(valid);
  const damaged = fc
    .tuple(fc.nat(whole.length), fc.nat(3), text)
    .map(([at, removed, added]) => whole.slice(0, at) + added + whole.slice(at + removed));
  const twice = name.map((at) => whole.replace('{', `{${JSON.stringify(at)}:{},`));
  const nested = fc.oneof(deep, number).map((value) => whole.replace(/\}$/, `,"extra":${value}}`));
  // Nothing is wrong with it: only the flow can refuse it, by what it finds in the tables.
  const untouched = address.map((email) => JSON.stringify({ ...valid, ...('email' in valid && { email }) }));
  const secrets = names.filter((each) => /^(new_)?password$/.test(each));
  const guessable = fc.tuple(weakPassword, address).map(([weak, email]) =>
    JSON.stringify({
      ...valid,
      ...('email' in valid && { email }),
      ...Object.fromEntries(secrets.map((at) => [at, weak])),
    }),
  );
  return fc.oneof(
    { weight: 4, arbitrary: changed },
    { weight: 3, arbitrary: untouched },
    { weight: secrets.length > 0 ? 4 : 0, arbitrary: guessable },
    extended,
    damaged,
    twice,
    nested,
  );
}

function form(valid: Record<string, string>): fc.Arbitrary<string> {
  const pair = fc.tuple(key, fc.string()).map((entry) => new URLSearchParams([entry]).toString());
  const pairs = fc.array(pair, { maxLength: 25 }).map((all) => all.join('&'));
  const escapes = fc.array(fc.constantFrom('%', 'ff', '00', '=', '&', '+', 'new_password', '%c0%ae'), {
    maxLength: 20,
  });
  const changed = fc.string().map((value) => new URLSearchParams({ ...valid, new_password: value }).toString());
  return fc.oneof(
    pairs,
    changed,
    escapes.map((all) => all.join('')),
  );
}

/** Bodies for an endpoint: of its own shape with something wrong in them, or of none. */
export function hostileBody(endpoint: Endpoint): fc.Arbitrary<string | Uint8Array> {
  const valid = validBody(endpoint);
  return fc.oneof(
    { weight: 12, arbitrary: mutated(valid) },
    { weight: 3, arbitrary: json.map((value) => JSON.stringify(value)) },
    { weight: 2, arbitrary: fc.uint8Array({ maxLength: 200 }) },
    { weight: 2, arbitrary: form(valid) },
    { weight: 1, arbitrary: deep },
    { weight: 1, arbitrary: number },
    { weight: 1, arbitrary: utf16 },
    { weight: 1, arbitrary: fc.dictionary(key, text, { maxKeys: 30 }).map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: oversized },
  );
}
