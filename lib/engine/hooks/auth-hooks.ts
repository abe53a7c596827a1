import type { EntityManager } from 'typeorm';
import type { Account } from '../../platform/data/entities/base-user.entity.js';
import type { Device } from '../../platform/common/device.js';

type Awaitable<T> = T | Promise<T>;

/** What a login names its account by. */
export interface LoginIdentifier {
  /** The canonical address a login states as `email`, or what it states as `username`, exactly as typed. */
  identifier: string;
  device: Device;
}

/** A signup that has met the policy and has touched nothing yet. */
export interface SignupAttempt {
  /** Canonical address. */
  email: string;
  /** What else the signup states; never the password. */
  fields: Readonly<Record<string, unknown>>;
  device: Device;
}

/** What tells an account's key: its `id`, or an entity that calls it otherwise (`userColumns`). */
export type KeyHolder<U extends object> = U extends { id: unknown } ? Pick<U, 'id'> : U;

/** An account, and where the request for it comes from. The user never carries its password hash. */
export interface AccountContext<U extends object = Account> {
  user: U;
  device: Device;
}

/** The flows that open sessions; `application` is AuthService.signIn. */
export type SignInWay = 'login' | 'activation' | 'password-reset' | 'password-change' | 'signup' | 'application';

/** An account that is about to get a session, or to go on with one. */
export interface LoginContext<U extends object = Account> extends AccountContext<U> {
  /** The flow that proved who it is; `refresh` where a session asks for its next pair. */
  via: SignInWay | 'refresh';
}

/** An account that has just got a session. */
export interface LoginDoneContext<U extends object = Account> extends SessionContext<U> {
  via: SignInWay;
}

/** An account and one of its sessions. */
export interface SessionContext<U extends object = Account> extends AccountContext<U> {
  sessionId: string;
}

/**
 * An account inside the flow's own transaction. What the hook writes through `manager` is committed or rolled back
 * together with what the flow writes.
 */
export interface TransactionContext<U extends object = Account> extends AccountContext<U> {
  /** The manager of the transaction: the only way to the database here. */
  manager: EntityManager;
}

/** An account that has just become active for the first time. */
export interface ActivationContext<U extends object = Account> extends TransactionContext<U> {
  /** The flow that did it: a signup in mode D, the activation link, a reset link of a pending account, or an operator. */
  via: 'signup' | 'activation' | 'password-reset' | 'operator';
}

/** A new address that has proved itself, and not been given to the account yet. */
export interface EmailChangeRequest<U extends object = Account> extends AccountContext<U> {
  /** Canonical. */
  newEmail: string;
}

/** An account that has just got another address: `user.email`. */
export interface EmailChangeContext<U extends object = Account> extends TransactionContext<U> {
  /** Canonical. */
  previousEmail: string;
  /** The change, or the link that takes one back. */
  via: 'email-change' | 'email-change-undo';
}

/** Claims the module sets itself, and never leaves to a hook (RFC 7519, RFC 9068). */
export type OwnClaim = (typeof OWN_CLAIMS)[number];

/** The same as a list. */
export const OWN_CLAIMS = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'sid', 'gen', 'auth_time'] as const;

/** Claims an application adds to its access tokens; any JSON under any name but the module's own. */
export type AdditionalClaims = Record<string, unknown> & { [claim in OwnClaim]?: never };

/**
 * What an application adds to the flows. Extend it, declare the methods you need, and pass the class:
 *
 *     @Injectable()
 *     class AccountHooks extends AuthHooks<User> {
 *       override beforeLogin({ user }: LoginContext<User>) { if (user.isBanned) throw new AuthError('LOGIN_REFUSED'); }
 *     }
 *     AuthModule.forRoot({ ..., hooks: AccountHooks })
 *
 * Every method is optional and awaited; one that is not declared costs nothing. Three rules hold for all:
 *
 * - `before…` runs ahead of every write, but for `beforeDeletion`, which has a `manager` to write with. It refuses by
 *   throwing an AuthError or any other HttpException.
 * - What gets a `manager` runs inside the flow's transaction: it may use that manager and nothing else (no other
 *   repository, no network, no timer), and may run again after a deadlock. What it throws rolls everything back.
 * - `after…` without a `manager` runs after the commit. What it throws is logged and changes nothing any more.
 */
