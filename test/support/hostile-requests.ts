import * as fc from 'fast-check';
import type { Endpoint } from '../../lib/platform/http/endpoint.js';
import { pathOf, UNKNOWN_TOKEN } from './every-endpoint.js';
import { hostileBody, nasty } from './hostile-bodies.js';
import { BODILESS, METHODS } from './hostile-values.js';
import type { RawRequest } from './raw-client.js';

/** A request as a generator makes it. */
export interface HostileRequest {
  /** Mostly that of the endpoint. */
  method: string;
  token: string;
  /** With its question mark, or empty. */
  query: string;
  headers: Record<string, string>;
  body: string | Uint8Array | undefined;
}

/** Access tokens that requests carry. */
export interface Credentials {
  /** To mutilate: as it is, no request carries it. */
  genuine: string;
  /** Of somebody who is signed in and means harm: one request in three carries it as it is. */
  insider?: string;
}

function contentType({ accepts }: Endpoint): fc.Arbitrary<string | undefined> {
  const right = accepts === 'form' ? 'application/x-www-form-urlencoded' : 'application/json';
  return fc.oneof(
    { weight: 20, arbitrary: fc.constant(right) },
    fc.constantFrom('application/x-www-form-urlencoded', 'application/json; charset=utf-16', 'text/plain', undefined),
    headerText,
  );
}

/** What a header may carry: bytes, but neither control characters nor surrounding spaces. */
const headerText = fc
  .array(fc.integer({ min: 0x20, max: 0xff }), { maxLength: 200 })
  .map((codes) => String.fromCharCode(...codes.filter((code) => code !== 0x7f)).trim());

/** Credentials: anything at all, and a genuine token with one character changed. */
function authorization(genuine: string): fc.Arbitrary<string | undefined> {
  const changed = fc
    .tuple(fc.nat(genuine.length - 1), fc.constantFrom('A', '.', '_', '=', '', '..'))
    .map(([at, character]) => `Bearer ${genuine.slice(0, at)}${character}${genuine.slice(at + 1)}`)
    .filter((header) => header !== `Bearer ${genuine}`);
  const cut = fc.nat(genuine.length - 1).map((length) => `Bearer ${genuine.slice(0, length)}`);
  const schemes = fc.constantFrom(
    `Basic ${genuine}`,
    genuine,
    `Bearer ${genuine}, Bearer x`,
    `Bearer  `,
    'Bearer a.b.c',
  );
  return fc.oneof(
    fc.constant(undefined),
    headerText,
    headerText.map((value) => `Bearer ${value}`),
    changed,
    cut,
    schemes,
  );
}

/** A token in a path: encoded text, or characters that only a raw request can send. */
const pathToken = fc.oneof(
  fc.string({ unit: 'grapheme' }).map(encodeURIComponent),
  nasty.filter((value) => !/\p{Surrogate}/u.test(value) && value.length < 600).map(encodeURIComponent),
  fc.string({ unit: fc.constantFrom(...'%0cfFae2./\\;=&?*()[]{}"\'<>|^`~!@$+,-_') }),
  fc.array(fc.integer({ min: 0x21, max: 0x7e }), { maxLength: 80 }).map((codes) => String.fromCharCode(...codes)),
  fc.string({ unit: fc.constantFrom(...'abcXYZ019-_'), minLength: 60, maxLength: 130 }),
);

/** A header that one request in four has. */
const sometimes = (value: fc.Arbitrary<string>) => fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, value);

/** A header that one request in thirty has. */
const seldom = (value: fc.Arbitrary<string>) => fc.oneof({ weight: 29, arbitrary: fc.constant(undefined) }, value);

/** What a link of ours never has, and what frameworks make objects, lists or paths of. */
const queries = fc
  .array(
    fc.constantFrom(
      'next=//evil.example',
      'redirect=javascript:alert(1)',
      'login_url=https:evil.example',
      'token=a&token=b',
      'email[$ne]=x',
      'a[__proto__][b]=1',
      '%00',
      '%',
      '%c0%ae',
      'lang=../../etc/passwd',
      `${'a[]=1&'.repeat(300)}`,
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => `?${parts.join('&')}`);

const cookieName = fc.constantFrom(
  '__Host-gatehouse-device',
  'gatehouse-device',
  '__Host-gatehouse-access',
  '__Secure-gatehouse-refresh',
  '__Host-gatehouse-csrf',
  '\xa0__Host-gatehouse-device',
);

/** Cookies: those of ours with anything in them, several times, and lines that are none. */
const cookies = fc.oneof(
  headerText,
  fc
    .array(fc.tuple(cookieName, fc.oneof(headerText, fc.constant(UNKNOWN_TOKEN), fc.constant('"'))), { maxLength: 6 })
    .map((all) => all.map((pair) => pair.join('=')).join('; ')),
);

function allHeaders(endpoint: Endpoint, { genuine, insider }: Credentials): fc.Arbitrary<Record<string, string>> {
  const guest = authorization(genuine);
  return fc
    .record({
      'content-type': contentType(endpoint),
      authorization:
        insider === undefined
          ? guest
          : fc.oneof({ weight: 2, arbitrary: guest }, { weight: 1, arbitrary: fc.constant(`Bearer ${insider}`) }),
      'content-encoding': seldom(fc.constantFrom('gzip', 'identity', 'br, gzip')),
      'accept-language': sometimes(headerText),
      'sec-fetch-site': sometimes(fc.constantFrom('cross-site', 'same-origin', 'x')),
      origin: sometimes(headerText),
      'user-agent': sometimes(headerText),
      cookie: sometimes(cookies),
      host: seldom(fc.constantFrom('evil.example', 'localhost:99999', '[::1', 'a@b', 'xn--')),
    })
    .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value)) as Record<string, string>);
}

/** Hostile requests to an endpoint. */
export function hostileRequest(endpoint: Endpoint, credentials: Credentials): fc.Arbitrary<HostileRequest> {
  const withBody =
    endpoint.accepts === 'none'
      ? fc.constant(undefined)
      : fc.option(hostileBody(endpoint), { freq: 20, nil: undefined });
  return fc
    .record({
      method: fc.oneof(
        { weight: 19, arbitrary: fc.constant(endpoint.method as string) },
        { weight: 1, arbitrary: fc.constantFrom(...METHODS) },
      ),
      token: endpoint.path.includes(':') ? pathToken : fc.constant(''),
      query: fc.oneof({ weight: 9, arbitrary: fc.constant('') }, { weight: 1, arbitrary: queries }),
      headers: allHeaders(endpoint, credentials),
      body: withBody,
    })
    .map((request) => Object.assign(request, BODILESS.has(request.method) && { body: undefined }));
}

/** The same as a client sends it. */
export function toRawRequest(endpoint: Endpoint, { token, query, ...sent }: HostileRequest): RawRequest {
  return { ...sent, path: pathOf(endpoint, token) + query };
}
