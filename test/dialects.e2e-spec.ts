import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { availableDrivers } from './support/databases.js';
import { tokenIn } from './support/mailbox.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const NEW_PASSWORD = 'another fine passphrase';

// What statements write differently for each database: locks, placeholders, and keys that the database counts.
describe.each(availableDrivers())('an account with an integer key on %s', (database) => {
  let t: TestApp;
  const email = 'ann@example.com';
  beforeAll(async () => {
    t = await createTestApp({ database, integerKeys: true });
  });
  afterAll(() => t.close());

  const post = async (path: string, body: object, bearer?: string) => t.client.post(`/auth/${path}`, body, { bearer });
  const linkInMail = async (to: string, number: number) => tokenIn(await t.mailbox.waitFor(to, number));

  it('goes from signup to deletion', async () => {
    expect((await post('signup', { email, password: PASSWORD })).status).toBe(201);
    expect((await post('signup', { email, password: NEW_PASSWORD })).status).toBe(201);
    await t.mailbox.waitFor(email, 2);
    expect((await post('activation/resend', { email })).status).toBe(202);
    const reset = { token: await linkInMail(email, 3), new_password: PASSWORD };
    expect((await post('password-reset/confirm', reset)).status).toBe(200);
    expect((await post('signup', { email, password: PASSWORD })).status).toBe(201);
    await t.mailbox.waitFor(email, 5);

    const login = await post('login', { email, password: PASSWORD });
    expect(login.status).toBe(200);
    const pair = await post('refresh', { refresh_token: login.body.refresh_token });
    expect(pair.status).toBe(200);
    const bearer: string = pair.body.access_token;
    expect((await t.client.get('/auth/me', { bearer })).body.id).toEqual(expect.any(Number));

    expect((await post('password-reset/request', { email })).status).toBe(202);
    const change = { new_email: 'ann@new.example', current_password: PASSWORD };
    expect((await post('email-change/request', change, bearer)).status).toBe(202);
    const confirm = { token: await linkInMail(change.new_email, 1) };
    expect((await post('email-change/confirm', confirm)).status).toBe(200);

    const { body: again } = await post('login', { email: change.new_email, password: PASSWORD });
    const end = { current_password: PASSWORD };
    const deletion = await t.client.request('DELETE', '/auth/me', end, { bearer: again.access_token });
    expect(deletion.status).toBe(204);
    expect(t.logs.lines.filter((line) => /error|fail/i.test(line))).toEqual([]);
  });
});
