import type { AddressInfo } from 'node:net';
import { AuthService, type MailVerification } from 'nestjs-gatehouse';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { Authority } from './support/certificates.js';
import { freePort } from './support/free-port.js';
import { onlyRow, signUp } from './support/owed-mail.js';
import { createTestApp, type TestApp, type TestAppOptions } from './support/test-app.js';

type SmtpChoice = NonNullable<NonNullable<TestAppOptions['options']>['smtp']>;

const SMTP_PASSWORD = 'the password of the mail server';
const LOGIN = { username: 'mailer', password: SMTP_PASSWORD };

const authority = new Authority();
const good = authority.issue();
const TRUSTING = { ca: authority.file };

/** What a test opened, the last first. */
const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of open.splice(0).toReversed()) await close();
});
afterAll(() => authority.remove());

/** A real SMTP server that takes one password; what clients called themselves is in `names`. */
async function serve(options: SMTPServerOptions): Promise<{ port: number; names: string[]; isSecure: boolean[] }> {
  const [names, isSecure]: [string[], boolean[]] = [[], []];
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 100,
    onAuth: ({ username, password }, { hostNameAppearsAs, secure }, callback) => {
      names.push(hostNameAppearsAs);
      isSecure.push(secure);
      if (password !== SMTP_PASSWORD) return callback(new Error(`no ${password} for ${username}`));
      return callback(null, { user: username });
    },
    ...options,
  });
  // A client that refuses the certificate breaks off, as it should.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  open.push(() => new Promise((resolve) => server.close(() => resolve())));
  return { port: (server.server.address() as AddressInfo).port, names, isSecure };
}

async function application(smtp: SmtpChoice): Promise<TestApp> {
  const t = await createTestApp({ options: { smtp: { host: 'localhost', ...smtp } } });
  open.push(() => t.close());
  return t;
}

const verify = (t: TestApp): Promise<MailVerification> => t.app.get(AuthService, { strict: false }).verifyMail();

