import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Handlebars from 'handlebars';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuthConfig } from '../../lib/platform/config/auth-config.js';
import { MailRenderer, type MailContext } from '../../lib/engine/mail/mail-renderer.js';
import { MAIL_NAMES as NAMES, type MailName, PURPOSES } from '../../lib/platform/common/purposes.js';
import { checkTemplates } from '../../lib/module/start-up/check-templates.js';

const LINK = `https://app.example.com/welcome?token=${'a'.repeat(64)}&lang=en`;
const LOGIN = 'https://app.example.com/login';
const USER = { id: '1', email: 'kate@example.com', name: 'Kate' };
const EXPIRES = new Date(Date.UTC(2026, 10, 22, 11, 30));

interface Settings {
  templateDir?: string;
  defaultLocale?: string;
  userFields?: string[];
  activationTemplate?: string;
  loginUrl?: string;
}

function configOf(settings: Settings = {}): AuthConfig {
  const { templateDir, defaultLocale = 'en', userFields = [], activationTemplate = 'activation.hbs' } = settings;
  return {
    mail: { templateDir, defaultLocale, userFields },
    activation: { template: activationTemplate },
    passwordReset: { template: 'password_reset.hbs' },
    emailChange: { template: 'email_change.hbs' },
    password: { minLength: 12, maxLength: 128 },
    loginUrl: 'loginUrl' in settings ? settings.loginUrl : LOGIN,
  } as unknown as AuthConfig;
}

function render(mail: MailName, user: object = USER, settings?: Settings, locale = 'en') {
  const context = {
    user,
    expires_at: EXPIRES,
    [PURPOSES[mail].mail.url]: PURPOSES[mail].mail.url === 'login_url' ? LOGIN : LINK,
  };
  return new MailRenderer(configOf(settings)).render(mail, locale, context as unknown as MailContext);
}

/** The addresses an HTML part leads to, decoded. */
function linksOf(html: string): Set<string> {
  return new Set(
    Array.from(html.matchAll(/(?:href|src|action)="([^"]*)"/g), ([, url = '']) => url.replaceAll('&amp;', '&')),
  );
}

