import type { ConfiguredGroups } from './option-groups.js';
import type { RouteChoice } from './settings/route-settings.js';
import type { TokenDeliveryMode } from './settings/delivery-settings.js';
import type { Level } from './levels.js';
import type { ModeLetter } from './modes.js';

/**
 * The effective configuration: resolved once at start from code, environment, mode preset and defaults
 * (in this order), validated as a whole, and frozen. Services inject it; nothing else reads options or environment.
 */
export interface AuthConfig extends ConfiguredGroups {
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
  readonly tokenDelivery: TokenDeliveryMode;
  /** In the form in which browsers send them. */
  readonly trustedOrigins: readonly string[];
  readonly uniformAnswerMs: number;
  readonly checkTables: boolean;
}

/** Injection token of the one {@link AuthConfig}. */
export const AUTH_CONFIG = Symbol('AUTH_CONFIG');
