import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint } from '../lib/platform/http/endpoint.js';
import { ENDPOINTS } from '../lib/module/flows.js';
import { codeOf } from './support/answer-code.js';
import { AttackedApp, faultOf, FORM_TYPE, JSON_TYPE } from './support/attacked-app.js';
import { pathOf } from './support/every-endpoint.js';
import { BODILESS, DEEP, HOSTILE_TOKENS, METHODS } from './support/hostile-values.js';
import type { RawAnswer } from './support/raw-client.js';
import { PASSWORD } from './support/test-app.js';

const hasParameter = ({ path }: Endpoint): boolean => path.includes(':');

// Mode E has every endpoint.
describe.each(['express', 'fastify'] as const)('every endpoint with %s', (adapter) => {
  let target: AttackedApp;
  beforeAll(async () => {
    target = await AttackedApp.start(adapter, 'E');
  });
  afterAll(() => target.close());

  it('refuses every token in its path that is not exactly one', async () => {
    const found = await target.eachFault(hasParameter, async (endpoint) => {
      const isForm = endpoint.accepts === 'form';
      const type = isForm ? FORM_TYPE : endpoint.accepts === 'none' ? {} : JSON_TYPE;
      const headers = { ...type, ...target.credentials(endpoint) };
      const body = isForm ? `new_password=${encodeURIComponent(PASSWORD)}` : undefined;
      const faults: string[] = [];
      for (const token of HOSTILE_TOKENS) {
        const answer = await target.send({ method: endpoint.method, path: pathOf(endpoint, token), headers, body });
        const fault = faultOf(endpoint, answer);
        if (fault) faults.push(`${token} -> ${fault}`);
      }
      return faults;
    });
    expect(found).toEqual([]);
  });

  it('refuses a token in its path that cannot be decoded, and does not log it', async () => {
    // Fastify's router refuses the path by itself, before any hook of an application or a module runs.
    const code = adapter === 'express' ? 'INPUT_MALFORMED' : 'FST_ERR_BAD_URL';
    const found = await target.eachFault(hasParameter, async (endpoint) => {
      const faults: string[] = [];
      for (const token of ['%c0%ae', '%E0%A4%A', '%ff', '%', '%zz']) {
        const answer = await target.send({ method: endpoint.method, path: pathOf(endpoint, token) });
        if (answer.status !== 400 || codeOf(answer) !== code)
          faults.push(`${token} -> ${answer.status} ${answer.text}`);
      }
      return faults;
    });
    expect(found).toEqual([]);
    expect(target.t.logs.lines.join('\n')).not.toMatch(/%c0|%E0|%ff|%zz/);
  });

  it('survives every spelling of its path, and every method', async () => {
    const found = await target.eachFault(
      () => true,
      async (endpoint) => {
        const faults: string[] = [];
        for (const [method, path] of requestLinesOf(endpoint)) {
          const hostile = { headers: JSON_TYPE, body: `{"password":${DEEP}}` };
          const answer = await target.send({ method, path, ...(BODILESS.has(method) ? {} : hostile) });
          if (!refusesOrDescribes(endpoint, method, answer))
            faults.push(`${method} ${path} -> ${answer.status} ${answer.text}`);
        }
        return faults;
      },
    );
    expect(found).toEqual([]);
  });
});

/** Its path by every method, every spelling by its own method, and for the two kinds of path every pair of both. */
function requestLinesOf(endpoint: Endpoint): [method: string, path: string][] {
  const isSample = endpoint === ENDPOINTS.login || endpoint === ENDPOINTS.activateByPath;
  const [path, ...spellings] = spellingsOf(pathOf(endpoint));
  return [
    ...METHODS.map((method): [string, string] => [method, path]),
    ...spellings.flatMap((spelling) =>
      (isSample ? METHODS : [endpoint.method]).map((method): [string, string] => [method, spelling]),
    ),
  ];
}

function spellingsOf(path: string): [string, ...string[]] {
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
