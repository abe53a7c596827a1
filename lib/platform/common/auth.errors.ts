import { HttpException, HttpStatus } from '@nestjs/common';

/**
 * Every code an answer of this module can carry, with its status and its safe public message.
 * Codes are stable: check `code`, never the message. Where the difference would help an attacker,
 * many internal reasons share one code (an unknown, expired, revoked or foreign link is one 400).
 */
export const AUTH_ERRORS = {
  INPUT_INVALID: [HttpStatus.BAD_REQUEST, 'The request has invalid fields.'],
  INPUT_MALFORMED: [HttpStatus.BAD_REQUEST, 'The request could not be read.'],
  INPUT_TOO_LARGE: [HttpStatus.PAYLOAD_TOO_LARGE, 'The request body is larger than 16 KB.'],
  INPUT_TOO_SLOW: [HttpStatus.REQUEST_TIMEOUT, 'The request body did not arrive in time.'],
  INPUT_UNSUPPORTED_TYPE: [HttpStatus.UNSUPPORTED_MEDIA_TYPE, 'The content type is not accepted here.'],
  INPUT_CROSS_SITE: [HttpStatus.FORBIDDEN, 'The request was sent from another site.'],
  PASSWORD_REJECTED: [HttpStatus.BAD_REQUEST, 'The password does not meet the policy.'],
  PASSWORD_CURRENT_WRONG: [HttpStatus.BAD_REQUEST, 'The current password is wrong.'],
  SIGNUP_EMAIL_TAKEN: [HttpStatus.CONFLICT, 'An account with this address exists.'],
  SIGNUP_REFUSED: [HttpStatus.FORBIDDEN, 'This signup is not accepted.'],
  SIGNUP_CONFLICT: [HttpStatus.CONFLICT, 'A field of the signup is already used by another account.'],
  ACTIVATION_INVALID_TOKEN: [HttpStatus.BAD_REQUEST, 'The activation link is invalid or has expired.'],
  ACTIVATION_ALREADY_DONE: [HttpStatus.CONFLICT, 'The account was already activated with this link.'],
  LOGIN_INVALID_CREDENTIALS: [HttpStatus.UNAUTHORIZED, 'The address or the password is wrong.'],
  LOGIN_REFUSED: [HttpStatus.FORBIDDEN, 'This account may not log in.'],
  SESSION_INVALID_TOKEN: [HttpStatus.UNAUTHORIZED, 'The session has ended; log in again.'],
  SESSION_NOT_FOUND: [HttpStatus.NOT_FOUND, 'There is no such session.'],
  PASSWORD_RESET_INVALID_TOKEN: [HttpStatus.BAD_REQUEST, 'The password reset link is invalid or has expired.'],
  PASSWORD_RESET_ALREADY_DONE: [HttpStatus.CONFLICT, 'The password was already set with this link.'],
  PROFILE_CONFLICT: [HttpStatus.CONFLICT, 'A field of the profile is already used by another account.'],
  EMAIL_CHANGE_INVALID_TOKEN: [HttpStatus.BAD_REQUEST, 'The e-mail change link is invalid or has expired.'],
  EMAIL_CHANGE_ALREADY_DONE: [HttpStatus.CONFLICT, 'The address was already changed with this link.'],
  ACCESS_UNAUTHENTICATED: [HttpStatus.UNAUTHORIZED, 'Log in to use this route.'],
  ACCESS_INVALID_TOKEN: [HttpStatus.UNAUTHORIZED, 'The access token is invalid or has expired.'],
  ACCESS_INVALID_CSRF_TOKEN: [HttpStatus.FORBIDDEN, 'Send the CSRF token of the session in X-CSRF-Token.'],
  ACCESS_EMAIL_UNVERIFIED: [HttpStatus.FORBIDDEN, 'Verify your e-mail address to use this route.'],
  LIMIT_EXCEEDED: [HttpStatus.TOO_MANY_REQUESTS, 'Too many tries; try again later.'],
  SERVICE_BUSY: [HttpStatus.SERVICE_UNAVAILABLE, 'The service is busy; try again in a moment.'],
  SERVICE_FAILED: [HttpStatus.INTERNAL_SERVER_ERROR, 'Something went wrong; it is not your fault.'],
  SERVICE_UNAVAILABLE: [HttpStatus.SERVICE_UNAVAILABLE, 'The service is unavailable; try again in a moment.'],
} as const satisfies Record<string, readonly [HttpStatus, string]>;

/** One of the stable error codes, `<FLOW>_<REASON>`. */
export type AuthErrorCode = keyof typeof AUTH_ERRORS;

/** What was wrong with one field of the request. */
export interface FieldProblem {
  field: string;
  messages: string[];
}

/** Every refusal on the wire. */
export interface AuthErrorBody {
  statusCode: number;
  code: AuthErrorCode;
  /** Safe to show; it may change, `code` does not. */
  message: string;
  /** Where fields are at fault. */
  errors?: FieldProblem[];
}

/** A limit that a request has reached. */
export interface ReachedLimit {
  name: string;
  tries: number;
  windowSeconds: number;
}

/** What an {@link AuthError} may carry besides its code. */
export interface AuthErrorDetails {
  /** The fields at fault; part of the answer. */
  errors?: FieldProblem[];
  /** Seconds after which trying again makes sense; becomes `Retry-After`. */
  retryAfterSeconds?: number;
  /** The limit that was reached; becomes `RateLimit-Policy` and `RateLimit`. */
  limit?: ReachedLimit;
  /** The internal reason: for the log, never part of the answer. */
  cause?: unknown;
}

/**
 * The one error class of this module. It is an HttpException, so that it works in any Nest application;
 * its body is `{ statusCode, code, message, errors? }`.
 */
export class AuthError extends HttpException {
  readonly retryAfterSeconds?: number;
  readonly limit?: ReachedLimit;
  /** The fields at fault; empty where no field is. */
  readonly errors: readonly FieldProblem[];

  constructor(
    readonly code: AuthErrorCode,
    details: AuthErrorDetails = {},
  ) {
    const [statusCode, message] = AUTH_ERRORS[code];
    const body: AuthErrorBody = { statusCode, code, message, ...(details.errors && { errors: details.errors }) };
    super(body, statusCode, { cause: details.cause });
    this.message = message;
    this.errors = details.errors ?? [];
    this.limit = details.limit;
    this.retryAfterSeconds =
      details.retryAfterSeconds ?? (statusCode === HttpStatus.SERVICE_UNAVAILABLE ? 1 : undefined);
  }
}