export abstract class AuthHooks<U extends object = Account> {
  /**
   * Replaces the look-up of a login: by phone number, by tenant, in a table of aliases. Only the key of what it returns
   * counts; the module reads state and hash of that account itself. Return undefined or null for nobody: the login
   * then costs the same hash and the same statement.
   */
  findUser?(login: LoginIdentifier): Awaitable<KeyHolder<U> | null | undefined>;

  /**
   * Refuses a signup, e.g. by `new AuthError('SIGNUP_REFUSED')`. It runs for every signup, whether the address has an
   * account or not; a refusal that depends on that would tell. AuthService.createAccount does not ask it.
   */
  beforeSignup?(signup: SignupAttempt): Awaitable<void>;

  /**
   * Inside the transaction that made the account. With mail the account is pending, its fields are those of whoever
   * signed up first, perhaps a stranger: what belongs to the owner is for {@link afterActivation}.
   */
  afterSignup?(signup: TransactionContext<U>): Awaitable<void>;

  /** Refuses an activation; the link stays as it was. */
  beforeActivation?(activation: AccountContext<U>): Awaitable<void>;

  /** Inside the transaction that made the account active: once in the life of an account, whichever way it came. */
  afterActivation?(activation: ActivationContext<U>): Awaitable<void>;

  /**
   * Refuses a session, for a ban, say: by `new AuthError('LOGIN_REFUSED')`. It is asked on every way to one, which `via`
   * tells, after whatever proves who it is, so that only the owner learns of the ban:
   *
   * - after the password of a login was verified, or the application called AuthService.signIn;
   * - after an activation, a password reset, a signup that activates: what they did stays done, and no session comes of it;
   * - at each refresh, where a refusal (an HttpException with a status below 500) ends the session, and any other error
   *   leaves it as it was.
   *
   * The pages of mode E open no session, and do not ask.
   */
  beforeLogin?(login: LoginContext<U>): Awaitable<void>;

  /** After a session was opened, on whichever way. */
  afterLogin?(login: LoginDoneContext<U>): Awaitable<void>;

  /** Refuses a refresh; the session goes on. The token is genuine, but may turn out to be used or ended. */
  beforeRefresh?(refresh: SessionContext<U>): Awaitable<void>;

  /** After the session was renewed, or its last pair repeated within the grace time. */
  afterRefresh?(refresh: SessionContext<U>): Awaitable<void>;

  /**
   * Adds claims to every access token. Outside of any transaction, on every way to a session and at each refresh. A repeated
   * refresh within the grace time asks again, and its access token may then differ from the first.
   */
  accessClaims?(session: { user: U; sessionId: string }): Awaitable<AdditionalClaims>;

  /** Refuses a password reset; the link stays as it was. */
  beforePasswordReset?(reset: AccountContext<U>): Awaitable<void>;

  /** Inside the transaction that set the new password. */
  afterPasswordReset?(reset: TransactionContext<U>): Awaitable<void>;

  /** Refuses a password change; it runs after the current password was verified. */
  beforePasswordChange?(change: AccountContext<U>): Awaitable<void>;

  /** Inside the transaction that set the new password. */
  afterPasswordChange?(change: TransactionContext<U>): Awaitable<void>;

  /** Refuses a change of address; the link stays as it was. What takes a change back cannot be refused. */
  beforeEmailChange?(change: EmailChangeRequest<U>): Awaitable<void>;

  /** Inside the transaction that gave the account another address, or the old one again. */
  afterEmailChange?(change: EmailChangeContext<U>): Awaitable<void>;

  /**
   * Inside the transaction that is about to delete the account, after the current password was verified: for rows of the
   * application that no foreign key takes along. What it throws refuses the deletion, and all is as it was.
   */
  beforeDeletion?(deletion: TransactionContext<U>): Awaitable<void>;

  /** After the account was deleted: `user` is what it was. */
  afterDeletion?(deletion: AccountContext<U>): Awaitable<void>;
}
