import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Answer } from './support/client.js';
import { describeOnServers, type TestDatabase } from './support/databases.js';
import { tokenIn } from './support/mailbox.js';
import { countUsers, tokenRows } from './support/rows.js';
import { TcpProxy } from './support/tcp-proxy.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const NEW_PASSWORD = 'another fine passphrase';
const PORTS: Record<string, number> = { postgres: 5432, mariadb: 3306 };

// Done, and nobody knows: the database commits, and the connection breaks before it can say so. The client is told 503 and
// asks again, as clients do.
describeOnServers('what %s has committed and could not say', (kind) => {
  let home: TestApp;
  let proxy: TcpProxy;
  let t: TestApp;

  beforeAll(async () => {
    // It makes the tables; its worker must not take the mails of the other, whose mailbox they are for.
    home = await createTestApp({ database: kind, options: { mail: { pollSeconds: 3600 } } });
    const url = new URL(home.database.url);
    proxy = await new TcpProxy({ host: url.hostname, port: Number(url.port || PORTS[kind]) }).open();
    url.host = `127.0.0.1:${proxy.port}`;
    const options = { ...home.database.options, url: url.href } as TestDatabase['options'];
    // The mail worker learns of nothing by itself here: its commit was never announced.
    t = await createTestApp({ on: { ...home.database, options }, options: { mail: { pollSeconds: 1 } } });
  });
  afterAll(async () => {
    await t.close();
    await proxy.shut();
    await home.close();
  });

  /** Asks once with the answer of the database lost, and once again. */
  const twice = async (statement: string, ask: () => Promise<Answer>): Promise<Answer> => {
    await t.mailIsDone();
    proxy.loseAnswerTo(statement);
    const first = await ask();
    expect([proxy.isWaiting, first.status, first.body.code]).toEqual([false, 503, 'SERVICE_UNAVAILABLE']);
    return ask();
  };
  const logIn = (email: string, password = PASSWORD) => t.client.post('/auth/login', { email, password });
  const link = async (email: string, count = 1) => tokenIn(await t.mailbox.waitFor(email, count));

  it('of a signup: one account, and every link that was mailed is good until one is followed', async () => {
    const email = 'signup@example.com';
    const before = await countUsers(t);
    const again = await twice('COMMIT', () => t.client.post('/auth/signup', { email, password: PASSWORD }));
    expect(again.status).toBe(201);
    expect(await countUsers(t)).toBe(before + 1);
    expect((await t.client.post('/auth/activate', { token: await link(email) })).status).toBe(200);
    expect((await logIn(email)).status).toBe(200);
  });

  it('of an activation: the link says that it worked, and the password opens the account', async () => {
    const email = 'activation@example.com';
    await t.client.post('/auth/signup', { email, password: PASSWORD });
    const token = await link(email);
    const again = await twice('COMMIT', () => t.client.post('/auth/activate', { token }));
    expect([again.status, again.body.code]).toEqual([409, 'ACTIVATION_ALREADY_DONE']);
    expect((await logIn(email)).status).toBe(200);
  });

  it('of a reset: the link says that it worked, the new password alone opens the account, and one notice is sent', async () => {
    const email = 'reset@example.com';
    await t.activeUser(email);
    await t.client.post('/auth/password-reset/request', { email });
    const body = { token: await link(email, 2), new_password: NEW_PASSWORD };
    const again = await twice('COMMIT', () => t.client.post('/auth/password-reset/confirm', body));
    expect([again.status, again.body.code]).toEqual([409, 'PASSWORD_RESET_ALREADY_DONE']);
    expect([(await logIn(email)).status, (await logIn(email, NEW_PASSWORD)).status]).toEqual([401, 200]);
    await t.mailbox.waitFor(email, 3);
    await t.mailIsDone();
    expect(t.mailbox.to(email)).toHaveLength(3);
  });

  it('of a new password: it alone opens the account, and the session of the request goes on', async () => {
    const email = 'change@example.com';
    const { access_token: bearer } = await t.activeUser(email);
    const body = { current_password: PASSWORD, new_password: NEW_PASSWORD };
    const again = await twice('COMMIT', () => t.client.post('/auth/password-change', body, { bearer }));
    expect(again.body.code).toBe('PASSWORD_CURRENT_WRONG');
    expect((await t.client.get('/demo/protected', { bearer })).status).toBe(200);
    expect([(await logIn(email)).status, (await logIn(email, NEW_PASSWORD)).status]).toEqual([401, 200]);
  });

  it('of a change of address: the link says that it worked, and the old address can take it back', async () => {
    const [email, newEmail] = ['old@example.com', 'new@example.com'];
    const { access_token: bearer } = await t.activeUser(email);
    const asked = { new_email: newEmail, current_password: PASSWORD };
    await t.client.post('/auth/email-change/request', asked, { bearer });
    const token = await link(newEmail);
    const again = await twice('COMMIT', () => t.client.post('/auth/email-change/confirm', { token }));
    expect([again.status, again.body.code]).toEqual([409, 'EMAIL_CHANGE_ALREADY_DONE']);
    expect((await logIn(newEmail)).status).toBe(200);
    expect((await t.client.post('/auth/email-change/undo', { token: await link(email, 2) })).status).toBe(200);
  });

  it('of a refresh: the same token gets the successor that was lost, and the session goes on', async () => {
    const email = 'refresh@example.com';
    const { refresh_token } = await t.activeUser(email);
    const again = await twice('UPDATE', () => t.client.post('/auth/refresh', { refresh_token }));
    expect(again.status).toBe(200);
    const [session] = await tokenRows(t, email, 'session');
    expect(session).toMatchObject({ generation: 1, revokedAt: null });
    const next = await t.client.post('/auth/refresh', { refresh_token: again.body.refresh_token });
    expect(next.status).toBe(200);
  });

  it('of a logout and of a deletion: both are done', async () => {
    const email = 'leaving@example.com';
    const { access_token, refresh_token } = await t.activeUser(email);
    expect((await twice('UPDATE', () => t.client.post('/auth/logout', { refresh_token }))).status).toBe(204);
    expect((await t.client.get('/demo/protected', { bearer: access_token })).status).toBe(401);
    const { body } = await logIn(email);
    const deletion = () =>
      t.client.request('DELETE', '/auth/me', { current_password: PASSWORD }, { bearer: body.access_token });
    expect((await twice('COMMIT', deletion)).status).toBe(401);
    expect((await logIn(email)).status).toBe(401);
  });
});
