import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Endpoint } from '../lib/http/endpoints.js';
import { dump, endpointsOf, faultOf, pathOf, UNKNOWN_TOKEN, validBody } from './support/hostile.js';
import { type RawAnswer, RawClient, type RawRequest } from './support/raw-client.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };
const DEEP = '['.repeat(5000) + ']'.repeat(5000);

const NOT_TEXT: unknown[] = [
  { $ne: null },
  { $gt: '' },
  ['victim@example.com', 'attacker@example.com'],
  [],
  {},
  0,
  1e308,
  null,
  true,
  { _type: 'not', _value: '' },
];

const BAD_TEXT = ['"\\ud800@x.com"', '"\\udc00"', '"a\\u0000b"', '"\\ud83d\\ud83d"'];

const NOT_OBJECTS = ['[]', '"text"', '0', 'null', 'true', '[{"email":"a@x.com"}]'];

const BROKEN_JSON = ['{', '{"a":}', "{'a':1}", '{"a":1}{"b":2}', '\u{feff}{}', '{"a":NaN}', '\u0000', 'email=a@x.com'];

const PROTOTYPE_NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];

const MASS_ASSIGNMENT = ['id', 'is_active', 'isActive', 'role', 'password_hash', 'passwordHash', 'email_verified_at'];

const TWISTED_NAMES = ['user[is_active]', 'user.is_active', 'is_active ', 'IS_ACTIVE', 'Email', ''];

const HOSTILE_ADDRESSES = [
  '\u212Aate@example.com',
  'victim@example.com\uFF20evil.com',
  'victim\uFF20example.com',
  '\uFF56ictim@example.com',
  'victim@\uFF45xample.com',
  'vic\u200Btim@example.com',
  'victim@exam\u200Bple.com',
  'victim@exam\u00ADple.com',
  '\uFEFFvictim@example.com',
  'victim\u202E@example.com',
  'victim@example\u202E.com',
  '\uFB01@example.com',
  '\u338F@example.com',
  'victim@\u{1F4A9}.com',
  'jos\u00E9@example.com',
  '"victim"@example.com',
  '"e@attacker.com"@example.com',
  '"a b"@example.com',
  'victim@example.com,evil@example.com',
  'victim@example.com;evil@example.com',
  'victim@example.com evil@example.com',
  'Bob <victim@example.com>',
  '<victim@example.com>',
  'g:victim@example.com;',
  'victim@example.com.',
  'victim@example..com',
  'vic..tim@example.com',
  '.victim@example.com',
  'victim.@example.com',
  'victim@[127.0.0.1]',
  'victim@127.0.0.1',
  'victim@localhost',
  'victim@-example.com',
  'victim@example.com\r\nBcc: evil@example.com',
  'victim@example.com\n',
  '\tvictim@example.com',
  'victim(comment)@example.com',
  'victim%00@example.com@evil.com',
  'victim@xn--\u{1F600}.com',
  `${'a'.repeat(65)}@example.com`,
  `a@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.${'e'.repeat(63)}.com`,
  '@example.com',
  'victim@',
  'victim',
  '@',
  ' ',
  '',
];

