import type { ActivationBody, ResendActivationBody } from '../activation/activation.controller.js';
import type { AuthErrorBody } from '../auth.errors.js';
import type { TokenPairBody } from '../delivery/token-delivery.js';
import type {
  EmailChangeBody,
  EmailChangeRequestBody,
  EmailChangeUndoBody,
} from '../email-change/email-change.controller.js';
import type { JwkSetBody } from '../keys/keys.controller.js';
import type { PasswordResetRequestBody } from '../password-reset/password-reset.controller.js';
import type { AccountExport } from '../profile/account-export.service.js';
import type { ProfileBody } from '../profile/profile.body.js';
import type { SessionBody } from '../session/session.body.js';
import type { SignupBody } from '../signup/signup.controller.js';

/**
 * Every body the module answers with that is a JSON object, by the name it has in the document. What is written here in
 * terms of the bodies themselves is what keeps schemas and examples true: a field more in one of them does not compile
 * before it is described.
 */
export interface AnswerBodies {
  Error: AuthErrorBody;
  Signup: SignupBody;
  Activation: ActivationBody;
  ActivationResent: ResendActivationBody;
  TokenPair: TokenPairBody;
  Session: SessionBody;
  PasswordResetRequested: PasswordResetRequestBody;
  EmailChangeRequested: EmailChangeRequestBody;
  EmailChanged: EmailChangeBody;
  EmailChangeUndone: EmailChangeUndoBody;
  Profile: ProfileBody;
  AccountExport: AccountExport;
  JwkSet: JwkSetBody;
}

/** The name of such a body. */
export type BodyName = keyof AnswerBodies;

/** What an endpoint can answer with: one of the bodies, a list of them, a page, or nothing at all. */
export type AnswerName = Exclude<BodyName, 'Error' | 'Session'> | 'Sessions' | 'Page' | 'Nothing';
