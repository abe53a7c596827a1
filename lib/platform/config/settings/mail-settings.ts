import { boolean, integer, type SettingGroup } from '../setting.js';

/** The server mail leaves through, and the sender it names. */
export interface SmtpOptions {
  /** Host of the SMTP server; required where mail is sent. `SMTP_HOST`. @default none */
  host: string;
  /** Port of the SMTP server. `SMTP_PORT`. @default 587, or 465 with SMTP_SECURE=true */
  port: number;
  /** User name; no authentication when unset. `SMTP_USERNAME`. @default none */
  username: string;
  /** Password of that user. `SMTP_PASSWORD`. @default none */
  password: string;
  /** True speaks TLS from the first byte; false upgrades with STARTTLS where offered. `SMTP_SECURE`. @default false */
  secure: boolean;
  /** True sends neither mail nor password to a server that does not offer STARTTLS. `SMTP_REQUIRE_TLS`. @default true in production with SMTP_USERNAME, unless SMTP_IGNORE_TLS is true */
  requireTls: boolean;
  /** True never upgrades with STARTTLS, for a relay on this machine or its private network. `SMTP_IGNORE_TLS`. @default false */
  ignoreTls: boolean;
  /** Certificates of the authorities to trust in place of those of Node: a file name, or PEM. `SMTP_CA`. @default those of Node */
  ca: string;
  /** The name this client gives itself (EHLO). `SMTP_NAME`. @default the domain of SMTP_FROM_ADDR */
  name: string;
  /** Sender address; required where mail is sent. `SMTP_FROM_ADDR`. @default no-reply@example.com outside production */
  fromAddress: string;
  /** Sender name. `SMTP_FROM_NAME`. @default none */
  fromName: string;
}

/** What mails look like, and when left-over ones are looked for. */
export interface MailOptions {
  /** Directory whose files shadow the bundled templates one by one, per locale or flat. `AUTH_TEMPLATE_DIR`. @default none */
  templateDir: string;
  /** Language of mails to users without a locale of their own, and of pages for browsers that ask for none we have. `AUTH_DEFAULT_LOCALE`. @default en */
  defaultLocale: string;
  /** Column of the user entity that holds the language of the user's mails, as a language tag; without such a column all get the default. @default locale */
  localeField: string;
  /** Columns of the user entity the templates may show besides id, email and name. @default none */
  userFields: readonly string[];
  /** Seconds between two looks for mail that a crash, a restart or another instance left. `AUTH_MAIL_POLL_SECONDS`. @default 5 */
  pollSeconds: number;
}

/** Mail and the server it leaves through. */
export const MAIL_SETTINGS: readonly SettingGroup[] = [
  {
    title: 'SMTP',
    settings: [
      {
        path: 'smtp.host',
        env: 'SMTP_HOST',
        kind: 'host',
        doc: 'Host of the SMTP server; required where mail is sent.',
      },
      {
        path: 'smtp.port',
        env: 'SMTP_PORT',
        ...integer('port', 587, 1, 65_535),
        defaultText: '587, or 465 with SMTP_SECURE=true',
        doc: 'Port of the SMTP server.',
      },
      {
        path: 'smtp.username',
        env: 'SMTP_USERNAME',
        kind: 'text',
        secret: true,
        doc: 'User name; no authentication when unset.',
      },
      { path: 'smtp.password', env: 'SMTP_PASSWORD', kind: 'text', secret: true, doc: 'Password of that user.' },
      {
        path: 'smtp.secure',
        env: 'SMTP_SECURE',
        ...boolean(false),
        doc: 'True speaks TLS from the first byte; false upgrades with STARTTLS where offered.',
      },
      {
        path: 'smtp.requireTls',
        env: 'SMTP_REQUIRE_TLS',
        kind: 'boolean',
        defaultText: 'true in production with SMTP_USERNAME, unless SMTP_IGNORE_TLS is true',
        doc: 'True sends neither mail nor password to a server that does not offer STARTTLS.',
      },
      {
        path: 'smtp.ignoreTls',
        env: 'SMTP_IGNORE_TLS',
        ...boolean(false),
        doc: 'True never upgrades with STARTTLS, for a relay on this machine or its private network.',
      },
      {
        path: 'smtp.ca',
        env: 'SMTP_CA',
        kind: 'certificates',
        defaultText: 'those of Node',
        doc: 'Certificates of the authorities to trust in place of those of Node: a file name, or PEM.',
      },
      {
        path: 'smtp.name',
        env: 'SMTP_NAME',
        kind: 'host',
        defaultText: 'the domain of SMTP_FROM_ADDR',
        doc: 'The name this client gives itself (EHLO).',
      },
      {
        path: 'smtp.fromAddress',
        env: 'SMTP_FROM_ADDR',
        kind: 'email-address',
        defaultText: 'no-reply@example.com outside production',
        doc: 'Sender address; required where mail is sent.',
      },
      { path: 'smtp.fromName', env: 'SMTP_FROM_NAME', kind: 'text', doc: 'Sender name.' },
    ],
  },
  {
    title: 'Mail',
    settings: [
      {
        path: 'mail.templateDir',
        env: 'AUTH_TEMPLATE_DIR',
        kind: 'directory',
        doc: 'Directory whose files shadow the bundled templates one by one, per locale or flat.',
      },
      {
        path: 'mail.defaultLocale',
        env: 'AUTH_DEFAULT_LOCALE',
        kind: 'locale',
        default: 'en',
        doc: 'Language of mails to users without a locale of their own, and of pages for browsers that ask for none we have.',
      },
      {
        path: 'mail.localeField',
        kind: 'text',
        default: 'locale',
        doc: "Column of the user entity that holds the language of the user's mails, as a language tag; without such a column all get the default.",
      },
      {
        path: 'mail.userFields',
        kind: 'columns',
        default: [],
        defaultText: 'none',
        doc: 'Columns of the user entity the templates may show besides id, email and name.',
      },
      {
        path: 'mail.pollSeconds',
        env: 'AUTH_MAIL_POLL_SECONDS',
        ...integer('seconds', 5, 1, 3600),
        doc: 'Seconds between two looks for mail that a crash, a restart or another instance left.',
      },
    ],
  },
];
