import * as fc from 'fast-check';
import { AUTH_ERRORS, canonicalEmail } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint } from '../lib/platform/http/endpoint.js';
import { hostileRequest } from './support/hostile-requests.js';
import { codeOf } from './support/attacked-app.js';
import { availableDatabases } from './support/databases.js';
import { ALL_ENDPOINTS, pathOf } from './support/every-endpoint.js';
import { namedSchema } from './support/users-with-username.js';
import { type RawAnswer, RawClient } from './support/raw-client.js';
import { createTestApp, type TestApp } from './support/test-app.js';

/** In all, at least: a nightly run sends more. */
const TOTAL = Number(process.env['FUZZ_REQUESTS'] ?? 5000);

/** What Fastify's router refuses by itself, before any hook runs: a path it cannot decode, a parameter over 100 characters. */
const ROUTER_OF_FASTIFY = new Set(['FST_ERR_BAD_URL', 'FST_ERR_MAX_PARAM_LENGTH']);

interface UserRow {
  id: string;
  email: string;
  password_hash: string;
  is_active: number | boolean;
  email_verified_at: number | string | null;
}

interface TokenRow {
  user_id: string;
  purpose: string;
  token_hash: string | null;
  generation: number;
  used_at: number | string | null;
}

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
      const property = fc.asyncProperty(hostileRequest(endpoint, victim.access_token), async (request) => {
        const { token, headers, body } = request;
        const answer = await raw.send({ method: endpoint.method, path: pathOf(endpoint, token), headers, body });
        // The keys are for everybody: who gets them is not in.
        const outcome = String(codeOf(answer) ?? (name === 'jwks' ? 'public keys' : answer.status));
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        expect(faultOf(endpoint, answer, token)).toBeUndefined();
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
    const users = await t.dataSource.query<UserRow[]>('SELECT * FROM users');
    const tokens = await t.dataSource.query<TokenRow[]>('SELECT * FROM user_tokens');
    const ids = new Set(users.map(({ id }) => id));
    expect(new Set(users.map(({ email }) => email)).size).toBe(users.length);
    for (const user of users) {
      expect(canonicalEmail(user.email)).toBe(user.email);
      expect(user.password_hash).toMatch(/^\$argon2id\$/);
      // Nobody but the victim has ever shown a link.
      const isVictim = user.id === victim.user_id;
      expect([user.email, Boolean(user.is_active), user.email_verified_at !== null]).toEqual([
        user.email,
        isVictim,
        isVictim,
      ]);
    }
    for (const token of tokens) {
      expect(ids).toContain(token.user_id);
      expect(token.generation).toBe(0);
      expect(token.token_hash ?? '0'.repeat(64)).toMatch(/^[0-9a-f]{64}$/);
    }
    const used = tokens.filter(({ used_at }) => used_at !== null);
    expect(used.map(({ user_id, purpose }) => [user_id, purpose])).toEqual([[victim.user_id, 'activation']]);
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

/** What is wrong with an answer, else undefined. */
function faultOf(endpoint: Endpoint, { status, text, body, headers }: RawAnswer, token: string): string | undefined {
  const shown = `${status} ${text.slice(0, 300)}`;
  if (status >= 500) return shown;
  if (status === 204) return text === '' ? undefined : shown;
  const isPage = String(headers['content-type']).startsWith('text/html');
  if (isPage) return endpoint.pages || endpoint.accepts === 'json-or-form' ? undefined : shown;
  if (typeof body !== 'object' || body === null) return shown;
  if (status < 400) return undefined;
  if (isElsewhere(endpoint, token) || ROUTER_OF_FASTIFY.has(body.code)) return undefined;
  return AUTH_ERRORS[body.code as keyof typeof AUTH_ERRORS]?.[0] === status ? undefined : shown;
}

/** A token with a slash in it, or none at all: that is another path. */
function isElsewhere({ path }: Endpoint, token: string): boolean {
  return path.includes(':') && !/^[^/?#]+$/.test(token);
}
