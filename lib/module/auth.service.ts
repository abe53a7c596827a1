import { Injectable } from '@nestjs/common';
import { MailCheck, type MailVerification } from '../engine/mail/mail-check.js';
import { SignIn } from '../engine/sign-in/sign-in.js';
import type { TokenPair } from '../engine/tokens/session-tokens.js';
import { ActivationService } from '../flows/activation/activation.service.js';
import { type EmailChangeUndoResult, EmailChangeUndoService } from '../flows/email-change/email-change-undo.service.js';
import { type EmailChangeResult, EmailChangeService } from '../flows/email-change/email-change.service.js';
import type { Credentials } from '../flows/login/login-identifier.js';
import { LoginService } from '../flows/login/login.service.js';
import {
  type CreateAccountOptions,
  type OperatorAccountInput,
  type OperatorOptions,
  OperatorsService,
} from '../flows/operators/operators.service.js';
import { PasswordChangeService } from '../flows/password-change/password-change.service.js';
import { PasswordResetService } from '../flows/password-reset/password-reset.service.js';
import { AccountDeletionService } from '../flows/profile/account-deletion.service.js';
import { type AccountExport, AccountExportService } from '../flows/profile/account-export.service.js';
import { ProfileService } from '../flows/profile/profile.service.js';
import { LogoutService } from '../flows/refresh/logout.service.js';
import { RefreshService } from '../flows/refresh/refresh.service.js';
import { type SessionInfo, SessionListService } from '../flows/sessions/sessions.service.js';
import type { SignupOutcome } from '../flows/signup/signup-writer.js';
import { type SignupInput, SignupService } from '../flows/signup/signup.service.js';
import type { OwnFields } from '../platform/common/stored-fields.js';
import type { UserId } from '../platform/data/entities/base-user.entity.js';
import type { Device } from '../platform/common/device.js';

/** What a signup tells. With mail, always the same, whether the address was new or taken. */
export interface SignupResult extends Omit<SignupOutcome, 'proof'> {
  /** Mode D: the session of the new account; else null. */
  tokens: TokenPair | null;
}

/** What an activation gives. */
export interface ActivationResult {
  userId: UserId;
  tokens: TokenPair;
}

/** How the application has identified a user by itself. */
export interface SignInOptions {
  /** Authentication methods by the names of RFC 8176, e.g. `['otp']` for a code; kept with the session. @default [] */
  amr?: readonly string[];
  /** Where the request comes from. @default nowhere */
  device?: Device;
}

/** Where a call does not come from a request. */
const NO_DEVICE: Device = { ip: null, userAgent: null };

/**
 * The flows, for an application's own code: the same rules, without HTTP. Addresses must be canonical; use
 * `canonicalEmail()` on what a user typed. Every method throws AuthError with a stable `code`.
 */
@Injectable()
export class AuthService {
  /** @internal Nest makes it. */
  constructor(
    private readonly signups: SignupService,
    private readonly activations: ActivationService,
    private readonly logins: LoginService,
    private readonly refreshes: RefreshService,
    private readonly logouts: LogoutService,
    private readonly signIns: SignIn,
    private readonly devices: SessionListService,
    private readonly passwordResets: PasswordResetService,
    private readonly passwordChanges: PasswordChangeService,
    private readonly profiles: ProfileService,
    private readonly deletions: AccountDeletionService,
    private readonly exports: AccountExportService,
    private readonly operators: OperatorsService,
    private readonly emailChanges: EmailChangeService,
    private readonly emailChangeUndos: EmailChangeUndoService,
    private readonly mailCheck: MailCheck,
  ) {}

  /** Signs up; with mail, the same answer for a new and a taken address. Throws PASSWORD_REJECTED, SIGNUP_EMAIL_TAKEN (modes C, D), SIGNUP_CONFLICT. */
  async signup(input: SignupInput, device: Device = NO_DEVICE): Promise<SignupResult> {
    const { proof, ...outcome } = await this.signups.signup(input, device);
    return { ...outcome, tokens: proof && (await this.signIns.open(proof, device)) };
  }

  /** Redeems an activation link and opens a session. Throws ACTIVATION_INVALID_TOKEN, ACTIVATION_ALREADY_DONE, LOGIN_REFUSED. */
  async activate(token: string, device: Device = NO_DEVICE): Promise<ActivationResult> {
    const proof = await this.activations.activate(token, device);
    return { userId: proof.account.id, tokens: await this.signIns.open(proof, device) };
  }

  /** Owes a pending account a new link, silent about any other address; returns the link in mode C, else null. */
  resendActivation(email: string, device: Device = NO_DEVICE): Promise<string | null> {
    return this.activations.resend(email, device);
  }

  /** Verifies address or username, and password, and opens a session. Throws INPUT_INVALID, LOGIN_INVALID_CREDENTIALS, LOGIN_REFUSED, SERVICE_BUSY. */
  login(credentials: Credentials, device: Device = NO_DEVICE): Promise<TokenPair> {
    return this.logins.login(credentials, device);
  }

  /**
   * Opens a session for a user whom the application has identified by itself (another site's word, a code of its own,
   * "sign in as"), through the same hooks and conditions. Throws LOGIN_INVALID_CREDENTIALS, LOGIN_REFUSED.
   */
  signIn(userId: UserId, { amr = [], device = NO_DEVICE }: SignInOptions = {}): Promise<TokenPair> {
    return this.signIns.openFor(userId, amr, device);
  }

  /** Exchanges a refresh token for the next pair. Throws SESSION_INVALID_TOKEN; LOGIN_REFUSED, which ends the session. */
  refresh(refreshToken: string, device: Device = NO_DEVICE): Promise<TokenPair> {
    return this.refreshes.refresh(refreshToken, device);
  }