/** A server with one mistake, how it is spoken to, the codes that tell it, and a part of what is said in words. */
const MISTAKES: [string, SMTPServerOptions, SmtpChoice, codes: string, words: string][] = [
  [
    'an authority nobody knows',
    { secure: true, ...good },
    { secure: true },
    'ESOCKET UNABLE_TO_VERIFY_LEAF_SIGNATURE at CONN',
    'set smtp.ca (SMTP_CA)',
  ],
  [
    'a certificate signed by itself',
    { secure: true, ...authority.selfSigned() },
    { secure: true },
    'ESOCKET DEPTH_ZERO_SELF_SIGNED_CERT at CONN',
    'set smtp.ca (SMTP_CA)',
  ],
  [
    'a chain that ends in an authority nobody knows',
    { secure: true, key: good.key, cert: good.cert + authority.certificate },
    { secure: true },
    'ESOCKET SELF_SIGNED_CERT_IN_CHAIN at CONN',
    'set smtp.ca (SMTP_CA)',
  ],
  [
    'a certificate that has expired',
    { secure: true, ...authority.issue({ isExpired: true }) },
    { secure: true, ...TRUSTING },
    'ESOCKET CERT_HAS_EXPIRED at CONN',
    'has expired',
  ],
  [
    'a certificate of another host',
    { secure: true, ...authority.issue({ host: 'mail.example.net' }) },
    { secure: true, ...TRUSTING },
    'ESOCKET ERR_TLS_CERT_ALTNAME_INVALID at CONN',
    'is for another name',
  ],
  [
    'no version of TLS that is still used',
    { secure: true, ...good, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    { secure: true, ...TRUSTING },
    'ESOCKET ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION at CONN',
    'no version of TLS in common',
  ],
  [
    'no TLS on the port that should have it',
    { disabledCommands: ['STARTTLS'] },
    { secure: true },
    'ESOCKET ERR_SSL_WRONG_VERSION_NUMBER at CONN',
    'Set SMTP_SECURE=false',
  ],
  [
    'no STARTTLS where it is required',
    { disabledCommands: ['STARTTLS'] },
    { requireTls: true },
    'ETLS 500 at STARTTLS',
    'offers no STARTTLS',
  ],
  [
    'a certificate signed by itself behind STARTTLS',
    authority.selfSigned(),
    {},
    'ESOCKET DEPTH_ZERO_SELF_SIGNED_CERT at CONN',
    'set smtp.ca (SMTP_CA)',
  ],
  [
    'another password',
    { secure: true, ...good },
    { secure: true, ...TRUSTING, username: 'mailer', password: 'not-the-password' },
    'EAUTH 535 at AUTH PLAIN',
    'refuses the login',
  ],
  [
    // Each waits for the other to speak; the client's patience of ten seconds ends it.
    'TLS from the first byte where none is expected',
    { secure: true, ...good },
    {},
    'ETIMEDOUT GREETING_TIMEOUT at CONN',
    'set SMTP_SECURE=true',
  ],
];

describe('a mail server with', () => {
  it.each(MISTAKES)(
    '%s is told from all others',
    async (_, server, smtp, code, words) => {
      const { port } = await serve(server);
      const t = await application({ port, ...smtp });
      const email = 'somebody@example.org';
      await signUp(t, email);
      const verification = await verify(t);
      const mailError = await vi.waitFor(async () => (await onlyRow(t, email)).mailError ?? Promise.reject(), 15_000);
      expect(verification).toEqual({ ok: false, code, message: expect.stringContaining(words) });
      expect(mailError).toBe(code);
      const log = t.logs.lines.join('\n');
      expect(log).toContain(code);
      for (const secret of [SMTP_PASSWORD, 'not-the-password', 'Authority of a test']) {
        expect(JSON.stringify([verification, mailError, log])).not.toContain(secret);
      }
    },
    30_000,
  );

  it('nobody behind its port, or no name, is told as well', async () => {
    const closed = await application({ port: await freePort() });
    expect(await verify(closed)).toMatchObject({ code: 'ESOCKET ECONNREFUSED at CONN', ok: false });
    const unknown = await application({ host: 'no-such-host.invalid' });
    const { code, message } = await verify(unknown);
    expect(code).toMatch(/^EDNS /);
    expect(message).toContain('is not known here');
  });
});

describe('verifyMail', () => {
  it.each([
    ['a file', TRUSTING],
    ['PEM', { ca: authority.certificate }],
    ['PEM in base64', { ca: Buffer.from(authority.certificate).toString('base64') }],
  ])('trusts an authority that is given as %s, over TLS and STARTTLS, and logs in', async (_, trusting) => {
    for (const secure of [true, false]) {
      const { port, names, isSecure } = await serve({ secure, ...good });
      const t = await application({ port, secure, requireTls: !secure, ...trusting, ...LOGIN });
      expect(await verify(t)).toEqual({ ok: true, code: null, message: null });
      // The domain of the sender, where nothing else is said.
      expect([names, isSecure]).toEqual([['example.com'], [true]]);
    }
  });

  it('gives the name that is stated', async () => {
    const { port, names } = await serve({ secure: true, ...good });
    const t = await application({ port, secure: true, ...TRUSTING, ...LOGIN, name: 'app.example.net' });
    expect(await verify(t)).toMatchObject({ ok: true });
    expect(names).toEqual(['app.example.net']);
  });

  it('does without TLS for a local relay whose certificate is nobody’s, where that is stated', async () => {
    const { port, isSecure } = await serve({ ...authority.selfSigned(), allowInsecureAuth: true });
    const t = await application({ port, ...LOGIN, ignoreTls: true });
    expect(await verify(t)).toMatchObject({ ok: true });
    expect(isSecure).toEqual([false]);
  });

  it('has nothing to ask where no mail is sent', async () => {
    const t = await createTestApp({ mode: 'C' });
    open.push(() => t.close());
    expect(await verify(t)).toEqual({ ok: true, code: null, message: null });
  });

  it('sends nothing', async () => {
    const t = await createTestApp();
    open.push(() => t.close());
    expect(await verify(t)).toMatchObject({ ok: true });
    expect(t.mailbox.mails).toEqual([]);
  });
});
