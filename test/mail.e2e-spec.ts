import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type AuthStartUpError, type TokenPurpose } from 'nestjs-gatehouse';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from './support/databases.js';
import { type ReceivedMail, tokenIn } from './support/mailbox.js';
import { signUp } from './support/owed-mail.js';
import { tokenRows, userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const LOGIN_URL = 'https://app.example.com/login?from=mail';
const NEW_PASSWORD = `${PASSWORD} again`;

/** Every mail, with where its one link leads. */
const MAILS = [
  ['activation', 'Activate your account', 'http://localhost:5173/activate?token='],
  ['account-exists', 'You already have an account', LOGIN_URL],
  ['password-reset', 'Reset your password', 'http://localhost:5173/reset-password?token='],
  ['password-changed-notice', 'Your password was changed', LOGIN_URL],
  ['session-reuse-notice', 'We logged out one of your devices', LOGIN_URL],
] as const satisfies readonly (readonly [TokenPurpose, string, string])[];

/** Lets one address get every mail there is, in the order of {@link MAILS}. */
async function getEveryMail(t: TestApp, typed: string, stored: string): Promise<ReceivedMail[]> {
  const { client, mailbox } = t;
  await client.post('/auth/signup', { email: typed, password: PASSWORD, name: 'Zoë' });
  await client.post('/auth/activate', { token: tokenIn(await mailbox.waitFor(stored)) });
  await client.post('/auth/signup', { email: typed, password: NEW_PASSWORD });
  await mailbox.waitFor(stored, 2);
  await client.post('/auth/password-reset/request', { email: typed });
  const token = tokenIn(await mailbox.waitFor(stored, 3));
  const { body: pair } = await client.post('/auth/password-reset/confirm', { token, new_password: NEW_PASSWORD });
  await mailbox.waitFor(stored, 4);
  await client.post('/auth/refresh', { refresh_token: pair.refresh_token });
  t.clock.advance({ seconds: 60 });
  await client.post('/auth/refresh', { refresh_token: pair.refresh_token });
  await mailbox.waitFor(stored, 5);
  return mailbox.to(stored);
}

/** An HTML part of an application's own. */
const linkOnly = (title: string) => `<title>${title}</title><a href="{{activation_url}}">{{activation_url}}</a>`;

/** Everything in a text that looks like a web address, each once. */
function linksIn(text: string): string[] {
  return [...new Set(text.match(/https?:\/\/[^\s"<>]+/g)?.map((link) => link.replaceAll('&amp;', '&')))];
}

describe('every mail', () => {
  const stored = 'zoe.lee@example.org';
  let t: TestApp;
  let mails: ReceivedMail[];
  beforeAll(async () => {
    t = await createTestApp({ options: { loginUrl: LOGIN_URL } });
    mails = await getEveryMail(t, 'Zoe.Lee@Example.ORG', stored);
  });
  afterAll(() => t.close());

  describe.each(MAILS.map((mail, index) => [...mail, index] as const))('%s', (purpose, subject, link, index) => {
    it('goes to the stored address and to nobody else', () => {
      const { recipients, to, cc, bcc, replyTo } = mails[index]!;
      expect(recipients).toEqual([stored]);
      expect(to).toEqual([{ name: '', address: stored }]);
      expect([cc, bcc, replyTo]).toEqual([undefined, undefined, undefined]);
    });

    it('has sender, subject, a text and an HTML part', () => {
      const mail = mails[index]!;
      expect(mail.from).toEqual({ name: 'Example', address: 'accounts@example.com' });
      expect(mail.subject).toBe(subject);
      const type = mail.headers.find(({ key }) => key === 'content-type')!.value;
      expect(type).toMatch(/^multipart\/alternative/);
      for (const part of [mail.text!, mail.html!]) expect(part).toContain(`Hello Zoë,`);
      expect(mail.html).toContain(`<title>${subject}</title>`);
      expect(mail.attachments).toEqual([]);
    });

    it('has one link, the same in both parts', () => {
      const [inText, ...more] = linksIn(mails[index]!.text!);
      expect(more).toEqual([]);
      expect(inText!.replace(/[A-Za-z0-9_-]{64}$/, '')).toBe(link);
      expect(linksIn(mails[index]!.html!)).toEqual([inText]);
    });

    it('says that no person wrote it, and is named after its row', async () => {
      const mail = mails[index]!;
      expect(mail.headers).toContainEqual(expect.objectContaining({ key: 'auto-submitted', value: 'auto-generated' }));
      const rows = await tokenRows(t, stored, purpose);
      expect(rows.map(({ id }) => `<${id}@example.com>`)).toEqual([mail.messageId]);
    });

    it('loads and runs nothing', () => {
      expect(mails[index]!.html).not.toMatch(
        /<(img|script|link|iframe|object|form|svg)\b|\bsrc=|url\(|@import|\bon\w+=/i,
      );
    });

    it('tells no password and no hash', async () => {
      const { passwordHash } = (await userRow(t, stored))!;
      const content = mails[index]!.text! + mails[index]!.html!;
      for (const secret of [PASSWORD, NEW_PASSWORD, passwordHash, '$argon2']) expect(content).not.toContain(secret);
    });
  });

  it('was sent once', () => {
    expect(mails).toHaveLength(MAILS.length);
    expect(t.mailbox.mails).toHaveLength(MAILS.length);
  });
});

describe('without AUTH_LOGIN_URL', () => {
  it('a notice has no link at all', async () => {
    const t = await createTestApp();
    try {
      const [, accountExists, , passwordChanged, sessionReuse] = await getEveryMail(
        t,
        'al@example.org',
        'al@example.org',
      );
      for (const { text, html } of [accountExists!, passwordChanged!, sessionReuse!]) {
        expect([...linksIn(text!), ...linksIn(html!)]).toEqual([]);
        expect(html).not.toContain('<a ');
      }
    } finally {
      await t.close();
    }
  });
});

describe('mail.templateDir', () => {
  let database: TestDatabase;
  const directories: string[] = [];
  beforeAll(async () => {
    database = await createDatabase('sqlite');
  });
  afterEach(async () => {
    for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
  });
  afterAll(() => database.drop());

  async function directoryOf(files: Record<string, string>): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'gatehouse-templates-'));
    directories.push(directory);
    for (const [file, content] of Object.entries(files)) {
      await mkdir(dirname(join(directory, file)), { recursive: true });
      await writeFile(join(directory, file), content);
    }
    return directory;
  }

  /** The activation mail of an application with these templates, and what the application logged. */
  async function activationWith(files: Record<string, string>, defaultLocale = 'en') {
    const templateDir = await directoryOf(files);
    const t = await createTestApp({ options: { mail: { templateDir, defaultLocale } } });
    try {
      await signUp(t, 'templates@example.org');
      return { mail: await t.mailbox.waitFor('templates@example.org'), logs: t.logs.lines };
    } finally {
      await t.close();
    }
  }

  it('shadows one part of one mail and leaves the bundled other part', async () => {
    const { mail, logs } = await activationWith({ 'activation.hbs': linkOnly('Ours') });
    expect(mail.subject).toBe('Ours');
    expect(mail.html).not.toContain('Thank you for signing up');
    expect(mail.text).toContain('Thank you for signing up');
    expect(linksIn(mail.html!)).toEqual(linksIn(mail.text!));
    expect(logs.filter((line) => line.includes('templateDir:'))).toEqual([]);
  });

  it('shadows the text part alone as well', async () => {
    const { mail } = await activationWith({ 'activation.txt.hbs': 'Ours: {{activation_url}} & more' });
    expect(mail.text).toMatch(/^Ours: http:\/\/localhost:5173\/activate\?token=[A-Za-z0-9_-]{64} & more/);
    expect(mail.html).toContain('Thank you for signing up');
  });

  it('prefers the file of the locale to the flat one, part by part', async () => {
    const files = {
      'de/activation.hbs': linkOnly('Konto'),
      'activation.hbs': linkOnly('flat'),
      'activation.txt.hbs': 'flat',
    };
    const { mail } = await activationWith({ ...files, 'activation.txt.hbs': 'flat {{activation_url}}' }, 'de');
    expect(mail.subject).toBe('Konto');
    expect(mail.text).toMatch(/^flat http/);
  });

  it('takes the flat file where the locale has none', async () => {
    const { mail } = await activationWith({
      'fr/account_exists.hbs': linkOnly('Compte'),
      'activation.hbs': linkOnly('flat'),
    });
    expect(mail.subject).toBe('flat');
  });

  it('shows nothing of the user that is not on the list, and no prototype', async () => {
    const probes = [
      'user.passwordHash',
      'user.isActive',
      'user.constructor',
      'user.constructor.name',
      'user.__proto__',
      'user.toString',
      'constructor',
      '__proto__',
      'lookup user "constructor"',
      'lookup user "passwordHash"',
      'payload',
      'tokenHash',
      '@root.user.passwordHash',
    ];
    const body = probes.map((probe) => `[{{${probe}}}]`).join('');
    const { mail } = await activationWith({
      'activation.hbs': linkOnly('Ours') + body,
      'activation.txt.hbs': `{{activation_url}} ${body} {{#each user}}{{@key}} {{/each}}`,
    });
    const nothing = '[]'.repeat(probes.length);
    expect(mail.html).toContain(nothing);
    expect(mail.text!.split(' ').slice(1).join(' ').trim()).toBe(`${nothing} name id email`);
  });

  it('warns at start of a file that is no template of the module, and names the nearest', async () => {
    const { logs } = await activationWith({
      'activaton.hbs': 'x',
      'logo.png': 'x',
      'activation.hbs': linkOnly('Ours'),
    });
    const warnings = logs.filter((line) => line.includes('is no template of this module'));
    expect(warnings).toEqual([
      expect.stringContaining(
        'activaton.hbs is no template of this module and is ignored. Did you mean activation.hbs?',
      ),
      expect.stringContaining('logo.png'),
    ]);
  });

  it.each([
    [
      'a template that does not compile',
      { 'password_reset.hbs': '<title>x</title>{{#if user}}' },
      'password_reset.hbs',
    ],
    ['a template with an unknown helper', { 'activation.txt.hbs': '{{shout user.name}}' }, 'activation.hbs (en)'],
    ['a mail without a subject', { 'account_exists.hbs': '<p>no title</p>' }, 'account_exists.hbs (en) has no <title>'],
  ])('%s stops the start', async (_, files, expected) => {
    const templateDir = await directoryOf(files as Record<string, string>);
    const start = createTestApp({ on: database, options: { mail: { templateDir } } });
    const error = await start.then(
      (t) => t.close().then(() => undefined),
      (reason: AuthStartUpError) => reason,
    );
    expect(error?.name).toBe('AuthStartUpError');
    expect(error?.problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      expect.stringContaining(`mail.templateDir: ${expected}`),
    ]);
  });
});
