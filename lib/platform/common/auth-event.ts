import type { Device } from './device.js';

/** How much an event is worth an alarm, as the OWASP Logging Vocabulary rates it. */
export type AuthEventLevel = 'INFO' | 'WARN' | 'CRITICAL';

/**
 * Every event, with its level. Names and levels are those of the OWASP Application Logging Vocabulary Cheat Sheet, so
 * that alerts keyed on them work; where it has no word (activation, reactivation, asking for the password again, mail) ours follow its form.
 */
export const AUTH_EVENTS = {
  user_created: 'WARN',
  user_activated: 'INFO',
  user_updated: 'WARN',
  user_archived: 'WARN',
  user_reactivated: 'WARN',
  user_deleted: 'WARN',
  authn_login_success: 'INFO',
  authn_login_fail: 'WARN',
  authn_login_lock: 'WARN',
  rate_limit_exceeded: 'WARN',
  authn_password_change: 'INFO',
  authn_password_change_fail: 'CRITICAL',
  authn_reauthentication_fail: 'CRITICAL',
  authn_token_created: 'INFO',
  authn_token_reuse: 'CRITICAL',
  session_created: 'INFO',
  session_renewed: 'INFO',
  session_expired: 'INFO',
  mail_sent: 'INFO',
  mail_failed: 'WARN',
} as const satisfies Record<string, AuthEventLevel>;

/** The name of an event. */
export type AuthEventName = keyof typeof AUTH_EVENTS;

/** What an event says beside who, when and where: fixed words and ids, never a secret, an address or free text. */
export interface AuthEventDetail {
  /** Which flow did it, or which rule. */
  reason?: string;
  /** Purpose of the link or mail. */
  purpose?: string;
  /** Stands for what a failed login named and no account has: the same for the same address, and no way back to it. */
  pseudonym?: string;
  /** The row of the token table. */
  tokenId?: string;
  /** Names of the columns that were written, never what was in them. */
  attributes?: string[];
  /** Who acted, as an operator's code names itself. */
  actor?: string;
}

/** Something that happened to an account. */
export interface AuthEvent<N extends AuthEventName = AuthEventName> extends Device {
  readonly event: N;
  readonly level: AuthEventLevel;
  readonly occurredAt: Date;
  /** The key of the account as text; null where there is none. */
  readonly userId: string | null;
  readonly sessionId: string | null;
  readonly detail: Readonly<AuthEventDetail>;
}

/** What listeners of `@nestjs/event-emitter` receive: `@OnEvent('auth.user_created') on(event: AuthEvents['auth.user_created'])`. */
export type AuthEvents = { [N in AuthEventName as `auth.${N}`]: AuthEvent<N> };
