import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brokenRules, plainRows } from './support/account-rules.js';
import { codeOf } from './support/answer-code.js';
import { availableDatabases } from './support/databases.js';
import { ALL_ENDPOINTS } from './support/every-endpoint.js';
import { faultOfAnswer } from './support/hostile-answers.js';
import { hostileRequest, toRawRequest } from './support/hostile-requests.js';
import { RawClient } from './support/raw-client.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { namedSchema } from './support/users-with-username.js';

/** In all, at least: a nightly run sends more. */
const TOTAL = Number(process.env['FUZZ_REQUESTS'] ?? 5000);

/** No generator knows it. */
const VICTIMS_PASSWORD = 'seven quiet harbours at dusk';

/** PostgreSQL refuses what SQLite stores, such as NUL: half of the requests go there, where there is one. */
const STACKS = [
  ['express', 'sqlite'],
  ['fastify', availableDatabases().includes('postgres') ? 'postgres' : 'sqlite'],
] as const;

/** To one endpoint on one stack. */
const REQUESTS = Math.ceil(TOTAL / (STACKS.length * ALL_ENDPOINTS.length));
/** A nightly run may take as long as it takes. */
const TIMEOUT_MS = 30_000 + 60 * REQUESTS;

describe.each(STACKS)('hostile requests to %s on %s', (adapter, database) => {
  const outcomes = new Map<string, number>();
  let t: TestApp;
  let raw: RawClient;
  let victim: { access_token: string; user_id: string };
  let loggedBefore: number;

  beforeAll(async () => {
    // Mode E has every endpoint.
    t = await createTestApp({ adapter, database, mode: 'E', schema: namedSchema() });
    raw = new RawClient(t.client.origin);
    victim = await t.activeUser('victim@example.com', VICTIMS_PASSWORD);
    loggedBefore = t.logs.lines.length;
  });
  afterAll(async () => {
    raw.close();
    await t.close();
  });

  it.each(ALL_ENDPOINTS)(
    'to %s are answered below 500, with a page or with a code everybody knows',
    async (name, endpoint) => {
      const genuine = victim.access_token;
      const property = fc.asyncProperty(hostileRequest(endpoint, { genuine }), async (request) => {
        const answer = await raw.send(toRawRequest(endpoint, request));
        const isElsewhere = request.method !== endpoint.method;
        // The keys are for everybody: who gets them is not in.
        const status = name === 'jwks' ? 'public keys' : `${isElsewhere ? `${request.method} ` : ''}${answer.status}`;
        const outcome = String(codeOf(answer) ?? status);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        expect(faultOfAnswer(endpoint, request, answer)).toBeUndefined();
      });
      await fc.assert(property, { numRuns: REQUESTS });
    },
    TIMEOUT_MS,
  );

  it('reached every layer: the gate, the validation and the flows', () => {
    const seen = [...outcomes.keys()];
    expect(seen).toEqual(
      expect.arrayContaining([
        'INPUT_MALFORMED',
        'INPUT_INVALID',
        'INPUT_TOO_LARGE',
        'INPUT_UNSUPPORTED_TYPE',
        'INPUT_CROSS_SITE',
        'LOGIN_INVALID_CREDENTIALS',
        'SESSION_INVALID_TOKEN',
        'ACCESS_UNAUTHENTICATED',
        'ACCESS_INVALID_TOKEN',
        'ACTIVATION_INVALID_TOKEN',
        'PASSWORD_RESET_INVALID_TOKEN',
        'PASSWORD_REJECTED',
        '201',
        '202',
      ]),
    );
    const all = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
    expect(all).toBe(ALL_ENDPOINTS.length * REQUESTS);
  });

  it('let nobody in', () => {
    expect([...outcomes.keys()].filter((outcome) => ['200', '204'].includes(outcome))).toEqual([]);
  });

  it('left both tables as the rules of an account allow', async () => {
    const rows = await plainRows(t.dataSource);
    expect(rows.users.length).toBeGreaterThan(1);
    // Nobody but the victim has ever shown a link.
    expect(brokenRules(rows, new Set([victim.user_id]))).toEqual([]);
  });

  it('left the account and the session of a bystander alone', async () => {
    const me = await t.client.get('/auth/me', { bearer: victim.access_token });
    expect([me.status, me.body.email]).toEqual([200, 'victim@example.com']);
    const login = await t.client.post('/auth/login', { email: 'victim@example.com', password: VICTIMS_PASSWORD });
    expect(login.status).toBe(200);
  });

  it('logged nothing: what clients send is no fault of the server', () => {
    const logged = t.logs.lines.slice(loggedBefore);
    expect(logged.filter((line) => !line.startsWith('mail '))).toEqual([]);
  });
});
