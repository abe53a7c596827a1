import { randomBytes } from 'node:crypto';
import { ConsoleLogger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Canaries, captureOutput, type CapturedOutput } from './support/canaries.js';
import type { Answer, RequestExtras } from './support/client.js';
import { newKeyPair } from './support/key-pair.js';
import { tokenIn } from './support/mailbox.js';
import { dump } from './support/rows.js';
import { createTestApp, type TestApp } from './support/test-app.js';

const FAILURES = ['refuse login', 'refuse sender', 'refuse recipients', 'try again after message'] as const;

const SECRET_FIELDS = ['access_token', 'refresh_token', 'activation_url', 'reset_url'];

const TOKEN = /[A-Za-z0-9_-]{64}/;

describe.each(['A', 'C', 'D', 'E'] as const)('secrets in mode %s', (mode) => {
  const sendsMail = mode === 'A' || mode === 'E';
  const canaries = new Canaries();
  const refusals: string[] = [];
  let output: CapturedOutput;
  let t: TestApp;

  beforeAll(async () => {
    output = captureOutput();
    t = await createTestApp({
      mode,
      options: {
        jwt: {
          secret: canaries.make(48),
          previousSecrets: [canaries.make(48)],
          algorithm: 'RS256',
          privateKey: canaryKey(canaries),
        },
        smtp: { username: 'canary-user', password: canaries.make() },
      },
    });
    t.app.useLogger(new ConsoleLogger({ logLevels: ['verbose', 'debug', 'log', 'warn', 'error', 'fatal'] }));
  });
  afterAll(async () => {
    output.restore();
    await t.close();
  });

  /** Sends a request that must be answered so, keeps the secrets of the answer, and remembers a refusal for the search. */
  async function call(status: number, path: string, body?: unknown, extras?: RequestExtras): Promise<Answer> {
    const answer = body === undefined ? await t.client.get(path, extras) : await t.client.post(path, body, extras);
    expect([path, answer.status]).toEqual([path, status]);
    if (status >= 400) refusals.push(`${JSON.stringify([...answer.headers])} ${answer.text}`);
    else for (const field of SECRET_FIELDS) if (answer.body?.[field]) canaries.add(answer.body[field]);
    return answer;
  }

  async function linkFor(email: string, answer: Answer, count: number): Promise<string> {
    const url: string | null = answer.body.activation_url ?? answer.body.reset_url ?? null;
    const token = url ? TOKEN.exec(url)![0] : tokenIn(await t.mailbox.waitFor(email, count));
    return canaries.add(token);
  }

  const password = () => `canary ${canaries.make()}`;

  const hasLinks = mode !== 'D';

  it('run through signup, activation, login, refresh and logout', async () => {
    const email = 'ann@example.com';
    const first = password();
    const signup = await call(201, '/auth/signup', { email, password: first, name: 'Ann' });
    const token = hasLinks ? await linkFor(email, signup, 1) : canaries.make(48);
    await call(hasLinks ? 200 : 400, '/auth/activate', { token });
    await call(hasLinks ? 409 : 400, '/auth/activate', { token });
    await call(hasLinks ? 409 : 400, `/auth/activate/${token}`, {});
    await call(sendsMail ? 201 : 409, '/auth/signup', { email, password: password() });
    await call(202, '/auth/activation/resend', { email });
    const { refresh_token } = (await call(200, '/auth/login', { email, password: first })).body;
    await call(200, '/auth/refresh', { refresh_token });
    t.clock.advance({ seconds: 60 });
    await call(401, '/auth/refresh', { refresh_token });
    await call(204, '/auth/logout', { refresh_token });
    await call(401, '/auth/login', { email, password: password() });
    expect(canaries.count).toBeGreaterThan(10);
  });

  it.each(hasLinks ? ['ann@example.com'] : [])('run through the password reset of %s', async (email) => {
    const request = await call(202, '/auth/password-reset/request', { email });
    // After the activation link, "you have an account" and "an old token was used".
    const token = await linkFor(email, request, 4);
    await call(mode === 'E' ? 200 : 404, `/auth/password-reset/${mode === 'E' ? token : 'form'}`);
    await call(400, '/auth/password-reset/confirm', { token, new_password: 'canary' });
    await call(200, '/auth/password-reset/confirm', { token, new_password: password() });
    const again = await call(409, '/auth/password-reset/confirm', { token, new_password: password() });
    expect(again.body.code).toBe('PASSWORD_RESET_ALREADY_DONE');
  });

  it('run through every refusal', async () => {
    const email = 'eve@example.com';
    const everything = { email, password: password(), token: canaries.make(48), new_password: password() };
    for (const path of ['signup', 'login', 'activate', 'activation/resend', 'refresh', 'logout'])
      await call(400, `/auth/${path}`, everything, {
        bearer: `${canaries.make()}.${canaries.make()}.${canaries.make()}`,
      });
    await call(401, '/auth/logout-all', everything, { bearer: canaries.make(48) });
    await call(400, '/auth/password-reset/request', everything);
    await call(400, '/auth/password-reset/confirm', { token: canaries.make(48), new_password: password() });
    await call(400, `/auth/activate/${canaries.make(48)}`, {});
    if (mode === 'E') await call(400, `/auth/password-reset/${canaries.make(48)}`);
    if (mode === 'E') await call(400, `/auth/activate/${canaries.make(48)}`);
    await call(401, '/auth/me', undefined, { bearer: canaries.make(48) });
    await call(401, '/auth/me', undefined, { headers: { authorization: `Basic ${canaries.make()}` } });
    await call(401, '/auth/refresh', { refresh_token: canaries.make(48) });
    await call(400, '/auth/signup', { email, password: password().repeat(20) });
    await call(400, '/auth/signup', { email: password(), password: password(), name: password().repeat(5) });
    const headers = { 'content-type': 'application/json' };
    const broken = await t.client.send('/auth/login', { method: 'POST', headers, body: `{"password":"${password()}"` });
    expect(broken.status).toBe(400);
    refusals.push(broken.text);
  });

  it.each(sendsMail ? FAILURES : [])('run through a mail server that answers "%s"', async (behaviour) => {
    const email = `${behaviour.replaceAll(' ', '-')}@example.com`;
    t.mailbox.behaviour = behaviour;
    await call(201, '/auth/signup', { email, password: password() });
    await expect.poll(() => failures(email)).toBe(1);
    for (const mail of t.mailbox.refused) canaries.add(tokenIn(mail));
    t.mailbox.behaviour = 'accept';
  });

  it.each(sendsMail ? ['down'] : [])('run through a mail server that is %s', async () => {
    await t.mailbox.goDown();
    await call(202, '/auth/password-reset/request', { email: 'ann@example.com' });
    await expect.poll(() => failures('ann@example.com')).toBe(1);
    await t.mailbox.goUp();
  });

  async function failures(email: string): Promise<number> {
    const sql = `SELECT COUNT(*) AS n FROM user_tokens t JOIN users u ON u.id = t.user_id WHERE u.email = '${email}' AND t.mail_error IS NOT NULL`;
    return ((await t.dataSource.query(sql)) as [{ n: number }])[0].n;
  }

  it('are not in the database, in no form', async () => {
    const rows = await dump(t);
    expect(rows).toContain('ann@example.com');
    expect(canaries.foundIn(rows)).toEqual([]);
  });

  it('cannot be had from what is in the database', async () => {
    const { users, tokens } = JSON.parse(await dump(t)) as { users: object[]; tokens: object[] };
    const texts = [...users, ...tokens]
      .flatMap((row) => Object.values(row))
      .filter((value) => typeof value === 'string' && value.length > 20);
    expect(texts.length).toBeGreaterThan(5);
    for (const token of new Set(texts)) {
      expect((await t.client.post('/auth/activate', { token })).status).toBe(400);
      expect((await t.client.post('/auth/refresh', { refresh_token: token })).status).toBe(401);
      const reset = { token, new_password: 'a wholly different passphrase' };
      expect((await t.client.post('/auth/password-reset/confirm', reset)).status).toBe(400);
      expect((await t.client.post('/auth/login', { email: 'ann@example.com', password: token })).status).toBe(401);
      const headers = { authorization: `Bearer ${token.replace(/[^\x21-\x7e]/g, '')}` };
      expect((await t.client.get('/auth/me', { headers })).status).toBe(401);
    }
  });

  it('run through faults of the server', async () => {
    const email = `${randomBytes(4).toString('hex')}@example.com`;
    const owned = password();
    const { access_token, refresh_token } = await t.activeUser('bob@example.com', owned);
    canaries.add(access_token, refresh_token);
    await t.dataSource.query('DROP TABLE user_tokens');
    const faults = [
      await call(500, '/auth/signup', { email, password: password() }),
      await call(500, '/auth/login', { email: 'bob@example.com', password: owned }),
      await call(500, '/auth/refresh', { refresh_token }),
      await call(500, '/auth/logout', { refresh_token }),
      await call(500, '/auth/me', undefined, { bearer: access_token }),
      await call(500, '/auth/activate', { token: canaries.make(48) }),
      await call(500, '/auth/password-reset/request', { email }),
      await call(500, '/auth/password-reset/confirm', { token: canaries.make(48), new_password: password() }),
    ];
    for (const { text } of faults) expect(text).not.toMatch(/SQL|user_tokens|SELECT|INSERT|UPDATE|at .*\.js|\/lib\//i);
    await t.dataSource.query('DROP TABLE users');
    await call(500, '/auth/login', { email, password: password() });
  });

  it('are in no refusal', () => {
    expect(refusals.length).toBeGreaterThan(20);
    expect(canaries.foundIn(refusals.join('\n'))).toEqual([]);
  });

  it('are in no line of the log and nowhere in the output', () => {
    const everything = [...t.logs.lines, output.text()].join('\n');
    // The faults of the server are there to be read, and the configuration was printed.
    expect(everything).toMatch(/SQLITE_ERROR in INSERT/);
    expect(everything).toMatch(/jwt\.secret=\[redacted\] jwt\.previousSecrets=\[redacted\]/);
    expect(everything).toMatch(/jwt\.privateKey=\[redacted\]/);
    expect(canaries.count).toBeGreaterThanOrEqual(30);
    expect(canaries.foundIn(everything)).toEqual([]);
  });
});

/** A private key, each line of which is a secret. */
function canaryKey(canaries: Canaries): string {
  const { privateKey } = newKeyPair('RS256');
  const lines = privateKey.split('\n').filter((line) => line.length > 30 && !line.startsWith('-----'));
  for (const line of lines) canaries.add(line);
  return privateKey;
}

it('a canary is found in every form it could take', () => {
  const canaries = new Canaries();
  const secret = canaries.add(`canary "${randomBytes(9).toString('base64')}/+`);
  const forms = [
    secret,
    JSON.stringify(secret),
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('base64url'),
    Buffer.from(secret).toString('hex'),
  ];
  for (const form of forms) expect(canaries.foundIn(`before ${form} after`)).toHaveLength(1);
  expect(canaries.foundIn('before after')).toEqual([]);
});
