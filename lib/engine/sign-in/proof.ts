import type { Account } from '../../platform/data/entities/base-user.entity.js';
import type { ProvenState } from '../../platform/data/store/account-state.js';
import type { SignInWay } from '../hooks/auth-hooks.js';

/** What shows who somebody is, as a flow has just accepted it. */
export interface Proof {
  /** The account, as it is since the flow wrote it. */
  readonly account: Account;
  /** How it was proved: authentication methods by the names of RFC 8176 (`pwd` a password, `otp` a mailed secret). */
  readonly amr: readonly string[];
  /** The flow that accepted it. */
  readonly via: SignInWay;
  /** What must still be true of the account when the session is written. */
  readonly stillHolds: ProvenState;
}
