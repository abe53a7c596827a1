import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint } from '../lib/platform/http/endpoint.js';
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
} from './support/hostile-values.js';
import { type Attack, AttackedApp, FORM_TYPE, JSON_TYPE, type Sent } from './support/attacked-app.js';
import { pathOf, validBody } from './support/every-endpoint.js';

const bodies = (...texts: (string | Uint8Array)[]): Sent[] => texts.map((body) => ({ body }));
const forms = (...texts: string[]): Sent[] => texts.map((body) => ({ body, headers: FORM_TYPE }));

const takesJson = ({ accepts }: Endpoint): boolean => accepts === 'json' || accepts === 'json-or-form';
const takesAddress = (endpoint: Endpoint) => takesJson(endpoint) && addressField(endpoint) !== undefined;
const takesUsername = (endpoint: Endpoint) => takesJson(endpoint) && 'username' in endpoint.request;
const takesForms = ({ accepts }: Endpoint): boolean => accepts.endsWith('form');

// Mode E has every endpoint.
describe.each(['express', 'fastify'] as const)('every endpoint with %s', (adapter) => {
  let target: AttackedApp;
  beforeAll(async () => {
    target = await AttackedApp.start(adapter, 'E');
  });
  afterAll(() => target.close());

  it('refuses every field that is not a string, and names it', async () => {
    const found = await target.faults(takesJson, (endpoint: Endpoint) =>
      Object.keys(endpoint.request).map((field): Attack => {
        const values = NOT_TEXT.filter((value) => value !== null || !isOptional(endpoint, field));
        const requests = bodies(...values.map((value) => withFields(endpoint, { [field]: value })));
        return { requests, code: 'INPUT_INVALID', fields: [field] };
      }),
    );
    expect(found).toEqual([]);
  });

  it('refuses lone surrogates and NUL in every field', async () => {
    const found = await target.faults(takesJson, (endpoint: Endpoint) =>
      [...Object.keys(endpoint.request), 'unknown'].map((field): Attack => {
        const texts = BAD_TEXT.map((text) => withFields(endpoint, { [field]: 0 }).replace(':0', `:${text}`));
        return { requests: bodies(...texts), code: 'INPUT_MALFORMED' };
      }),
    );
    expect(found).toEqual([]);
  });

  it('refuses names that every object has', async () => {
    const found = await target.faults(takesJson, (endpoint: Endpoint): Attack[] => {
      const last = withFields(endpoint, { last: 0 });
      const texts = PROTOTYPE_NAMES.map((name) => last.replace('"last":0', `"${name}":{"a":true}`));
      return [{ requests: bodies(...texts), code: 'INPUT_MALFORMED' }];
    });
    expect(found).toEqual([]);
  });

  it('refuses unknown fields, whatever column they are named after', async () => {
    const found = await target.faults(takesJson, (endpoint: Endpoint): Attack[] => {
      const texts = [...MASS_ASSIGNMENT, ...TWISTED_NAMES].map((name) => withFields(endpoint, { [name]: true }));
      // Without a field to validate, the flow refuses the token or the missing credentials.
      const code = Object.keys(endpoint.request).length > 0 ? 'INPUT_INVALID' : undefined;
      return [{ requests: bodies(...texts), code }];
    });
    expect(found).toEqual([]);
  });

  it('refuses 5,000 brackets, in a known field, an unknown field and on their own', async () => {
    const objects = '{"a":'.repeat(2500) + '1' + '}'.repeat(2500);
    const found = await target.faults(takesJson, (endpoint: Endpoint): Attack[] => {
      const known = `{"${firstField(endpoint)}":${DEEP}}`;
      const requests = bodies(DEEP, objects, known, `{"unknown":${DEEP}}`, DEEP.slice(0, 5000));
      return [{ requests, code: 'INPUT_MALFORMED' }];
    });
    expect(found).toEqual([]);
  });

  it('refuses what is not a JSON object', async () => {
    const bytes = [Buffer.from([0x22, 0xff, 0xfe, 0x22]), Buffer.from('{}', 'utf16le')];
    const requests = bodies(...NOT_OBJECTS, ...BROKEN_JSON, ...bytes);
    expect(await target.faults(takesJson, () => [{ requests, code: 'INPUT_MALFORMED' }])).toEqual([]);
  });

  it('repeats a password out of malformed JSON neither in the answer nor in the log', async () => {
    const found = await target.eachFault(takesJson, async (endpoint) => {
      const faults: string[] = [];
      for (const body of ['{"password":"canary"', '{"password":"canary",}', 'canary{}']) {
        const request = { method: endpoint.method, path: pathOf(endpoint), headers: JSON_TYPE, body };
        const { status, text } = await target.send(request);
        if (status !== 400 || text.includes('canary')) faults.push(`${body} -> ${status} ${text}`);
      }
      return faults;
    });
    expect(found).toEqual([]);
    expect(target.t.logs.lines.join('\n')).not.toContain('canary');
  });

  it('refuses 17 KB, announced or not', async () => {
    const found = await target.faults(takesJson, (endpoint: Endpoint): Attack[] => {
      const body = withFields(endpoint, { [firstField(endpoint)]: 'x'.repeat(17 * 1024) });
      return [{ requests: [{ body }, { body, chunked: true }], code: 'INPUT_TOO_LARGE' }];
    });
    expect(found).toEqual([]);
  });

  it('refuses every content type but application/json', async () => {
    // The button of the confirmation page is a form; nothing of it is a JSON endpoint.
    const found = await target.faults(takesJson, (endpoint: Endpoint) =>
      otherTypes(endpoint, endpoint.accepts === 'json' ? [FORM_TYPE] : []),
    );
    expect(found).toEqual([]);
  });

  it('inflates nothing', async () => {
    const encodings = ['gzip', 'deflate', 'br', 'GZIP', 'identity, gzip'];
    const requests = encodings.map((each) => ({ body: BOMB, headers: { ...JSON_TYPE, 'content-encoding': each } }));
    expect(await target.faults(takesJson, () => [{ requests, code: 'INPUT_UNSUPPORTED_TYPE' }])).toEqual([]);
  });

  it('refuses an empty body, with or without a content type', async () => {
    const empty: Sent[] = [{ body: '' }, { body: '', headers: {} }, { headers: {} }, {}, { body: '{}' }];
    const chunked = empty.flatMap((each): Sent[] => (each.body === undefined ? [] : [{ ...each, chunked: true }]));
    const sent = [...empty, ...chunked];
    const asGuest = sent.map((each): Sent => Object.assign({ isGuest: true } as const, each));
    const found = await target.faults(takesJson, (endpoint: Endpoint): Attack[] => {
      const needsFields = Object.keys(endpoint.request).some((field) => !isOptional(endpoint, field));
      // Where a user may leave out every field, only the guest is wrong.
      const requests = needsFields ? sent : asGuest;
      return [{ requests, code: needsFields ? 'INPUT_INVALID' : undefined }];
    });
    expect(found).toEqual([]);
  });

  it('refuses every address that is not plainly one address', async () => {
    const found = await target.faults(takesAddress, (endpoint: Endpoint): Attack[] => {
      const field = addressField(endpoint)!;
      const requests = bodies(...HOSTILE_ADDRESSES.map((address) => withFields(endpoint, { [field]: address })));
      return [{ requests, code: 'INPUT_INVALID', fields: [field] }];
    });
    expect(found).toEqual([]);
  });

  it('refuses every username that is not plainly one', async () => {
    const found = await target.faults(takesUsername, (endpoint: Endpoint): Attack[] => {
      const { email, ...others } = validBody(endpoint);
      const isInsteadOf = endpoint.request['username']!.startsWith('Instead of');
      const texts = HOSTILE_USERNAMES.map((username) =>
        JSON.stringify({ ...others, ...(!isInsteadOf && { email }), username }),
      );
      return [{ requests: bodies(...texts), code: 'INPUT_INVALID', fields: ['username'] }];
    });
    expect(found).toEqual([]);
  });

  it('refuses forms that are too large, ill-formed or doubled', async () => {
    const many = Array.from({ length: 21 }, (_, index) => `a${index}=1`).join('&');
    const malformed = ['new_password=%ff', 'new_password=%00', 'new_password=a&new_password=b', '__proto__=a', many];
    const multipart = { body: 'x', headers: { 'content-type': 'multipart/form-data; boundary=x' } };
    const large = `new_password=${'x'.repeat(17 * 1024)}`;
    const found = await target.faults(takesForms, (): Attack[] => [
      { requests: forms(...malformed), code: 'INPUT_MALFORMED' },
      { requests: forms(large), code: 'INPUT_TOO_LARGE' },
      { requests: forms('is_active=true', '') },
      { requests: [multipart], code: 'INPUT_UNSUPPORTED_TYPE' },
    ]);
    expect(found).toEqual([]);
  });
});