describe.each(['express', 'fastify'] as const)('with %s', (adapter) => {
  describe.each(['A', 'E'] as const)('in mode %s', (mode) => {
    let t: TestApp;
    let raw: RawClient;
    let before: string;

    beforeAll(async () => {
      t = await createTestApp({ adapter, mode });
      raw = new RawClient(t.client.origin);
      await t.activeUser('victim@example.com');
    });
    beforeEach(async () => {
      before = await dump(t);
    });
    afterEach(async () => {
      expect(await dump(t), 'a refused request wrote something').toBe(before);
      expect(t.mailbox.mails, 'a refused request sent a mail').toHaveLength(1);
    });
    afterAll(async () => {
      raw.close();
      await t.close();
    });

    const bodyEndpoints = endpointsOf(mode).filter(([, { method }]) => method === 'POST');
    const jsonEndpoints = bodyEndpoints.filter(([, { accepts }]) => accepts !== 'form');
    const pageEndpoints = endpointsOf(mode).filter(([, { path }]) => path.includes(':token'));

    /** Sends a body and expects a refusal; of these codes, where some are given. */
    async function refused(endpoint: Endpoint, request: Omit<RawRequest, 'path'>, ...codes: string[]) {
      const answer = await raw.send({ path: pathOf(endpoint), headers: JSON_TYPE, ...request });
      const sent = `${endpoint.path} <- ${String(request.body).slice(0, 100)}`;
      expect(faultOf(endpoint, answer), sent).toBeUndefined();
      if (codes.length > 0) expect(codes, sent).toContain(answer.body.code);
      return answer;
    }

    describe.each(jsonEndpoints)('%s', (_name, endpoint) => {
      const valid = validBody(endpoint);
      const fields = Object.keys(valid);

      it('refuses every field that is not a string, and names it', async () => {
        for (const field of fields) {
          const isOptional = endpoint.request[field]!.startsWith('Optional');
          for (const value of NOT_TEXT.filter((each) => each !== null || !isOptional)) {
            const body = JSON.stringify({ ...valid, [field]: value });
            const answer = await refused(endpoint, { body }, 'INPUT_INVALID');
            expect(answer.body.errors.map((each: { field: string }) => each.field)).toEqual([field]);
          }
        }
      });

      it('refuses lone surrogates and NUL in every field', async () => {
        for (const field of [...fields, 'unknown'])
          for (const text of BAD_TEXT) {
            const body = JSON.stringify({ ...valid, [field]: 0 }).replace(':0', `:${text}`);
            await refused(endpoint, { body }, 'INPUT_MALFORMED');
          }
      });

      it('refuses names that every object has', async () => {
        for (const name of PROTOTYPE_NAMES) {
          const body = JSON.stringify(valid).replace(/\}$/, `${fields.length ? ',' : ''}"${name}":{"is_active":true}}`);
          await refused(endpoint, { body }, 'INPUT_MALFORMED');
        }
      });

      it('refuses unknown fields, whatever column they are named after', async () => {
        for (const name of [...MASS_ASSIGNMENT, ...TWISTED_NAMES]) {
          const answer = await refused(endpoint, { body: JSON.stringify({ ...valid, [name]: true }) });
          if (fields.length > 0) expect(answer.body.code).toBe('INPUT_INVALID');
        }
      });

      it('refuses 5,000 brackets, in a known field, an unknown field and on their own', async () => {
        const objects = '{"a":'.repeat(2500) + '1' + '}'.repeat(2500);
        for (const body of [
          DEEP,
          objects,
          `{"${fields[0] ?? 'a'}":${DEEP}}`,
          `{"unknown":${DEEP}}`,
          DEEP.slice(0, 5000),
        ])
          await refused(endpoint, { body }, 'INPUT_MALFORMED');
      });

      it('refuses what is not a JSON object', async () => {
        for (const body of [...NOT_OBJECTS, ...BROKEN_JSON]) await refused(endpoint, { body }, 'INPUT_MALFORMED');
        await refused(endpoint, { body: Buffer.from([0x22, 0xff, 0xfe, 0x22]) }, 'INPUT_MALFORMED');
        await refused(endpoint, { body: Buffer.from('{}', 'utf16le') }, 'INPUT_MALFORMED');
      });

      it('repeats a password out of malformed JSON neither in the answer nor in the log', async () => {
        const secret = 'canary-in-broken-json';
        for (const body of [`{"password":"${secret}"`, `{"password":"${secret}",}`, `${secret}{}`]) {
          const { text } = await refused(endpoint, { body }, 'INPUT_MALFORMED');
          expect(text).not.toContain('canary');
        }
        expect(t.logs.lines.join('\n')).not.toContain('canary');
      });

      it('refuses 17 KB, announced or not', async () => {
        const body = JSON.stringify({ ...valid, [fields[0] ?? 'a']: 'x'.repeat(17 * 1024) });
        await refused(endpoint, { body }, 'INPUT_TOO_LARGE');
        await refused(endpoint, { body, chunked: true }, 'INPUT_TOO_LARGE');
      });

      it('refuses every content type but application/json', async () => {
        const types = [
          'text/plain',
          'application/xml',
          'multipart/form-data; boundary=x',
          'application/json5',
          'json',
          '',
        ];
        const charsets = ['application/json; charset=utf-16', 'application/json; charset=latin1'];
        // With pages, the button of the confirmation page is a form; nothing of it is a JSON endpoint.
        if (endpoint.accepts === 'json' || mode === 'A') types.push(FORM_TYPE['content-type']);
        for (const type of [...types, ...charsets])
          await refused(
            endpoint,
            { body: JSON.stringify(valid), headers: { 'content-type': type } },
            'INPUT_UNSUPPORTED_TYPE',
          );
        await refused(endpoint, { body: JSON.stringify(valid), headers: {} }, 'INPUT_UNSUPPORTED_TYPE');
      });

      it('inflates nothing', async () => {
        const bomb = gzipSync(Buffer.alloc(10_000_000, 0x20));
        for (const encoding of ['gzip', 'deflate', 'br', 'GZIP', 'identity, gzip']) {
          const headers = { ...JSON_TYPE, 'content-encoding': encoding };
          await refused(endpoint, { body: bomb, headers }, 'INPUT_UNSUPPORTED_TYPE');
        }
      });

      it('refuses an empty body, with or without a content type', async () => {
        for (const headers of [JSON_TYPE, {}])
          for (const body of ['', undefined]) {
            const answer = await refused(endpoint, { body, headers });
            const needed = fields.filter((field) => !endpoint.request[field]!.startsWith('Optional'));
            if (needed.length > 0) expect(answer.body.code).toBe('INPUT_INVALID');
          }
      });
    });

    it.each(jsonEndpoints.filter(([, { request }]) => 'email' in request))(
      '%s refuses every address that is not plainly one address',
      async (_name, endpoint) => {
        for (const email of HOSTILE_ADDRESSES) {
          const body = JSON.stringify({ ...validBody(endpoint), email });
          const answer = await refused(endpoint, { body }, 'INPUT_INVALID');
          expect(answer.body.errors.map((each: { field: string }) => each.field)).toEqual(['email']);
        }
      },
    );

    it.each(bodyEndpoints.filter(([, { accepts }]) => accepts !== 'json' && mode === 'E'))(
      '%s refuses forms that are too large, ill-formed or doubled',
      async (_name, endpoint) => {
        const form = (body: string, ...codes: string[]) => refused(endpoint, { body, headers: FORM_TYPE }, ...codes);
        await form(`new_password=${'x'.repeat(17 * 1024)}`, 'INPUT_TOO_LARGE');
        await form('new_password=%ff', 'INPUT_MALFORMED');
        await form('new_password=%00', 'INPUT_MALFORMED');
        await form('new_password=a&new_password=b', 'INPUT_MALFORMED');
        await form('__proto__=a', 'INPUT_MALFORMED');
        await form(Array.from({ length: 21 }, (_, i) => `a${i}=1`).join('&'), 'INPUT_MALFORMED');
        await form('is_active=true');
        await form('');
        await refused(
          endpoint,
          { body: 'x', headers: { 'content-type': 'multipart/form-data' } },
          'INPUT_UNSUPPORTED_TYPE',
        );
      },
    );

    it.each(pageEndpoints)('%s refuses every token that is not exactly one', async (_name, endpoint) => {
      const tokens = [
        '%00',
        '..%2f..%2fetc%2fpasswd',
        '%2e%2e',
        '%2e%2e%2f',
        '%25%30%30',
        'null',
        'undefined',
        '0',
        '%20',
      ];
      tokens.push(
        `${UNKNOWN_TOKEN}%20`,
        `${UNKNOWN_TOKEN}=`,
        '%27%20OR%201=1--',
        '%25',
        '%F0%9F%98%80',
        "';--",
        '[]',
        '*',
      );
      const headers = endpoint.accepts === 'form' ? FORM_TYPE : endpoint.method === 'POST' ? JSON_TYPE : {};
      const body = endpoint.accepts === 'form' ? `new_password=${encodeURIComponent(PASSWORD)}` : undefined;
      for (const token of tokens) {
        const answer = await raw.send({ method: endpoint.method, path: pathOf(endpoint, token), headers, body });
        expect(faultOf(endpoint, answer), `${endpoint.path} ${token}`).toBeUndefined();
      }
    });

    it.each(pageEndpoints)(
      '%s refuses a token that cannot be decoded, and does not log it',
      async (_name, endpoint) => {
        for (const token of ['%c0%ae', '%E0%A4%A', '%ff', '%', '%zz']) {
          const answer = await raw.send({ method: endpoint.method, path: pathOf(endpoint, token) });
          if (adapter === 'express') {
            expect(faultOf(endpoint, answer), token).toBeUndefined();
            expect(answer.text).not.toContain(token);
          } else {
            // Fastify's router refuses the path by itself, before any hook of an application or a module runs.
            expect([answer.status, answer.body.code]).toEqual([400, 'FST_ERR_BAD_URL']);
          }
        }
        expect(t.logs.lines.join('\n')).not.toMatch(/%c0|%E0|%ff|%zz/);
      },
    );

    it.each(endpointsOf(mode))('%s survives every spelling of its path and every method', async (_name, endpoint) => {
      const plain = pathOf(endpoint);
      const [first, ...rest] = plain.slice(1).split('/');
      const spellings = [
        plain,
        plain.toUpperCase(),
        `${plain}/`,
        `/${plain}`,
        `${plain}//`,
        `${plain}%00`,
        `${plain}?a=1&a=2&__proto__[b]=c`,
        `${plain};a=b`,
        `/./${plain.slice(1)}`,
        `/x/..${plain}`,
        `/x/%2e%2e${plain}`,
        `/${first}%2F${rest.join('/')}`,
        `/%${first!.charCodeAt(0).toString(16)}${plain.slice(2)}`,
        `http://evil.example${plain}`,
      ];
      const methods = ['POST', 'GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'];
      for (const path of spellings)
        for (const method of methods) {
          const isBodiless = ['GET', 'HEAD', 'OPTIONS', 'TRACE'].includes(method);
          const hostile = { headers: JSON_TYPE, body: `{"password":${DEEP}}` };
          const answer = await raw.send({ method, path, ...(isBodiless ? {} : hostile) });
          expect(refusesOrDescribes(method, answer), `${method} ${path} -> ${answer.status} ${answer.text}`).toBe(true);
        }
    });
  });
});

/** OPTIONS may say which methods there are; everything else is a refusal. */
function refusesOrDescribes(method: string, { status }: RawAnswer): boolean {
  return (status >= 400 && status < 500) || (method === 'OPTIONS' && status < 300);
}
