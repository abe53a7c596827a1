import { ConsoleLogger } from '@nestjs/common';
import { AuthService, LimitStore, type LimitVerdict } from 'nestjs-gatehouse';
import type { Transporter } from 'nodemailer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MailSender } from '../lib/engine/mail/mail-sender.js';
import { Canaries, captureOutput, type CapturedOutput } from './support/canaries.js';
import type { Answer, RequestExtras } from './support/client.js';
import { Visitor } from './support/cookie-visitor.js';
import { tokenIn } from './support/mailbox.js';
import { signUp } from './support/owed-mail.js';
import { withFourEntities } from './support/starting-app.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

/** Whatever may be in an answer, a cookie or a mail, and nowhere else. */
const SECRET_FIELDS = ['access_token', 'refresh_token', 'activation_url', 'reset_url', 'csrf_token'];

/** Makes nodemailer tell everything it says to the server and hears from it; the module itself has no such switch. */
async function logSmtp(t: TestApp): Promise<string[]> {
  const lines: string[] = [];
  const tell = (entry: unknown, ...more: unknown[]) => void lines.push(JSON.stringify([entry, more]));
  const logger = { level: () => undefined, trace: tell, debug: tell, info: tell, warn: tell, error: tell, fatal: tell };
  const mailer: unknown = await Reflect.get(t.app.get(MailSender, { strict: false }), 'mailer');
  const { transporter } = Reflect.get(mailer as object, 'transporter') as Transporter<unknown>;
  Object.assign(Reflect.get(transporter as object, 'options') as object, { logger, debug: true });
  return lines;
}

describe('what is logged of every flow, with the logs of TypeORM and SMTP on', () => {
  const canaries = new Canaries();
  /** What nodemailer would print by itself, were its log switched on: the mails, and who logs in. */
  const mailed = new Canaries();
  const addresses: string[] = [];
  let output: CapturedOutput;
  let smtp: string[] = [];
  let t: TestApp;

  beforeAll(async () => {
    output = captureOutput();
    const secret = canaries.make(48);
    t = await createTestApp(
      withFourEntities({
        mode: 'A',
        options: {
          jwt: { secret, previousSecrets: [canaries.make(48)] },
          hashing: { pepper: canaries.make(48), previousPeppers: [canaries.make(48)] },
          smtp: { username: mailed.make(), password: canaries.make() },
          limits: { mode: 'on', loginPerAddress: 0, mailsPerAddress: 0, mailsPerMailbox: 0, loginTries: 5 },
          tokenDelivery: 'both',
        },
      }),
    );
    t.app.useLogger(new ConsoleLogger({ logLevels: ['verbose', 'debug', 'log', 'warn', 'error', 'fatal'] }));
  });
  afterAll(async () => {
    output.restore();
    await t.close();
  });

  const password = () => `canary ${canaries.make()}`;
  const address = (name: string) => {
    addresses.push(`${name}-canary@example.com`);
    return addresses.at(-1)!;
  };

  /** Sends a request that must be answered so, and keeps the secrets of the answer. */
  async function post(status: number, path: string, body: unknown, extras?: RequestExtras): Promise<Answer> {
    return keep(status, path, await t.client.post(`/auth/${path}`, body, extras));
  }
  function keep(status: number, path: string, answer: Answer): Answer {
    expect([path, answer.status]).toEqual([path, status]);
    for (const field of SECRET_FIELDS) if (answer.body?.[field]) canaries.add(answer.body[field]);
    for (const cookie of answer.headers.getSetCookie()) {
      const value = /^[^=]+=([^;]+)/.exec(cookie)?.[1];
      if (value) canaries.add(value);
    }
    return answer;
  }
  /** The link in the newest mail to an address, once none is owed. */
  async function link(email: string): Promise<string> {
    await t.mailIsDone();
    return mailed.add(tokenIn(t.mailbox.to(email).at(-1)!));
  }

  it('runs through every flow', async () => {
    const [email, moved] = [address('ann'), address('moved')];
    const [first, second, third] = [password(), password(), password()];
    await post(201, 'signup', { email, password: first });
    await t.mailIsDone();
    smtp = await logSmtp(t);
    await post(202, 'activation/resend', { email });
    await post(200, 'activate', { token: await link(email) });
    const { body: login } = await post(200, 'login', { email, password: first });
    const bearer: string = login.access_token;
    await post(200, 'refresh', { refresh_token: login.refresh_token });
    t.clock.advance({ seconds: 60 });
    await post(401, 'refresh', { refresh_token: login.refresh_token });
    await post(401, 'login', { email, password: password() });
    await post(401, 'login', { email: address('nobody'), password: password() });
    const again = (await post(200, 'login', { email, password: first })).body.access_token as string;
    await post(400, 'password-change', { current_password: password(), new_password: second }, { bearer: again });
    keep(
      204,
      'password-change',
      await t.client.post(
        '/auth/password-change',
        { current_password: first, new_password: second },
        { bearer: again },
      ),
    );
    await post(202, 'password-reset/request', { email });
    await post(200, 'password-reset/confirm', { token: await link(email), new_password: third });
    const owner = (await post(200, 'login', { email, password: third })).body.access_token as string;
    await post(202, 'email-change/request', { new_email: moved, current_password: third }, { bearer: owner });
    await post(200, 'email-change/confirm', { token: await link(moved) });
    await post(200, 'email-change/undo', { token: await link(email) });
    await post(202, 'password-reset/request', { email });
    const fourth = password();
    await post(200, 'password-reset/confirm', { token: await link(email), new_password: fourth });
    const last = (await post(200, 'login', { email, password: fourth })).body.access_token as string;
    keep(200, 'me', await t.client.get('/auth/me/export', { bearer: last }));
    keep(200, 'me', await t.client.request('PATCH', '/auth/me', { name: 'Ann' }, { bearer: last }));
    await post(204, 'logout', {}, { bearer: last });
    expect((await t.client.get('/auth/me', { bearer })).status).toBe(401);
    const visitor = new Visitor(t.client);
    keep(200, 'login', await visitor.post('/auth/login', { email, password: fourth }));
    keep(200, 'refresh', await visitor.post('/auth/refresh', {}));
    const deletion = { current_password: fourth };
    const { access_token } = (await post(200, 'login', { email, password: fourth })).body;
    keep(204, 'me', await t.client.request('DELETE', '/auth/me', deletion, { bearer: access_token }));
  });

  it('runs through operators, limits, and mail that is refused', async () => {
    const auth = t.app.get(AuthService, { strict: false });
    const email = address('operated');
    const id = await auth.createAccount({ email, password: password() });
    await auth.setPassword(id, password());
    for (let tries = 0; tries < 7; tries++) await t.client.post('/auth/login', { email, password: password() });
    await auth.deactivate(id);
    for (const behaviour of ['refuse login', 'refuse sender', 'refuse recipients', 'try again later'] as const) {
      t.mailbox.behaviour = behaviour;
      const other = address(behaviour.replaceAll(' ', '-'));
      await post(201, 'signup', { email: other, password: password() });
      await expect.poll(() => smtp.join('').includes('error') || smtp.length > 0).toBe(true);
    }
    t.mailbox.behaviour = 'accept';
  });

  it('runs through faults of the database', async () => {
    await t.dataSource.query('ALTER TABLE user_tokens RENAME TO elsewhere');
    const { body } = await post(500, 'signup', { email: address('fault'), password: password() });
    expect(body.code).toBe('SERVICE_FAILED');
    await post(500, 'password-reset/confirm', { token: canaries.make(48), new_password: password() });
    await t.dataSource.query('ALTER TABLE elsewhere RENAME TO user_tokens');
  });

  it('has no secret of at least thirty in what this module says', () => {
    const said = [...t.logs.lines, output.text()].join('\n');
    expect(said).toMatch(/AuthOutbox/);
    expect(said).toMatch(/SQLITE_ERROR in INSERT/);
    expect(canaries.count + mailed.count).toBeGreaterThanOrEqual(60);
    expect([...canaries.foundIn(said), ...mailed.foundIn(said)]).toEqual([]);
  });

  it('has no address in it either', () => {
    const said = [...t.logs.lines, output.text()].join('\n');
    expect(addresses.length).toBeGreaterThan(7);
    expect(addresses.filter((email) => said.includes(email))).toEqual([]);
  });

  it('has no password, key or token of a session in what SMTP says, which is the mails themselves', () => {
    const said = smtp.join('\n');
    expect(said).toMatch(/RCPT TO/);
    expect(said).toContain(addresses[0]);
    expect(canaries.foundIn(said)).toEqual([]);
  });

  it('has none in what TypeORM says, but for addresses and hashes', () => {
    const said = JSON.stringify(t.statements.entries);
    expect(said).toContain(addresses[0]);
    expect(said).toContain('$argon2id$');
    expect([...canaries.foundIn(said), ...mailed.foundIn(said)]).toEqual([]);
  });
});