  /** Ends the session of a refresh or access token. Throws SESSION_INVALID_TOKEN where neither is genuine. */
  logout(credentials: { refreshToken?: string; accessToken?: string }, device: Device = NO_DEVICE): Promise<void> {
    return this.logouts.logout(credentials, device);
  }

  /** Ends every session of a user, on every device. */
  logoutAll(userId: UserId, device: Device = NO_DEVICE): Promise<void> {
    return this.logouts.logoutAll(userId, device);
  }

  /** The live sessions of a user, the one used last first. */
  listSessions(userId: UserId): Promise<SessionInfo[]> {
    return this.devices.list(userId);
  }

  /** Ends one session of a user. Throws SESSION_NOT_FOUND. */
  endSession(userId: UserId, sessionId: string, device: Device = NO_DEVICE): Promise<void> {
    return this.devices.end(userId, sessionId, device);
  }

  /** Owes a reset link to an account that was not deactivated; returns the link in mode C, else null. */
  requestPasswordReset(email: string, device: Device = NO_DEVICE): Promise<string | null> {
    return this.passwordResets.request(email, device);
  }

  /** Redeems a reset link; null with `passwordReset.loginAfterReset: false`. Throws PASSWORD_RESET_INVALID_TOKEN, PASSWORD_RESET_ALREADY_DONE, PASSWORD_REJECTED, LOGIN_REFUSED. */
  async confirmPasswordReset(
    token: string,
    newPassword: string,
    device: Device = NO_DEVICE,
  ): Promise<TokenPair | null> {
    const { proof } = await this.passwordResets.confirm(token, newPassword, device);
    return proof && this.signIns.open(proof, device);
  }

  /**
   * Sets another password; all sessions but `sessionId` end. Leave it out and call {@link signIn} for a new one in its place.
   * Throws PASSWORD_CURRENT_WRONG, PASSWORD_REJECTED.
   */
  async changePassword(
    userId: UserId,
    currentPassword: string,
    newPassword: string,
    sessionId?: string,
    device: Device = NO_DEVICE,
  ): Promise<void> {
    const session = sessionId === undefined ? undefined : { id: sessionId, goesOn: true };
    await this.passwordChanges.change(userId, currentPassword, newPassword, device, session);
  }

  /** For operators: makes an active account by the rules of a signup, and returns its key. Throws PASSWORD_REJECTED, INPUT_INVALID, SIGNUP_EMAIL_TAKEN, SIGNUP_CONFLICT. */
  createAccount(input: OperatorAccountInput, options?: CreateAccountOptions): Promise<UserId> {
    return this.operators.createAccount(input, options);
  }

  /** For operators: sets a password; every session and link ends, the owner is told. False where there is no such active account. Throws PASSWORD_REJECTED. */
  setPassword(userId: UserId, newPassword: string, options?: OperatorOptions): Promise<boolean> {
    return this.operators.setPassword(userId, newPassword, options);
  }

  /** For operators: ends all sessions and links, until {@link reactivate}; false where there was nothing to do. */
  deactivate(userId: UserId, options?: OperatorOptions): Promise<boolean> {
    return this.operators.deactivate(userId, options);
  }

  /** For operators: undoes {@link deactivate}; an account that was never verified waits for its link again. */
  reactivate(userId: UserId, options?: OperatorOptions): Promise<boolean> {
    return this.operators.reactivate(userId, options);
  }

  /** For operators: a link to set a password, mailed (null) or returned; undefined for an unknown or deactivated account. */
  issueLink(
    userId: UserId,
    options: OperatorOptions & { deliver: 'mail' | 'return' },
  ): Promise<string | null | undefined> {
    return this.operators.issueLink(userId, options);
  }

  /** Changes columns of the application's own, and returns its entity. Throws INPUT_INVALID, PROFILE_CONFLICT. */
  editProfile(userId: UserId, fields: OwnFields, device: Device = NO_DEVICE): Promise<object> {
    return this.profiles.edit(userId, fields, device);
  }

  /** Deletes the account with its sessions, links and owed mails. Throws PASSWORD_CURRENT_WRONG. */
  deleteAccount(userId: UserId, currentPassword: string, device: Device = NO_DEVICE): Promise<void> {
    return this.deletions.delete(userId, currentPassword, device);
  }

  /** Everything stored about the account, but for secrets. */
  exportAccount(userId: UserId): Promise<AccountExport> {
    return this.exports.export(userId);
  }

  /** Owes a link to the new address, silent about whether it is taken; returns the link in mode C, else null. Throws PASSWORD_CURRENT_WRONG. */
  requestEmailChange(
    userId: UserId,
    newEmail: string,
    currentPassword: string,
    device: Device = NO_DEVICE,
  ): Promise<string | null> {
    return this.emailChanges.request(userId, newEmail, currentPassword, device);
  }

  /** Redeems the link to a new address and ends every session. Throws EMAIL_CHANGE_INVALID_TOKEN, EMAIL_CHANGE_ALREADY_DONE. */
  confirmEmailChange(token: string, device: Device = NO_DEVICE): Promise<EmailChangeResult> {
    return this.emailChanges.confirm(token, device);
  }

  /** Redeems the link to the old address: the password no longer works, every session ends. Throws EMAIL_CHANGE_INVALID_TOKEN, EMAIL_CHANGE_ALREADY_DONE. */
  undoEmailChange(token: string, device: Device = NO_DEVICE): Promise<EmailChangeUndoResult> {
    return this.emailChangeUndos.undo(token, device);
  }
  /** For start-up and health: whether the mail server can be reached, agrees on TLS and takes the login, and in words why not. Never throws. */
  verifyMail(): Promise<MailVerification> {
    return this.mailCheck.verify();
  }
}
