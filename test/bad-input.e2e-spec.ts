import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint } from '../lib/http/endpoint.js';
import {
  DEEP,
  NOT_TEXT,
  BAD_TEXT,
  NOT_OBJECTS,
  BROKEN_JSON,
  PROTOTYPE_NAMES,
  MASS_ASSIGNMENT,
  TWISTED_NAMES,
  HOSTILE_ADDRESSES,
  HOSTILE_USERNAMES,
  OTHER_TYPES,
  BOMB,
  HOSTILE_TOKENS,
  METHODS,
  BODILESS,
} from './support/hostile-values.js';
import { codeOf, dump, endpointsOf, faultOf, pathOf, validBody } from './support/hostile.js';
import { namedSchema } from './support/named-users.js';
import { type RawAnswer, RawClient, type RawRequest } from './support/raw-client.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };

type Sent = Omit<RawRequest, 'path'> & { isGuest?: true };

const bodies = (...texts: (string | Uint8Array)[]): Sent[] => texts.map((body) => ({ body }));
const forms = (...texts: string[]): Sent[] => texts.map((body) => ({ body, headers: FORM_TYPE }));

describe.each(['express', 'fastify'] as const)('with %s', (adapter) => {
  describe.each(['A', 'E'] as const)('in mode %s', (mode) => {
    let t: TestApp;
    let raw: RawClient;
    let before: string;
    /** A signed-in user's: the fields of an endpoint for users are looked at behind the guard. */
    let bearer: string;

    beforeAll(async () => {
      t = await createTestApp({ adapter, mode, schema: namedSchema() });
      raw = new RawClient(t.client.origin);
      bearer = (await t.activeUser('victim@example.com')).access_token;
      before = await dump(t);
    });
    afterEach(async () => {
      if ((await dump(t)) !== before) throw new Error('A refused request wrote something.');
      if (t.mailbox.mails.length !== 1) throw new Error('A refused request sent a mail.');
    });
    afterAll(async () => {
      raw.close();
      await t.close();
    });

    const endpoints = endpointsOf(mode);
    const jsonEndpoints = endpoints.filter(([, { accepts }]) => accepts === 'json' || accepts === 'json-or-form');
    const formEndpoints = endpoints.filter(([, { accepts }]) => accepts.endsWith('form') && mode === 'E');
    const pathEndpoints = endpoints.filter(([, { path }]) => path.includes(':'));

    const credentials = (endpoint: Endpoint) => (takesInput(endpoint) ? { authorization: `Bearer ${bearer}` } : {});

    /** Sends each body, and tells what was not refused as it should be: with that code, where one is given. */
    async function faults(endpoint: Endpoint, requests: Sent[], code?: string, fields?: string[]): Promise<string[]> {
      const found: string[] = [];
      for (const request of requests) {
        const { method } = endpoint;
        const { isGuest, headers = JSON_TYPE, ...sent } = request;
        const all = { ...(isGuest ? {} : credentials(endpoint)), ...headers };
        const answer = await raw.send({ method, path: pathOf(endpoint), headers: all, ...sent });
        const named = answer.body?.errors?.map(({ field }: { field: string }) => field);
        const fault =
          faultOf(endpoint, answer) ??
          (code && codeOf(answer) !== code ? `${codeOf(answer)} instead of ${code}` : undefined) ??
          (fields && named?.join() !== fields.join() ? `names ${named} instead of ${fields}` : undefined);
        if (fault) found.push(`${String(request.body).slice(0, 100)} -> ${fault}`);
      }
      return found;
    }

    describe.each(jsonEndpoints)('%s', (_name, endpoint) => {
      const valid = validBody(endpoint);
      const fields = Object.keys(endpoint.request);
      const isOptional = (field: string) => endpoint.request[field]!.startsWith('Optional');
      /** Without a field to validate, the flow refuses the token or the missing credentials. */
      const invalid = fields.length > 0 ? 'INPUT_INVALID' : undefined;
      const withFields = (more: object): string => JSON.stringify({ ...valid, ...more });

      it('refuses every field that is not a string, and names it', async () => {
        for (const field of fields) {
          const values = NOT_TEXT.filter((value) => value !== null || !isOptional(field));
          const requests = bodies(...values.map((value) => withFields({ [field]: value })));
          expect(await faults(endpoint, requests, 'INPUT_INVALID', [field])).toEqual([]);
        }
      });

      it('refuses lone surrogates and NUL in every field', async () => {
        for (const field of [...fields, 'unknown']) {
          const texts = BAD_TEXT.map((text) => withFields({ [field]: 0 }).replace(':0', `:${text}`));
          expect(await faults(endpoint, bodies(...texts), 'INPUT_MALFORMED')).toEqual([]);
        }
      });

      it('refuses names that every object has', async () => {
        const texts = PROTOTYPE_NAMES.map((name) =>
          withFields({ last: 0 }).replace('"last":0', `"${name}":{"a":true}`),
        );
        expect(await faults(endpoint, bodies(...texts), 'INPUT_MALFORMED')).toEqual([]);
      });

      it('refuses unknown fields, whatever column they are named after', async () => {
        for (const name of [...MASS_ASSIGNMENT, ...TWISTED_NAMES])
          expect(await faults(endpoint, bodies(withFields({ [name]: true })), invalid)).toEqual([]);
      });

      it('refuses 5,000 brackets, in a known field, an unknown field and on their own', async () => {
        const objects = '{"a":'.repeat(2500) + '1' + '}'.repeat(2500);
        const known = `{"${fields[0] ?? 'a'}":${DEEP}}`;
        const requests = bodies(DEEP, objects, known, `{"unknown":${DEEP}}`, DEEP.slice(0, 5000));
        expect(await faults(endpoint, requests, 'INPUT_MALFORMED')).toEqual([]);
      });

      it('refuses what is not a JSON object', async () => {
        const bytes = [Buffer.from([0x22, 0xff, 0xfe, 0x22]), Buffer.from('{}', 'utf16le')];
        const requests = bodies(...NOT_OBJECTS, ...BROKEN_JSON, ...bytes);
        expect(await faults(endpoint, requests, 'INPUT_MALFORMED')).toEqual([]);
      });

      it('repeats a password out of malformed JSON neither in the answer nor in the log', async () => {
        for (const body of ['{"password":"canary"', '{"password":"canary",}', 'canary{}']) {
          const { method } = endpoint;
          const { status, text } = await raw.send({ method, path: pathOf(endpoint), headers: JSON_TYPE, body });
          expect([status, text.includes('canary')]).toEqual([400, false]);
        }
        expect(t.logs.lines.join('\n')).not.toContain('canary');
      });

      it('refuses 17 KB, announced or not', async () => {
        const body = withFields({ [fields[0] ?? 'a']: 'x'.repeat(17 * 1024) });
        expect(await faults(endpoint, [{ body }, { body, chunked: true }], 'INPUT_TOO_LARGE')).toEqual([]);
      });

      it('refuses every content type but application/json', async () => {
        // With pages, the button of the confirmation page is a form; nothing of it is a JSON endpoint.
        const formType = endpoint.accepts === 'json' || mode === 'A' ? [FORM_TYPE['content-type']] : [];
        const headers = [...OTHER_TYPES, ...formType].map((type) => ({ 'content-type': type }));
        const requests = [...headers, {}].map((each): Sent => ({ headers: each, body: withFields({}) }));
        expect(await faults(endpoint, requests, 'INPUT_UNSUPPORTED_TYPE')).toEqual([]);
      });

      it('inflates nothing', async () => {
        const encodings = ['gzip', 'deflate', 'br', 'GZIP', 'identity, gzip'];
        const requests = encodings.map((each) => ({ body: BOMB, headers: { ...JSON_TYPE, 'content-encoding': each } }));
        expect(await faults(endpoint, requests, 'INPUT_UNSUPPORTED_TYPE')).toEqual([]);
      });

      it('refuses an empty body, with or without a content type', async () => {
        const empty: Sent[] = [{ body: '' }, { body: '', headers: {} }, { headers: {} }, {}, { body: '{}' }];
        const chunked = empty.flatMap((each): Sent[] => (each.body === undefined ? [] : [{ ...each, chunked: true }]));
        const needsFields = fields.some((field) => !isOptional(field));
        // Where a user may leave out every field, only the guest is wrong.
        const requests = [...empty, ...chunked];
        if (!needsFields) for (const each of requests) each.isGuest = true;
        expect(await faults(endpoint, requests, needsFields ? 'INPUT_INVALID' : undefined)).toEqual([]);
      });
    });

    it.each(jsonEndpoints.filter(([, endpoint]) => addressField(endpoint)))(
      '%s refuses every address that is not plainly one address',
      async (_name, endpoint) => {
        const field = addressField(endpoint)!;
        const requests = HOSTILE_ADDRESSES.map((address) => ({
          body: JSON.stringify({ ...validBody(endpoint), [field]: address }),
        }));
        expect(await faults(endpoint, requests, 'INPUT_INVALID', [field])).toEqual([]);
      },
    );

    it.each(jsonEndpoints.filter(([, { request }]) => 'username' in request))(
      '%s refuses every username that is not plainly one',
      async (_name, endpoint) => {
        const { email, ...others } = validBody(endpoint);
        const isInsteadOf = endpoint.request['username']!.startsWith('Instead of');
        const requests = HOSTILE_USERNAMES.map((username) => ({
          body: JSON.stringify({ ...others, ...(!isInsteadOf && { email }), username }),
        }));
        expect(await faults(endpoint, requests, 'INPUT_INVALID', ['username'])).toEqual([]);
      },
    );

    it.each(formEndpoints)('%s refuses forms that are too large, ill-formed or doubled', async (_name, endpoint) => {
      const many = Array.from({ length: 21 }, (_, index) => `a${index}=1`).join('&');
      const malformed = ['new_password=%ff', 'new_password=%00', 'new_password=a&new_password=b', '__proto__=a', many];
      const multipart = { body: 'x', headers: { 'content-type': 'multipart/form-data; boundary=x' } };
      const large = `new_password=${'x'.repeat(17 * 1024)}`;
      expect(await faults(endpoint, forms(...malformed), 'INPUT_MALFORMED')).toEqual([]);
      expect(await faults(endpoint, forms(large), 'INPUT_TOO_LARGE')).toEqual([]);
      expect(await faults(endpoint, forms('is_active=true', ''))).toEqual([]);
      expect(await faults(endpoint, [multipart], 'INPUT_UNSUPPORTED_TYPE')).toEqual([]);
    });

    it.each(pathEndpoints)('%s refuses every token that is not exactly one', async (_name, endpoint) => {
      const isForm = endpoint.accepts === 'form';
      const type = isForm ? FORM_TYPE : endpoint.accepts === 'none' ? {} : JSON_TYPE;
      const headers = { ...type, ...credentials(endpoint) };
      const body = isForm ? `new_password=${encodeURIComponent(PASSWORD)}` : undefined;
      for (const token of HOSTILE_TOKENS) {
        const answer = await raw.send({ method: endpoint.method, path: pathOf(endpoint, token), headers, body });
        expect([token, faultOf(endpoint, answer)]).toEqual([token, undefined]);
      }
    });

    it.each(pathEndpoints)(
      '%s refuses a token that cannot be decoded, and does not log it',
      async (_name, endpoint) => {
        for (const token of ['%c0%ae', '%E0%A4%A', '%ff', '%', '%zz']) {
          const answer = await raw.send({ method: endpoint.method, path: pathOf(endpoint, token) });
          // Fastify's router refuses the path by itself, before any hook of an application or a module runs.
          const code = adapter === 'express' ? 'INPUT_MALFORMED' : 'FST_ERR_BAD_URL';
          expect([answer.status, codeOf(answer)]).toEqual([400, code]);
        }
        expect(t.logs.lines.join('\n')).not.toMatch(/%c0|%E0|%ff|%zz/);
      },
    );

    it.each(endpointsOf(mode))('%s survives every spelling of its path and every method', async (_name, endpoint) => {
      const found: string[] = [];
      for (const path of spellingsOf(pathOf(endpoint)))
        for (const method of METHODS) {
          const hostile = { headers: JSON_TYPE, body: `{"password":${DEEP}}` };
          const answer = await raw.send({ method, path, ...(BODILESS.has(method) ? {} : hostile) });
          if (!refusesOrDescribes(endpoint, method, answer))
            found.push(`${method} ${path} -> ${answer.status} ${answer.text}`);
        }
      expect(found).toEqual([]);
    });
  });
});