/** What could end a record, begin another, colour a terminal, or break out of JSON. */
const FORGED = 'x\n{"level":"log","message":"forged"}\r\n\u001b[31mred\u001b[0m"}\u2028\u0085\\';

describe('a record of the log', () => {
  it('stays one, and well-formed, whatever clients and servers put into it', async () => {
    class Forging extends LimitStore {
      take(): Promise<LimitVerdict[]> {
        return Promise.reject(new Error(FORGED));
      }
      giveBack(): Promise<void> {
        return Promise.reject(new Error(FORGED));
      }
    }
    const options = { limitStore: new Forging(), limits: { mode: 'on' as const } };
    const t = await createTestApp(withFourEntities({ options }));
    const output = captureOutput();
    t.app.useLogger(new ConsoleLogger({ json: true, colors: false }));
    const headers = {
      'user-agent': 'x"}\\\t{"level":"log","message":"forged"}\u0085',
      'x-forwarded-for': '198.51.100.1',
    };
    const send = (path: string, body: object) => t.client.post(`/auth/${path}`, body, { headers });
    await send('login', { email: FORGED, password: FORGED });
    await send('login', { email: 'x@example.com', password: FORGED });
    await send('signup', { email: 'x@example.com', password: PASSWORD, name: FORGED });
    t.mailbox.behaviour = 'refuse recipients';
    await signUp(t, 'y@example.com');
    await t.mailIsDone();
    await t.dataSource.query('DROP TABLE user_tokens');
    await send('signup', { email: 'z@example.com', password: PASSWORD, name: FORGED });
    output.restore();
    await t.close();
    const records = output
      .text()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { level: string; message: string; context?: string });
    expect(records.filter(({ message }) => message === 'forged')).toEqual([]);
    const ours = records.filter(({ context }) => context?.startsWith('Auth'));
    expect(ours.filter(({ message }) => message.startsWith('tries cannot be counted')).length).toBeGreaterThan(0);
    expect(ours.filter(({ message }) => message.includes('given up')).length).toBeGreaterThan(0);
    expect(ours.filter(({ message }) => /[\p{Cc}\p{Zl}\p{Zp}]/u.test(message))).toEqual([]);
  });
});
