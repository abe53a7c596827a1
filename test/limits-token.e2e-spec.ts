import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { createLimitedApp, from } from './support/limited-app.js';
import { PASSWORD, type TestApp } from './support/test-app.js';

const IP = '203.0.113.60';
const token = () => randomBytes(48).toString('base64url');

describe('links and refresh tokens that are no good', () => {
  let t: TestApp;
  afterEach(() => t.close());

  it('are refused to one network after its share of any of them, and to no other, while good ones always work', async () => {
    t = await createLimitedApp({ limits: { tokensPerAddress: 12 } });
    t.clock.stopAt(new Date());
    const { refresh_token } = await t.activeUser('owner@example.com');
    const post = (path: string, body: object, ip = IP) => t.client.post(`/auth/${path}`, body, from(ip));
    for (let round = 0; round < 3; round++) {
      expect((await post('activate', { token: token() })).status).toBe(400);
      expect((await post('password-reset/confirm', { token: token(), new_password: PASSWORD })).status).toBe(400);
      expect((await post('email-change/confirm', { token: token() })).status).toBe(400);
      expect((await post('refresh', { refresh_token: token() })).status).toBe(401);
    }
    for (const [path, body] of [
      ['activate', { token: token() }],
      ['password-reset/confirm', { token: token(), new_password: PASSWORD }],
      ['email-change/undo', { token: token() }],
      ['refresh', { refresh_token: token() }],
    ] as const) {
      const refused = await post(path, body);
      expect([refused.status, refused.headers.get('ratelimit-policy')]).toEqual([429, '"token-address";q=12;w=3600']);
    }
    expect((await post('activate', { token: token() }, '203.0.113.61')).status).toBe(400);
    expect((await post('refresh', { refresh_token })).status).toBe(200);
    t.clock.advance({ seconds: 3600 });
    expect((await post('activate', { token: token() })).status).toBe(400);
  });

  it('are told on the pages of mode E, with the minutes, in the language of the reader', async () => {
    const options = { backendLinks: true, publicUrl: 'http://localhost:3000' };
    t = await createLimitedApp({ limits: { tokensPerAddress: 3 }, options });
    t.clock.stopAt(new Date());
    const open = (language: string) =>
      t.client.get(`/auth/activate/${token()}`, from(IP, { 'accept-language': language }));
    for (let round = 0; round < 3; round++) expect((await open('en')).status).toBe(400);
    t.clock.advance({ seconds: 600 });
    const english = await open('en');
    expect([english.status, english.headers.get('retry-after')]).toEqual([429, '3000']);
    expect(english.text).toContain('Try again in 50 minutes.');
    expect((await open('de')).text).toContain('in 50 Minuten');
  });

  it('cost what is good nothing', async () => {
    t = await createLimitedApp();
    let { refresh_token } = await t.activeUser('busy@example.com');
    const statements = await t.statements.during(async () => {
      for (let round = 0; round < 5; round++) {
        const { body } = await t.client.post('/auth/refresh', { refresh_token }, from(IP));
        ({ refresh_token } = body);
      }
    });
    expect(statements.filter((sql) => sql.includes('auth_limits'))).toEqual([]);
  });
});
