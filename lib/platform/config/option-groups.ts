import type { CookieOptions } from './settings/delivery-settings.js';
import type { LimitOptions } from './settings/limit-settings.js';
import type { ActivationOptions, EmailChangeOptions, PasswordResetOptions } from './settings/link-settings.js';
import type { MailOptions, SmtpOptions } from './settings/mail-settings.js';
import type { CleanupOptions } from './settings/operation-settings.js';
import type { HashingOptions, PasswordOptions } from './settings/password-settings.js';
import type { JwtOptions, SessionCheckOptions, SessionOptions } from './settings/token-settings.js';

export type { CookieOptions, TokenDeliveryMode } from './settings/delivery-settings.js';
export type { LimitOptions } from './settings/limit-settings.js';
export type { ActivationOptions, EmailChangeOptions, PasswordResetOptions } from './settings/link-settings.js';
export type { MailOptions, SmtpOptions } from './settings/mail-settings.js';
export type { CleanupOptions } from './settings/operation-settings.js';
export type { HashingOptions, PasswordOptions } from './settings/password-settings.js';
export type { JwtOptions, SessionCheckOptions, SessionOptions } from './settings/token-settings.js';

/** The options that come in groups: what an application may state of each, and what the configuration has of it. */
export interface OptionGroups {
  /** The password policy. */
  password: PasswordOptions;
  /** The activation link and its mail. */
  activation: ActivationOptions;
  /** The reset link and its mail. */
  passwordReset: PasswordResetOptions;
  /** The links of an e-mail change and the mail that asks to confirm it. */
  emailChange: EmailChangeOptions;
  /** Access and refresh tokens, and the secret behind every key. */
  jwt: JwtOptions;
  /** How long a sign-in lasts, and how many an account may have. */
  session: SessionOptions;
  /** How long a session's state may be remembered between requests. */
  sessionCheck: SessionCheckOptions;
  /** The cookies that carry tokens. */
  cookie: CookieOptions;
  /** Argon2id (RFC 9106) and the limiter before it. */
  hashing: HashingOptions;
  /** The server mail leaves through, and the sender it names. */
  smtp: SmtpOptions;
  /** What mails look like, and when left-over ones are looked for. */
  mail: MailOptions;
  /** How often what can be guessed or abused may be tried. */
  limits: LimitOptions;
  /** What is deleted, and when. */
  cleanup: CleanupOptions;
}

/** Groups of which a value may be absent in the configuration, because it has no default or is derived. */
interface Incomplete {
  /** Without addresses where links lead to pages of this back end, and where no link is ever delivered. */
  activation: Without<ActivationOptions, 'urlTemplate'>;
  passwordReset: Without<PasswordResetOptions, 'urlTemplate'>;
  emailChange: Without<EmailChangeOptions, 'urlTemplate' | 'undoUrlTemplate'>;
  /**
   * `secret` is absent at level none where other keys verify, `jwksUrl` everywhere else, `privateKey` with HMAC. Keys
   * are PEM blocks, one each.
   */
  jwt: Without<JwtOptions, 'jwksUrl' | 'privateKey'>;
  hashing: Without<HashingOptions, 'pepper'>;
  smtp: Pick<SmtpOptions, 'secure' | 'requireTls' | 'ignoreTls'> & Partial<SmtpOptions>;
  mail: Without<MailOptions, 'templateDir'>;
}

type Without<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;

/** The groups as the configuration has them: every default filled in. */
export type ConfiguredGroups = {
  readonly [G in keyof OptionGroups]: Readonly<G extends keyof Incomplete ? Incomplete[G] : OptionGroups[G]>;
};

/** The groups as an application states them. */
export type StatedGroups = { [G in keyof OptionGroups]?: Partial<OptionGroups[G]> };