describe.each(['express', 'fastify'] as const)('where the back end renders no pages, with %s', (adapter) => {
  let target: AttackedApp;
  beforeAll(async () => {
    target = await AttackedApp.start(adapter, 'A');
  });
  afterAll(() => target.close());

  it('every endpoint refuses every content type but application/json, forms as well', async () => {
    expect(await target.faults(takesJson, (endpoint) => otherTypes(endpoint, [FORM_TYPE]))).toEqual([]);
  });
});

/** A valid body under every type that is not JSON, and under none. */
function otherTypes(endpoint: Endpoint, more: Record<string, string>[]): Attack[] {
  const headers = [...OTHER_TYPES.map((type) => ({ 'content-type': type })), ...more, {}];
  const requests = headers.map((each): Sent => ({ headers: each, body: withFields(endpoint, {}) }));
  return [{ requests, code: 'INPUT_UNSUPPORTED_TYPE' }];
}

/** A valid body with some fields changed or added, as JSON. */
function withFields(endpoint: Endpoint, more: object): string {
  return JSON.stringify({ ...validBody(endpoint), ...more });
}

function isOptional({ request }: Endpoint, field: string): boolean {
  return request[field]!.startsWith('Optional');
}

function firstField({ request }: Endpoint): string {
  return Object.keys(request)[0] ?? 'a';
}

/** The field of an endpoint's body that is an e-mail address. */
function addressField({ request }: Endpoint): string | undefined {
  return Object.keys(request).find((field) => field === 'email' || field === 'new_email');
}
