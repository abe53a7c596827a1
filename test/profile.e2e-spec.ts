import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stacks } from './support/stacks.js';
import { User } from './support/users-plain.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

describe.each(stacks())('profile on $database with $adapter', ({ database, adapter }) => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({ database, adapter });
  });
  afterAll(() => t.close());

  it('shows exactly the fields of the allow-list, and never the password hash', async () => {
    const before = Date.now();
    const { access_token: bearer, user_id } = await t.activeUser('me@example.com');
    const { status, body, text, headers } = await t.client.get('/auth/me', { bearer });
    expect(status).toBe(200);
    expect(body).toEqual({
      id: user_id,
      email: 'me@example.com',
      name: null,
      is_active: true,
      is_verified: true,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    const created = Date.parse(body.created_at);
    expect(created).toBeGreaterThanOrEqual(before);
    expect(created).toBeLessThanOrEqual(Date.now());
    expect(text).not.toMatch(/argon2|password|hash/i);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('shows everybody their own account', async () => {
    const [one, two] = [await t.activeUser('one@example.com'), await t.activeUser('two@example.com')];
    await t.dataSource.getRepository(User).update({ email: 'two@example.com' }, { name: 'Zoë \u{1f600}' });
    expect((await t.client.get('/auth/me', { bearer: one.access_token })).body).toMatchObject({ id: one.user_id });
    const { body } = await t.client.get('/auth/me', { bearer: two.access_token });
    expect(body).toMatchObject({ id: two.user_id, email: 'two@example.com', name: 'Zoë \u{1f600}' });
  });

  it('is for signed-in users only', async () => {
    const answer = await t.client.get('/auth/me');
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([401, 'no-store']);
    expect(Object.keys(answer.body)).toEqual(['statusCode', 'code', 'message']);
  });
});

describe('profile of a user with an integer key, not verified', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({ mode: 'D', integerKeys: true });
  });
  afterAll(() => t.close());

  it('shows the key as a number, and that the address is not verified', async () => {
    const { body } = await t.client.post('/auth/signup', { email: 'd@example.com', password: PASSWORD, name: 'Dee' });
    const me = await t.client.get('/auth/me', { bearer: body.access_token });
    expect(me.body).toMatchObject({ id: 1, name: 'Dee', is_active: true, is_verified: false });
  });
});
