import type { PasswordOptions, HashingOptions } from './settings/password-settings.js';
import type { ActivationOptions, EmailChangeOptions, PasswordResetOptions } from './settings/link-settings.js';
import type { JwtOptions, SessionOptions, SessionCheckOptions } from './settings/token-settings.js';
import type { RouteChoice } from './settings/route-settings.js';
import type { SmtpOptions, MailOptions } from './settings/mail-settings.js';
import type { CleanupOptions } from './settings/operation-settings.js';
import type { CookieOptions, TokenDeliveryMode } from './settings/delivery-settings.js';
import type { Level } from './levels.js';
import type { ModeLetter } from './modes.js';

/**
 * The effective configuration: resolved once at start from code, environment, mode preset and defaults
 * (in this order), validated as a whole, and frozen. Services inject it; nothing else reads options or environment.
 */
export interface AuthConfig {
  readonly level: Level;
  /** At levels without mail, none and basic: D. */
  readonly mode: ModeLetter;
  readonly autoActivate: boolean;
  readonly returnLinkInResponse: boolean;
  readonly backendLinks: boolean;
  /** True where mail is sent at all: modes A, B and E. */
  readonly sendsMail: boolean;
  readonly allowUnsafeMode: boolean;
  readonly routes: RouteChoice;
  readonly publicUrl?: string;
  readonly loginUrl?: string;
  readonly password: Readonly<PasswordOptions>;
  /** `urlTemplate` is absent where links lead to pages of this back end, and where no link is ever delivered. */
  readonly activation: Readonly<Omit<ActivationOptions, 'urlTemplate'> & { urlTemplate?: string }>;
  /** `urlTemplate` as in `activation`. */
  readonly passwordReset: Readonly<Omit<PasswordResetOptions, 'urlTemplate'> & { urlTemplate?: string }>;
  /** `urlTemplate` and `undoUrlTemplate` as in `activation`. */
  readonly emailChange: Readonly<
    Omit<EmailChangeOptions, 'urlTemplate' | 'undoUrlTemplate'> & { urlTemplate?: string; undoUrlTemplate?: string }
  >;
  /**
   * `secret` is absent at level none where other keys verify, `jwksUrl` everywhere else, `privateKey` with HMAC. Keys
   * are PEM blocks, one each.
   */
  readonly jwt: Readonly<Omit<JwtOptions, 'jwksUrl' | 'privateKey'> & { jwksUrl?: string; privateKey?: string }>;
  readonly session: Readonly<SessionOptions>;
  readonly sessionCheck: Readonly<SessionCheckOptions>;
  readonly tokenDelivery: TokenDeliveryMode;
  readonly cookie: Readonly<CookieOptions>;
  /** In the form in which browsers send them. */
  readonly trustedOrigins: readonly string[];
  readonly hashing: Readonly<Omit<HashingOptions, 'pepper'> & { pepper?: string }>;
  readonly smtp: Readonly<Pick<SmtpOptions, 'secure' | 'requireTls'> & Partial<SmtpOptions>>;
  readonly mail: Readonly<Omit<MailOptions, 'templateDir'> & { templateDir?: string }>;
  readonly cleanup: Readonly<CleanupOptions>;
  readonly uniformAnswerMs: number;
}

/** Injection token of the one {@link AuthConfig}. */
export const AUTH_CONFIG = Symbol('AUTH_CONFIG');
