import { type LinkPurpose, linkPurpose } from '../../platform/common/purposes.js';
import { stateOf } from '../../platform/data/store/account-state.js';
import type { OwnedToken } from '../../platform/data/store/tokens.store.js';

/**
 * True while what a used link has brought about is still so. Later nobody is told of it: a page that says "your address is
 * changed" after the change was undone would be wrong, and would tell the holder of an old mailbox about the account.
 */
export function isStillSo(purpose: LinkPurpose, { user, payload, revokedAt }: OwnedToken): boolean {
  if (stateOf(user) !== 'active') return false;
  switch (linkPurpose(purpose).outcome) {
    case 'active':
      return true;
    case 'password':
      // Whatever sets another one ends this link as well.
      return revokedAt === null;
    case 'address':
      return payload !== null && 'address' in payload && payload.address === user.email;
  }
}
