import * as fc from 'fast-check';
import { AUTH_ERRORS, canonicalEmail } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint } from '../lib/http/endpoints.js';
import { type HostileRequest, hostileRequest } from './support/arbitraries.js';
import { ALL_ENDPOINTS, pathOf } from './support/hostile.js';
import { type RawAnswer, RawClient } from './support/raw-client.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

/** Requests in flight at once; one run of a property sends as many. */
const BATCH = 20;
/** On each adapter: 2,000 requests to every endpoint in all. */
const RUNS = 50;

interface UserRow {
  id: string;
  email: string;
  password_hash: string;
  is_active: number;
  email_verified_at: number | null;
}

interface TokenRow {
  user_id: string;
  purpose: string;
  token_hash: string | null;
  generation: number;
  used_at: number | null;
  revoked_at: number | null;
}

describe.each(['express', 'fastify'] as const)('hostile requests to %s', (adapter) => {
  const outcomes = new Map<string, number>();
  let t: TestApp;
  let raw: RawClient;
  let victim: { access_token: string; user_id: string };
  let loggedBefore: number;

  beforeAll(async () => {
    // Mode E has every endpoint. With a real server in front, the mails of the signups would only cost time.
    t = await createTestApp({ adapter, mode: 'E' });
    raw = new RawClient(t.client.origin);
    victim = await t.activeUser('victim@example.com');
    loggedBefore = t.logs.lines.length;
  });
  afterAll(async () => {
    raw.close();
    await t.close();
  });

  async function faultIn(endpoint: Endpoint, { token, headers, body }: HostileRequest): Promise<string | undefined> {
    const path = pathOf(endpoint, token);
    const answer = await raw.send({ method: endpoint.method, path, headers, body });
    const outcome = String(answer.body?.code ?? answer.status);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    return faultOf(endpoint, answer, token);
  }

  it.each(ALL_ENDPOINTS)(
    'to %s are answered below 500, with a page or with a code everybody knows',
    async (_name, endpoint) => {
      const batch = fc.array(hostileRequest(endpoint, victim.access_token), { minLength: BATCH, maxLength: BATCH });
      await fc.assert(
        fc.asyncProperty(batch, async (requests) => {
          const faults = await Promise.all(requests.map((request) => faultIn(endpoint, request)));
          expect(faults.filter(Boolean)).toEqual([]);
        }),
        { numRuns: RUNS, endOnFailure: process.env['CI'] === 'true' },
      );
    },
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
    expect(all).toBeGreaterThanOrEqual(ALL_ENDPOINTS.length * RUNS * BATCH);
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
      if (token.token_hash !== null) expect(token.token_hash).toMatch(/^[0-9a-f]{64}$/);
    }
    const used = tokens.filter(({ used_at }) => used_at !== null);
    expect(used.map(({ user_id, purpose }) => [user_id, purpose])).toEqual([[victim.user_id, 'activation']]);
  });

  it('left the account and the session of a bystander alone', async () => {
    const me = await t.client.get('/auth/me', { bearer: victim.access_token });
    expect([me.status, me.body.email]).toEqual([200, 'victim@example.com']);
    const login = await t.client.post('/auth/login', { email: 'victim@example.com', password: PASSWORD });
    expect(login.status).toBe(200);
  });

  it('logged nothing: what clients send is no fault of the server', () => {
    const logged = t.logs.lines.slice(loggedBefore);
    expect(logged.filter((line) => !/^mail /.test(line))).toEqual([]);
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
  // A token with a slash, or none at all, or more than Fastify's router takes: that is another path.
  const isOtherPath = token !== '' || endpoint.path.includes(':');
  if (isOtherPath && (status === 404 || body.code === 'FST_ERR_BAD_URL')) return undefined;
  return AUTH_ERRORS[body.code as keyof typeof AUTH_ERRORS]?.[0] === status ? undefined : shown;
}
