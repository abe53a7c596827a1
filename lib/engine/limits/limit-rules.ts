import type { LimitBudget } from '../../platform/common/limit.js';
import type { AuthConfig } from '../../platform/config/auth-config.js';

/** What is limited; in front of every key, so that no two rules share one. */
export type LimitRule =
  'login' | 'login-device' | 'login-address' | 'mailbox' | 'mail-address' | 'token-address' | 'alarm';

const HOUR_MS = 3_600_000;

/** How long wrong passwords are remembered after the last one. */
const MONTH_MS = 30 * 24 * HOUR_MS;

/** The budgets of every rule; undefined where the configuration sets none. Another limit is one more line. */
export function limitBudgets({ limits }: Pick<AuthConfig, 'limits'>): Record<LimitRule, LimitBudget | undefined> {
  const passwords = limits.loginTries > 0 ? growing(limits) : undefined;
  return {
    login: passwords,
    // Of its own: what strangers try costs the owner's device nothing, and the device no more tries than they have.
    'login-device': passwords,
    'login-address': hourly(limits.loginPerAddress),
    mailbox: hourly(limits.mailsPerMailbox),
    'mail-address': hourly(limits.mailsPerAddress),
    'token-address': hourly(limits.tokensPerAddress),
    // One mail a day, however long somebody guesses.
    alarm: passwords && { tries: 1, windowMs: 24 * HOUR_MS },
  };
}

/** NIST SP 800-63B-4, section 3.2.2: waits that grow, and at most 100 failures in a row. */
function growing(limits: AuthConfig['limits']): LimitBudget {
  const { loginTries, loginWaitSeconds, loginLongestWaitSeconds, loginMostTries } = limits;
  const waits = {
    firstMs: loginWaitSeconds * 1000,
    longestMs: Math.max(loginWaitSeconds, loginLongestWaitSeconds) * 1000,
    mostTries: Math.max(loginTries, loginMostTries),
  };
  return { tries: loginTries, windowMs: MONTH_MS, waits };
}

function hourly(tries: number): LimitBudget | undefined {
  return tries > 0 ? { tries, windowMs: HOUR_MS } : undefined;
}
