import { Injectable, Optional, type Type } from '@nestjs/common';
import { AuthError, type AuthErrorCode } from '../../platform/common/auth.errors.js';
import type { AuthEventName } from '../../platform/common/auth-event.js';
import type { Account, UserId } from '../../platform/data/entities/base-user.entity.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import type { Device } from '../../platform/common/device.js';
import { EventLog } from '../events/event-log.js';
import { Limits } from '../limits/limits.js';
import { ALARM_AFTER, GuessAlarm } from './guess-alarm.js';
import { BreachCheck } from './breach-check.js';
import { HashTimes } from './hash-times.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordPolicy } from './password-policy.js';

/** The flows that ask for a password. */
export type PasswordFlow = 'login' | 'password-change' | 'account-deletion' | 'email-change';

/** What a wrong password is answered with, and which event it is. */
const REFUSALS: Readonly<Record<PasswordFlow, readonly [AuthErrorCode, AuthEventName]>> = {
  login: ['LOGIN_INVALID_CREDENTIALS', 'authn_login_fail'],
  // Somebody holds a session and does not know the password: a typing error, or a thief who tries.
  'password-change': ['PASSWORD_CURRENT_WRONG', 'authn_password_change_fail'],
  'account-deletion': ['PASSWORD_CURRENT_WRONG', 'authn_reauthentication_fail'],
  'email-change': ['PASSWORD_CURRENT_WRONG', 'authn_reauthentication_fail'],
};

/** Who is asked for a password, and where. */
export interface PasswordAttempt {
  readonly flow: PasswordFlow;
  readonly device: Device;
  /** What a login named, for the pseudonym of an account that is not there. */
  readonly identifier?: string;
  /** Whom a signed-in request says it is. */
  readonly userId?: UserId;
}

/**
 * The one place where a password is compared. Exactly one Argon2 computation whoever asks: an account that is not there, or
 * not active, is compared with a stand-in, so that time does not tell which accounts there are (ASVS 6.3.8).
 */
@Injectable()
export class PasswordCheck {
  constructor(
    private readonly users: UsersStore,
    private readonly hasher: PasswordHasher,
    private readonly limits: Limits,
    private readonly events: EventLog,
    @Optional() private readonly alarm?: GuessAlarm,
  ) {}

  /**
   * The account, if the password is its own. It comes with the hash that was verified: what a flow then writes must depend
   * on it, or a change in between would go unnoticed.
   * @param account null for one that nobody has
   * @throws AuthError LOGIN_INVALID_CREDENTIALS or PASSWORD_CURRENT_WRONG, by the flow; LIMIT_EXCEEDED after too many wrong
   * ones; SERVICE_BUSY where too many wait
   */
  async verify(account: Account | null, password: string, attempt: PasswordAttempt): Promise<Account> {
    const { flow, device, identifier } = attempt;
    // Before the hash: a guess too many costs no computation, and fills no queue that others wait in.
    const counted = await this.limits.beforePassword(whoseBudget(account, attempt), account, device);
    const isCorrect = await this.compare(account, password, device).catch((error: unknown) => {
      // Or whoever floods the queue would use up the tries of those whom it turns away.
      counted.notMade();
      throw error;
    });
    if (account && isCorrect) {
      counted.succeeded();
      return account;
    }
    if (account?.isActive && counted.inARow >= ALARM_AFTER) this.alarm?.raise(account, device);
    const [code, event] = REFUSALS[flow];
    const cause = !account ? 'unknown' : account.isActive ? 'password' : 'inactive';
    await this.events.record(event, {
      userId: account?.id ?? attempt.userId,
      identifier: account ? undefined : identifier,
      device,
      reason: flow === 'login' ? cause : flow,
    });
    throw new AuthError(code);
  }

  /**
   * Asks a signed-in user for the password again before a step that an access token alone must not take: whoever finds
   * an unlocked device or steals a token could otherwise keep the account for good (ASVS 6.2.3, 7.5.1).
   * @throws AuthError PASSWORD_CURRENT_WRONG, also where the account is gone or deactivated by now; SERVICE_BUSY
   */
  async verifyCurrent(userId: UserId, password: string, attempt: PasswordAttempt): Promise<Account> {
    return this.verify(await this.users.findWithHash(userId), password, { ...attempt, userId });
  }

  private compare(account: Account | null, password: string, device: Device): Promise<boolean> {
    return this.hasher.verify(account?.isActive ? account.passwordHash : undefined, password, device);
  }
}

/**
 * By the name that was stated, which says nothing of whether it has an account: were all names of one account counted
 * together, it would show which of them belong together. Who is signed in counts like a login by their address.
 */
function whoseBudget(account: Account | null, { flow, identifier, userId }: PasswordAttempt): string {
  return (flow === 'login' ? identifier : account?.email) ?? String(userId);
}

/** Everything that a password goes through, chosen or compared; what must come before a comparison joins it here. */
export const PASSWORD_PROVIDERS: readonly Type[] = [
  HashTimes,
  PasswordHasher,
  BreachCheck,
  PasswordPolicy,
  PasswordCheck,
];
