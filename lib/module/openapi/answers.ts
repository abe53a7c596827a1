import type { ActivationBody, ResendActivationBody } from '../../flows/activation/activation.controller.js';
import type { AuthErrorBody } from '../../platform/common/auth.errors.js';
import type { TokenPairBody } from '../../engine/sessions/token-delivery.js';
import type {
  EmailChangeBody,
  EmailChangeRequestBody,
  EmailChangeUndoBody,
} from '../../flows/email-change/email-change.controller.js';
import type { JwkSetBody } from '../../flows/jwks/jwks.controller.js';
import type { PasswordResetRequestBody } from '../../flows/password-reset/password-reset.controller.js';
import type { AccountExport } from '../../flows/profile/account-export.service.js';
import type { ProfileBody } from '../../flows/profile/profile.body.js';
import type { SessionBody } from '../../flows/sessions/sessions.body.js';
import type { SignupBody } from '../../flows/signup/signup.controller.js';

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
