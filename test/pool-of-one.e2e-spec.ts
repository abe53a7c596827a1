import { ENDPOINTS, type EndpointKey } from '../lib/module/flows.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Answer, inParallel } from './support/client.js';
import { type DatabaseKind, describeOnServers } from './support/databases.js';
import { tokenIn } from './support/mailbox.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const NEW_PASSWORD = 'another fine passphrase';
const CROWD = 10;

// With one connection, whoever asks for a second while holding the first waits for ever. SQLite has one by nature.
describeOnServers('with a pool of one connection to %s', (kind) => {
  let t: TestApp;

  beforeAll(async () => {
    t = await createTestApp({ mode: 'E', database: kind, poolSize: 1 });
  });
  afterAll(() => t.close());

  it('every endpoint answers, and every mail arrives', async () => {
    const visited = await useEveryEndpoint(t, 'alone@example.com');
    expect(visited.toSorted()).toEqual(Object.keys(ENDPOINTS).toSorted());
    expect(await connections(t, kind)).toBe(1);
  });

  it(`every endpoint answers ${CROWD} visitors at the same time`, async () => {
    const journeys = await inParallel(CROWD, (index) => useEveryEndpoint(t, `crowd-${index}@example.com`));
    for (const visited of journeys) expect(visited).toHaveLength(Object.keys(ENDPOINTS).length);
    expect(await connections(t, kind)).toBe(1);
  });

  it('errors give the connection back', async () => {
    const token = 'x'.repeat(64);
    const answers = await inParallel(CROWD, (index) =>
      [
        () => t.client.post('/auth/activate', { token }),
        () => t.client.post('/auth/password-reset/confirm', { token, new_password: NEW_PASSWORD }),
        () => t.client.post('/auth/login', { email: 'alone@example.com', password: 'wrong but long enough' }),
        () => t.client.post('/auth/refresh', { refresh_token: token }),
        () => t.client.post('/auth/signup', { email: 'alone@example.com', password: PASSWORD }),
      ][index % 5]!(),
    );
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 401, 401, 201, 400, 400, 401, 401, 201]);
    expect((await t.client.post('/auth/login', { email: 'alone@example.com', password: NEW_PASSWORD })).status).toBe(
      200,
    );
  });
});