/** Of users, and a mistake of the input is reached only with credentials: it has fields, or a parameter in its path. */
function takesInput({ errors, request, path }: Endpoint): boolean {
  const isForUsers = errors.includes('ACCESS_UNAUTHENTICATED');
  return isForUsers && (Object.keys(request).length > 0 || path.includes(':'));
}

/** The field of an endpoint's body that is an e-mail address. */
function addressField({ request }: Endpoint): string | undefined {
  return Object.keys(request).find((field) => field === 'email' || field === 'new_email');
}

function spellingsOf(path: string): string[] {
  const [first, ...rest] = path.slice(1).split('/');
  return [
    path,
    path.toUpperCase(),
    `${path}/`,
    `/${path}`,
    `${path}//`,
    `${path}%00`,
    `${path}?a=1&a=2&__proto__[b]=c`,
    `${path};a=b`,
    `/./${path.slice(1)}`,
    `/x/..${path}`,
    `/x/%2e%2e${path}`,
    `/${first}%2F${rest.join('/')}`,
    `/%${first!.charCodeAt(0).toString(16)}${path.slice(2)}`,
    `http://evil.example${path}`,
  ];
}

/** OPTIONS may say which methods there are; everything else is a refusal. */
function refusesOrDescribes({ cacheSeconds }: Endpoint, method: string, { status }: RawAnswer): boolean {
  // What anybody may keep, anybody may read, however the path is spelt.
  const isPublished = cacheSeconds !== undefined && (method === 'GET' || method === 'HEAD');
  return (status >= 400 && status < 500) || (method === 'OPTIONS' && status < 300) || (isPublished && status === 200);
}
