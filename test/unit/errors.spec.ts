import { AUTH_ERRORS, AuthError, type AuthErrorCode } from 'nestjs-gatehouse';
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../lib/platform/http/endpoint.js';
import { ENDPOINTS } from '../../lib/module/flows.js';

/**
 * Clients branch on these. A code that disappears or changes its status is a breaking change: it belongs in the
 * changelog, under a new major version, before it belongs here.
 */
const PROMISED: Record<AuthErrorCode, number> = {
  INPUT_INVALID: 400,
  INPUT_MALFORMED: 400,
  INPUT_TOO_LARGE: 413,
  INPUT_TOO_SLOW: 408,
  INPUT_UNSUPPORTED_TYPE: 415,
  INPUT_CROSS_SITE: 403,
  PASSWORD_REJECTED: 400,
  PASSWORD_CURRENT_WRONG: 400,
  SIGNUP_EMAIL_TAKEN: 409,
  SIGNUP_REFUSED: 403,
  SIGNUP_CONFLICT: 409,
  ACTIVATION_INVALID_TOKEN: 400,
  ACTIVATION_ALREADY_DONE: 409,
  LOGIN_INVALID_CREDENTIALS: 401,
  LOGIN_REFUSED: 403,
  SESSION_INVALID_TOKEN: 401,
  SESSION_NOT_FOUND: 404,
  PASSWORD_RESET_INVALID_TOKEN: 400,
  PASSWORD_RESET_ALREADY_DONE: 409,
  PROFILE_CONFLICT: 409,
  EMAIL_CHANGE_INVALID_TOKEN: 400,
  EMAIL_CHANGE_ALREADY_DONE: 409,
  ACCESS_UNAUTHENTICATED: 401,
  ACCESS_INVALID_TOKEN: 401,
  ACCESS_INVALID_CSRF_TOKEN: 403,
  ACCESS_EMAIL_UNVERIFIED: 403,
  LIMIT_EXCEEDED: 429,
  SERVICE_BUSY: 503,
  SERVICE_FAILED: 500,
  SERVICE_UNAVAILABLE: 503,
};

const codes = Object.keys(AUTH_ERRORS) as AuthErrorCode[];

describe('the error codes', () => {
  it('are the ones that were promised, with their status', () => {
    expect(Object.fromEntries(codes.map((code) => [code, AUTH_ERRORS[code][0]]))).toEqual(PROMISED);
  });

  it('are called <FLOW>_<REASON>', () => {
    for (const code of codes) expect(code).toMatch(/^[A-Z]+(_[A-Z]+)+$/);
  });

  it('each have a message of their own, one sentence without anything internal', () => {
    const messages = codes.map((code) => AUTH_ERRORS[code][1] as string);
    expect(new Set(messages).size).toBe(codes.length);
    for (const message of messages) expect(message).toMatch(/^[A-Z][^{}<>\n]+\.$/);
  });

  it('are each answered by a route, or by a guard of the application', () => {
    const ofRoutes = Object.values<Endpoint>(ENDPOINTS).flatMap(({ errors }) => errors);
    const ofGuards: AuthErrorCode[] = ['ACCESS_EMAIL_UNVERIFIED'];
    expect(codes.toSorted()).toEqual([...new Set([...ofRoutes, ...ofGuards])].toSorted());
  });

  it('are listed once per route', () => {
    for (const { errors } of Object.values<Endpoint>(ENDPOINTS)) expect([...new Set(errors)]).toEqual(errors);
  });
});

describe('an AuthError', () => {
  const errors = [{ field: 'email', messages: ['email must be an e-mail address'] }];

  it('answers status, code, message and the fields at fault', () => {
    expect(new AuthError('LOGIN_INVALID_CREDENTIALS').getResponse()).toEqual({
      statusCode: 401,
      code: 'LOGIN_INVALID_CREDENTIALS',
      message: AUTH_ERRORS.LOGIN_INVALID_CREDENTIALS[1],
    });
    const { statusCode, ...body } = new AuthError('INPUT_INVALID', { errors }).getResponse() as { statusCode: number };
    expect([statusCode, body]).toEqual([400, { code: 'INPUT_INVALID', message: AUTH_ERRORS.INPUT_INVALID[1], errors }]);
  });

  it('keeps its cause out of the answer', () => {
    const error = new AuthError('SERVICE_UNAVAILABLE', { cause: new Error('connect ECONNREFUSED 10.0.0.1:5432') });
    expect(JSON.stringify(error.getResponse())).not.toContain('ECONNREFUSED');
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('says when to try again where that makes sense', () => {
    expect(new AuthError('SERVICE_BUSY').retryAfterSeconds).toBe(1);
    expect(new AuthError('SERVICE_BUSY', { retryAfterSeconds: 30 }).retryAfterSeconds).toBe(30);
    expect(new AuthError('INPUT_INVALID').retryAfterSeconds).toBeUndefined();
  });
});