describe.each(NAMES)('the mail %s', (mail) => {
  it('has a subject, both parts and exactly one link', () => {
    const { subject, html, text } = render(mail);
    const link = PURPOSES[mail].mail.url === 'login_url' ? LOGIN : LINK;
    expect(subject).toMatch(/^\S.{5,60}$/);
    expect([...linksOf(html)]).toEqual([link]);
    expect(text.match(/https?:\/\/\S+/g)).toEqual([link]);
    expect(text).toContain('Hello Kate,');
    expect(html).toContain('Hello Kate,');
  });

  it('loads nothing, runs nothing and follows the colour scheme', () => {
    const { html } = render(mail);
    expect(html).not.toMatch(/<(?:img|script|link|iframe|form)\b|url\(|@import/i);
    expect(html).toContain('<meta name="color-scheme" content="light dark">');
    expect(html).toContain('prefers-color-scheme: dark');
    expect(html).toContain('<html lang="en">');
  });

  it.each(['<img src=x onerror=alert(1)>', '</title><script>alert(1)</script>', `"'><b onload=x>`])(
    'shows the name %s as text',
    (name) => {
      const { html, text, subject } = render(mail, { ...USER, name });
      expect(html).not.toMatch(/<img|<script|<b onload/);
      expect(html).toContain(Handlebars.escapeExpression(name));
      expect(text).toContain(`Hello ${name},`);
      expect(subject).toBe(render(mail).subject);
    },
  );
});

describe('the name of a user', () => {
  it.each([
    'https://evil.example/login',
    'Win at www.evil',
    'evil.example',
    'click evil。example now',
    'evil\uFF0Eexample',
    'e\u200Bvil.\u200Bexample',
    'mailto:x',
    'me@evil.example',
    'call tel:+123',
    '10.0.0.1/login',
    'You have won a prize. To get it, reply to this mail with your bank account.',
    '\n\r\t',
  ])('%j is not greeted', (name) => {
    const { html, text } = render('activation', { ...USER, name });
    expect(text).toContain('Hello,');
    expect(html).toContain('Hello,');
    expect(linksOf(html).size).toBe(1);
  });

  it.each(['J. R. Smith', 'Dr. Ana de la Cruz', "Conan O'Brien", '李小龍', 'AC/DC', 'Zoë 🦊'])(
    '%s is greeted',
    (name) => {
      expect(render('activation', { ...USER, name }).text).toContain(`Hello ${name},`);
    },
  );

  it('stays on one line and cannot turn the text around', () => {
    expect(render('activation', { ...USER, name: 'Kate\r\nBcc: x\u202Eeno' }).text).toContain('Hello Kate Bcc: x eno,');
  });
});

describe('a link', () => {
  it('may be a login URL that is not configured: then there is none', () => {
    const config = configOf({ loginUrl: undefined });
    const { html, text } = new MailRenderer(config).render('account-exists', 'en', { user: USER });
    expect(linksOf(html).size).toBe(0);
    expect(text).not.toContain('http');
  });

  it.each(['javascript:alert(1)', '//evil.example', 'https://x.example/ onclick=x'])(
    '%s is refused',
    (activation_url) => {
      const renderer = new MailRenderer(configOf());
      expect(() => renderer.render('activation', 'en', { user: USER, activation_url, expires_at: EXPIRES })).toThrow(
        'http(s)',
      );
    },
  );

  it('cannot leave its attribute', () => {
    const activation_url = 'https://x.example/?a="><script>';
    const renderer = new MailRenderer(configOf());
    const { html } = renderer.render('activation', 'en', { user: USER, activation_url, expires_at: EXPIRES });
    expect(html).not.toContain('<script>');
  });
});

describe('templates of the application', () => {
  let templateDir: string;
  const write = (path: string, source: string) => {
    mkdirSync(dirname(join(templateDir, path)), { recursive: true });
    writeFileSync(join(templateDir, path), source);
  };
  beforeEach(() => {
    templateDir = mkdtempSync(join(tmpdir(), 'templates-'));
  });
  afterEach(() => rmSync(templateDir, { recursive: true }));

  it('shadow the bundled ones file by file, the locale before the flat directory', () => {
    write('activation.hbs', '<title>Flat</title>{{activation_url}}');
    write('de/activation.hbs', '<title>Konto aktivieren</title>{{activation_url}}');
    const settings = { templateDir };
    expect(render('activation', USER, settings).subject).toBe('Flat');
    expect(render('activation', USER, settings, 'de').subject).toBe('Konto aktivieren');
    expect(render('activation', USER, settings, 'de-AT').subject).toBe('Konto aktivieren');
    expect(render('activation', USER, settings, 'xx').subject).toBe('Flat');
    expect(render('activation', USER, settings, '../../etc').subject).toBe('Flat');
    expect(render('activation', USER, settings).text).toContain('Thank you for signing up.');
    expect(render('password-reset', USER, settings, 'de').subject).toBe('Passwort zurücksetzen');
  });

  it('in a language that is not bundled leave the other mails in the default language, dates included', () => {
    write('it/activation.hbs', '<title>Attiva</title>{{expires_at_text}} {{activation_url}}');
    const settings = { templateDir, defaultLocale: 'de' };
    expect(render('activation', USER, settings, 'it').html).toMatch(/^<title>Attiva<\/title>\d+ \p{Ll}+ \d{4}/u);
    expect(render('activation', USER, settings, 'it').text).toMatch(/^Konto aktivieren\n\nGuten Tag/);
    const reset = render('password-reset', USER, settings, 'it');
    expect(reset.subject).toBe('Passwort zurücksetzen');
    expect(reset.html).toContain('<html lang="de">');
  });

  it('print texts of the catalogue; one that does not exist stops the start', () => {
    write(
      'activation.hbs',
      '<title>{{t "activation.title"}}</title>{{t "greeting" name=user.name}} {{activation_url}}',
    );
    expect(render('activation', { ...USER, name: '<Ann>' }, { templateDir }).html).toContain('Hello &lt;Ann&gt;,');
    write('activation.hbs', '<title>{{t "activation.titel"}}</title>{{activation_url}}');
    const { problems } = checkTemplates(configOf({ templateDir }));
    expect(problems.map(({ message }) => message)).toEqual([
      'activation.hbs (en) cannot be rendered: There is no text named activation.titel',
    ]);
  });

  it('may shadow the layout alone', () => {
    write('mail_layout.hbs', '<title>{{title}} - Example</title>{{> @partial-block}}');
    const { subject, html } = render('activation', USER, { templateDir });
    expect(subject).toBe('Activate your account - Example');
    expect(html).toContain(LINK.replace('&', '&amp;'));
  });

  it('may have a name of their own', () => {
    write('welcome.hbs', '<title>Welcome</title>{{activation_url}}');
    write('welcome.txt.hbs', 'Welcome & {{user.name}}: {{activation_url}}');
    const settings = { templateDir, activationTemplate: 'welcome.hbs' };
    expect(checkTemplates(configOf(settings))).toEqual({ problems: [], warnings: [] });
    expect(render('activation', { ...USER, name: 'A & B' }, settings)).toMatchObject({
      subject: 'Welcome',
      text: `Welcome & A & B: ${LINK}`,
    });
  });

  it('say the expiry in the language of the mail', () => {
    write('activation.hbs', '<title>x</title>{{expires_at_text}}');
    write('de/activation.hbs', '<title>x</title>{{expires_at_text}}|{{lang}}');
    expect(render('activation', USER, { templateDir }).html).toContain('22 November 2026, 11:30 UTC');
    expect(render('activation', USER, { templateDir }, 'de').html).toContain('22. November 2026, 11:30 UTC|de');
  });

  it('make a subject of one line, with entities decoded once', () => {
    write(
      'activation.hbs',
      '<title>\n Hi {{user.name}} &ndash; &#13;&#10;Bcc: x &amp;lt; &#xD800; &valueOf;\n</title>',
    );
    const { subject } = render('activation', { ...USER, name: `O'Neil & "Co" <x>` }, { templateDir });
    expect(subject).toBe(`Hi O'Neil & "Co" <x> – Bcc: x &lt; \uFFFD &valueOf;`);
  });

  it('reach the allow-list and nothing else', () => {
    class Entity {
      id = 7;
      email = 'kate@example.com';
      name = 'Kate';
      passwordHash = 'secret-hash';
      plan = 'gold';
      hidden = 'secret-column';
      settings = { key: 'secret-key' };
      get initials() {
        return 'K';
      }
    }
    write(
      'activation.hbs',
      `<title>x</title>{{user.id}}|{{user.plan}}|{{user.initials}}|{{user.passwordHash}}{{user.hidden}}{{user.settings.key}}
       {{user.constructor}}{{user.__proto__}}{{lookup user "constructor"}}{{user.name.constructor.name}}
       {{#each user}}[{{@key}}]{{/each}}{{#each this}}({{@key}}){{/each}}`,
    );
    const userFields = ['plan', 'initials', 'passwordHash', 'settings', '__proto__', 'constructor'];
    const { html } = render('activation', new Entity(), { templateDir, userFields });
    expect(html).toContain('7|gold|K|\n');
    expect(html).not.toMatch(/secret|function|Object|Entity|String/);
    expect(html).toContain('(lang)(user)(activation_url)(expires_at)(expires_at_text)');
  });

  it('cannot write to the console, and share nothing with the global Handlebars', () => {
    Handlebars.registerHelper('shout', () => 'LOUD');
    write('activation.hbs', '<title>x</title>{{shout "x"}}');
    write('password_reset.hbs', '<title>x</title>{{log reset_url}}');
    const { problems } = checkTemplates(configOf({ templateDir }));
    Handlebars.unregisterHelper('shout');
    expect(problems.map(({ message }) => message)).toEqual([
      'activation.hbs (en) cannot be rendered: Missing helper: "shout"',
      'password_reset.hbs (en) cannot be rendered: The log helper is switched off',
    ]);
  });

  it('are checked at start: unknown names are warned of, with the nearest known one', () => {
    write('activaton.hbs', '');
    write('de/password_reset.text.hbs', '');
    write('.DS_Store', '');
    const { problems, warnings } = checkTemplates(configOf({ templateDir }));
    expect(problems).toEqual([]);
    expect(warnings).toEqual([
      'mail.templateDir: activaton.hbs is no template of this module and is ignored. Did you mean activation.hbs?',
      'mail.templateDir: de/password_reset.text.hbs is no template of this module and is ignored. Did you mean password_reset.txt.hbs?',
    ]);
  });

  it('are checked at start: what would fail later is a problem now', () => {
    write('activation.hbs', '<title>x</title>{{#if user}}');
    write('de/mail_layout.hbs', '{{/each}}');
    const { problems } = checkTemplates(configOf({ templateDir, activationTemplate: '../welcome.hbs' }));
    expect(problems.map(({ path, message }) => [path, message.split(':')[0]])).toEqual([
      ['activation.template', 'names no file in mail.templateDir that ends in .hbs'],
      ['mail.templateDir', 'activation.hbs cannot be rendered'],
      ['mail.templateDir', 'de/mail_layout.hbs cannot be rendered'],
    ]);
  });

  it('are checked at start: a mail without a title or without its link', () => {
    write('activation.hbs', 'no title');
    const { problems, warnings } = checkTemplates(configOf({ templateDir }));
    expect(problems.map(({ message }) => message)).toEqual([
      'activation.hbs (en) has no <title>, so the mail has no subject',
    ]);
    expect(warnings).toEqual([
      'mail.templateDir: activation.hbs (en) does not show {{activation_url}} in its HTML part.',
    ]);
  });

  it('are checked at start: a directory that cannot be read', () => {
    const { problems } = checkTemplates(configOf({ templateDir: join(templateDir, 'none') }));
    expect(problems).toMatchObject([{ path: 'mail.templateDir', message: expect.stringContaining('ENOENT') }]);
  });

  it('pass the check with bundled ones in their place', () => {
    write(
      'mail_button.hbs',
      readFileSync(new URL('../../lib/engine/mail/templates/mail_button.hbs', import.meta.url), 'utf8'),
    );
    expect(checkTemplates(configOf({ templateDir }))).toEqual({ problems: [], warnings: [] });
  });
});