/** One visitor's way past every endpoint, with four accounts; each answers as it should. */
async function useEveryEndpoint({ client, mailbox }: TestApp, email: string): Promise<EndpointKey[]> {
  const visited: EndpointKey[] = [];
  const visit = async (key: EndpointKey, request: Promise<Answer>): Promise<Answer> => {
    const answer = await request;
    expect([key, answer.status]).toEqual([key, ENDPOINTS[key].status]);
    visited.push(key);
    return answer;
  };
  const [byPage, byPath] = [`page-${email}`, `path-${email}`];

  await visit('signup', client.post('/auth/signup', { email, password: PASSWORD }));
  await client.post('/auth/signup', { email: byPage, password: PASSWORD });
  await client.post('/auth/signup', { email: byPath, password: PASSWORD });
  await visit('resendActivation', client.post('/auth/activation/resend', { email: byPath }));
  const { body: first } = await visit(
    'activate',
    client.post('/auth/activate', { token: tokenIn(await mailbox.waitFor(email)) }),
  );
  await visit('activationPage', client.get(`/auth/activate/${tokenIn(await mailbox.waitFor(byPage))}`));
  const { body: shortLived } = await visit(
    'activateByPath',
    client.post(`/auth/activate/${tokenIn(await mailbox.waitFor(byPath, 2))}`),
  );
  const extras = { bearer: shortLived.access_token };
  await visit('editProfile', client.request('PATCH', '/auth/me', { name: 'Ann' }, extras));
  await visit('replaceProfile', client.request('PUT', '/auth/me', {}, extras));
  await visit('exportAccount', client.get('/auth/me/export', extras));
  await visit('deleteAccount', client.request('DELETE', '/auth/me', { current_password: PASSWORD }, extras));
  await visit('me', client.get('/auth/me', { bearer: first.access_token }));
  await visit('jwks', client.get('/.well-known/jwks.json'));
  await visit(
    'changePassword',
    client.post(
      '/auth/password-change',
      { current_password: PASSWORD, new_password: PASSWORD },
      { bearer: first.access_token },
    ),
  );
  await mailbox.waitFor(email, 2);
  const { body: devices } = await visit('listSessions', client.get('/auth/sessions', { bearer: first.access_token }));
  await visit(
    'endSession',
    client.request('DELETE', `/auth/sessions/${devices[0].id}`, undefined, { bearer: first.access_token }),
  );
  const { body: second } = await client.post('/auth/login', { email, password: PASSWORD });
  await visit('logoutAll', client.post('/auth/logout-all', undefined, { bearer: second.access_token }));

  const { body: pair } = await visit('login', client.post('/auth/login', { email, password: PASSWORD }));
  const { body: next } = await visit('refresh', client.post('/auth/refresh', { refresh_token: pair.refresh_token }));
  await visit('logout', client.post('/auth/logout', { refresh_token: next.refresh_token }));

  await visit('requestPasswordReset', client.post('/auth/password-reset/request', { email }));
  const token = tokenIn(await mailbox.waitFor(email, 3));
  await visit('passwordResetPage', client.get(`/auth/password-reset/${token}`));
  const choice = { new_password: NEW_PASSWORD };
  await visit('confirmPasswordReset', client.post('/auth/password-reset/confirm', { token, ...choice }));
  await client.post('/auth/password-reset/request', { email: byPage });
  const path = `/auth/password-reset/${tokenIn(await mailbox.waitFor(byPage, 2))}`;
  await visit('passwordResetForm', client.postForm(path, choice));
  // The notices of both resets.
  await Promise.all([mailbox.waitFor(email, 4), mailbox.waitFor(byPage, 3)]);

  const ask = async (from: string, current_password: string, new_email: string): Promise<Answer> => {
    const { body } = await client.post('/auth/login', { email: from, password: current_password });
    const request = { new_email, current_password };
    return client.post('/auth/email-change/request', request, { bearer: body.access_token });
  };
  const mover = `mover-${email}`;
  await client.post('/auth/signup', { email: mover, password: PASSWORD });
  await client.post('/auth/activate', { token: tokenIn(await mailbox.waitFor(mover)) });
  await visit('requestEmailChange', ask(mover, PASSWORD, `new-${mover}`));
  const moved = tokenIn(await mailbox.waitFor(`new-${mover}`));
  await visit('confirmEmailChange', client.post('/auth/email-change/confirm', { token: moved }));
  const undo = tokenIn(await mailbox.waitFor(mover, 2));
  await visit('emailChangeUndoPage', client.get(`/auth/email-change/undo/${undo}`));
  await visit('undoEmailChange', client.post('/auth/email-change/undo', { token: undo }));
  await ask(byPage, NEW_PASSWORD, `new-${byPage}`);
  const page = `/auth/email-change/${tokenIn(await mailbox.waitFor(`new-${byPage}`))}`;
  await visit('emailChangePage', client.get(page));
  await visit('emailChangeForm', client.postForm(page, {}));
  const back = `/auth/email-change/undo/${tokenIn(await mailbox.waitFor(byPage, 4))}`;
  await visit('emailChangeUndoForm', client.postForm(back, {}));
  // The reset links that follow an undoing.
  await Promise.all([mailbox.waitFor(mover, 3), mailbox.waitFor(byPage, 5)]);
  return visited;
}

/** How many connections to the test's database the server sees. */
async function connections({ dataSource }: TestApp, kind: DatabaseKind): Promise<number> {
  const [row]: { count: string }[] = await dataSource.query(
    kind === 'postgres'
      ? 'SELECT COUNT(*) AS count FROM pg_stat_activity WHERE datname = CURRENT_DATABASE()'
      : 'SELECT COUNT(*) AS count FROM information_schema.processlist WHERE db = DATABASE()',
  );
  return Number(row!.count);
}
