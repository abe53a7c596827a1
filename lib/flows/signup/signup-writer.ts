import type { AccountDraft } from '../../engine/accounts/account-writer.js';
import type { Proof } from '../../engine/sign-in/proof.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import type { Device } from '../../platform/common/device.js';

/** A signup that has met the policy, and where it comes from. */
export interface CheckedSignup extends AccountDraft {
  readonly device: Device;
  /** False where the mailbox has had its share of mail: nothing is written then, and the answer is as ever. */
  readonly mayMail: boolean;
}

/** What became of a signup. With mail, always the same, whether the address was new or taken. */
export interface SignupOutcome {
  /** Null in the modes with mail. */
  userId: UserId | null;
  activationRequired: boolean;
  /** Mode C: the link. */
  activationUrl: string | null;
  /** Mode D and level basic: the proof for the session of the new account. */
  proof: Proof | null;
}

/** What a signup becomes: an active account, or a pending one with a link. */
export abstract class SignupWriter {
  /** @throws AuthError SIGNUP_EMAIL_TAKEN where that may be told, SIGNUP_CONFLICT where a username, or another unique column, is said to be taken */
  abstract write(signup: CheckedSignup): Promise<SignupOutcome>;
}
