import type { Account } from '../entities/base-user.entity.js';

/** The state of an account as its owner meets it. */
export type AccountState = 'pending' | 'active' | 'deactivated';

/**
 * Pending accounts wait for their link. An account that was verified once and is inactive was deactivated by somebody:
 * no link may ever bring it back.
 */
export function stateOf(account: Pick<Account, 'isActive' | 'emailVerifiedAt'>): AccountState {
  if (account.isActive) return 'active';
  return account.emailVerifiedAt === null ? 'pending' : 'deactivated';
}

/** What is true of an active account while a proof of identity that was given for it still counts. */
export type ProvenState = Pick<Account, 'id' | 'email' | 'passwordHash' | 'isActive'>;

/**
 * The state that an account must still have when a proof of identity is used: what other flows change (password, address,
 * state) is all in it, so that a proof that overlaps one of them does not outlive it.
 */
export function provenState({ id, email, passwordHash }: Account): ProvenState {
  return { id, email, passwordHash, isActive: true };
}

/**
 * Stands for null in `emailVerifiedAt` of a deactivated account: with null it would look as if it still waited for its
 * link, which would then bring it back.
 */
export const NEVER_VERIFIED = new Date(0);
