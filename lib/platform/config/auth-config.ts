import type { AuthConfigPassword, AuthConfigHashing } from './settings/password-settings.js';
import type { AuthConfigActivation, AuthConfigEmailChange, AuthConfigPasswordReset } from './settings/link-settings.js';
import type { AuthConfigJwt, AuthConfigSession, AuthConfigSessionCheck } from './settings/token-settings.js';
import type { AuthConfigRoutes } from './settings/route-settings.js';
import type { AuthConfigSmtp, AuthConfigMail } from './settings/mail-settings.js';
import type { AuthConfigCleanup } from './settings/operation-settings.js';
import type { AuthConfigCookie, TokenDeliveryMode } from './settings/delivery-settings.js';
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
  readonly routes: Readonly<Pick<AuthConfigRoutes, 'preset'> & Partial<AuthConfigRoutes>>;
  readonly publicUrl?: string;
  readonly loginUrl?: string;
  readonly password: Readonly<AuthConfigPassword>;
  /** `urlTemplate` is absent where links lead to pages of this back end, and where no link is ever delivered. */
  readonly activation: Readonly<Omit<AuthConfigActivation, 'urlTemplate'> & { urlTemplate?: string }>;
  /** `urlTemplate` as in `activation`. */
  readonly passwordReset: Readonly<Omit<AuthConfigPasswordReset, 'urlTemplate'> & { urlTemplate?: string }>;
  /** `urlTemplate` and `undoUrlTemplate` as in `activation`. */
  readonly emailChange: Readonly<
    Omit<AuthConfigEmailChange, 'urlTemplate' | 'undoUrlTemplate'> & { urlTemplate?: string; undoUrlTemplate?: string }
  >;
  /**
   * `secret` is absent at level none where other keys verify, `jwksUrl` everywhere else, `privateKey` with HMAC. Keys
   * are PEM blocks, one each.
   */
  readonly jwt: Readonly<Omit<AuthConfigJwt, 'jwksUrl' | 'privateKey'> & { jwksUrl?: string; privateKey?: string }>;
  readonly session: Readonly<AuthConfigSession>;
  readonly sessionCheck: Readonly<AuthConfigSessionCheck>;
  readonly tokenDelivery: TokenDeliveryMode;
  readonly cookie: Readonly<AuthConfigCookie>;
  /** In the form in which browsers send them. */
  readonly trustedOrigins: readonly string[];
  readonly hashing: Readonly<Omit<AuthConfigHashing, 'pepper'> & { pepper?: string }>;
  readonly smtp: Readonly<Pick<AuthConfigSmtp, 'secure' | 'requireTls'> & Partial<AuthConfigSmtp>>;
  readonly mail: Readonly<Omit<AuthConfigMail, 'templateDir'> & { templateDir?: string }>;
  readonly cleanup: Readonly<AuthConfigCleanup>;
  readonly uniformAnswerMs: number;
}

/** Injection token of the one {@link AuthConfig}. */
export const AUTH_CONFIG = Symbol('AUTH_CONFIG');
