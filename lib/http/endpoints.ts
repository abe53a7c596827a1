import { RequestMethod } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import type { AuthErrorCode } from '../auth.errors.js';

/**
 * What body an endpoint takes. Every JSON endpoint takes `application/json` only, so that no HTML form of another
 * site can reach it; `json-or-form` takes a form as well where the back end renders the pages (mode E).
 */
export type Accepts = 'json' | 'form' | 'json-or-form' | 'none';

/** One route of the module: what the controllers serve, the input gate checks and the reference documents. */
export interface Endpoint {
  readonly method: 'GET' | 'POST';
  /** Below the application's global prefix, without a leading slash; a parameter is `:name`. */
  readonly path: string;
  /** Status of a success. */
  readonly status: number;
  readonly accepts: Accepts;
  /** The flow it belongs to: the name of its folder. */
  readonly flow: string;
  /** What it does, in one sentence of Markdown. */
  readonly summary: string;
  /** Each field of the body, in one line of Markdown. */
  readonly request: Readonly<Record<string, string>>;
  /** What a success answers, in Markdown. */
  readonly answer: string;
  /** Every code it can answer. */
  readonly errors: readonly AuthErrorCode[];
  /** True for routes that exist only where the back end renders the pages (mode E). */
  readonly pages?: true;
}

const PAIR = '`{ access_token, refresh_token, token_type, expires_in }`';
const ACTIVATED = '`{ user_id, access_token, refresh_token, token_type, expires_in }`';
const UNREADABLE = ['INPUT_MALFORMED', 'INPUT_TOO_LARGE', 'INPUT_UNSUPPORTED_TYPE'] as const;
const UNUSABLE = ['INPUT_INVALID', ...UNREADABLE] as const;
/** Whatever looks into the database can meet these. */
const FAULTS = ['SERVICE_BUSY', 'SERVICE_FAILED', 'SERVICE_UNAVAILABLE'] as const;

/** Every route of the module, in the order of the reference. Nothing else in the package spells out a path. */
export const ENDPOINTS = {
  signup: {
    method: 'POST',
    path: 'auth/signup',
    status: 201,
    accepts: 'json',
    flow: 'signup',
    summary: 'Opens an account and, unless mode D makes it active at once, owes an activation link.',
    request: {
      email: 'The e-mail address, at most 254 characters; compared in ASCII lower case.',
      password: 'The password; must meet the policy.',
      name: 'Optional name to greet the user by.',
    },
    answer:
      '`{ user_id, activation_required, activation_url, access_token, refresh_token, message }`. Modes A, B and E: the same answer whether the address is new or taken. Mode C: with `user_id` and `activation_url`. Mode D: with `user_id` and the token pair.',
    errors: [...UNUSABLE, 'PASSWORD_REJECTED', 'SIGNUP_EMAIL_TAKEN', 'SIGNUP_CONFLICT', ...FAULTS],
  },
  activate: {
    method: 'POST',
    path: 'auth/activate',
    status: 200,
    accepts: 'json',
    flow: 'activation',
    summary: 'Activates the account an activation link was mailed for, and logs it in.',
    request: { token: 'The token of the link.' },
    answer: ACTIVATED,
    errors: [...UNUSABLE, 'ACTIVATION_INVALID_TOKEN', 'SIGNUP_CONFLICT', ...FAULTS],
  },
  activateByPath: {
    method: 'POST',
    path: 'auth/activate/:token',
    status: 200,
    accepts: 'json-or-form',
    flow: 'activation',
    summary: 'The same, with the token in the path. Mode E: also where the button of the confirmation page leads.',
    request: {},
    answer: `${ACTIVATED}; to a form, a page.`,
    errors: [...UNREADABLE, 'ACTIVATION_INVALID_TOKEN', 'SIGNUP_CONFLICT', 'INPUT_CROSS_SITE', ...FAULTS],
  },
  resendActivation: {
    method: 'POST',
    path: 'auth/activation/resend',
    status: 202,
    accepts: 'json',
    flow: 'activation',
    summary:
      'Sends a pending account a new link: to activate, or to set a password where several signups wait for the address.',
    request: { email: 'The e-mail address of the signup.' },
    answer:
      '`{ message, activation_url }`, the same whether the account exists, is pending or is active; `activation_url` is null except in mode C.',
    errors: [...UNUSABLE, ...FAULTS],
  },
  login: {
    method: 'POST',
    path: 'auth/login',
    status: 200,
    accepts: 'json',
    flow: 'login',
    summary: 'Opens a session for an address and its password.',
    request: { email: 'The e-mail address of the account.', password: 'Its password.' },
    answer: PAIR,
    errors: [...UNUSABLE, 'LOGIN_INVALID_CREDENTIALS', ...FAULTS],
  },
  refresh: {
    method: 'POST',
    path: 'auth/refresh',
    status: 200,
    accepts: 'json',
    flow: 'session',
    summary: 'Exchanges a refresh token for the next pair; using an old one again ends the session.',
    request: { refresh_token: 'The refresh token last received.' },
    answer: PAIR,
    errors: [...UNUSABLE, 'SESSION_INVALID_TOKEN', ...FAULTS],
  },
  logout: {
    method: 'POST',
    path: 'auth/logout',
    status: 204,
    accepts: 'json',
    flow: 'session',
    summary: 'Ends one session: that of the refresh token, or else that of the bearer token.',
    request: { refresh_token: 'Optional where the request carries a bearer token: a refresh token of the session.' },
    answer: 'Nothing.',
    errors: [...UNUSABLE, 'SESSION_INVALID_TOKEN', ...FAULTS],
  },
  logoutAll: {
    method: 'POST',
    path: 'auth/logout-all',
    status: 204,
    accepts: 'json',
    flow: 'session',
    summary: 'Ends every session of the account, on every device; needs a bearer token.',
    request: {},
    answer: 'Nothing.',
    errors: [...UNREADABLE, 'ACCESS_UNAUTHENTICATED', 'ACCESS_INVALID_TOKEN', ...FAULTS],
  },
  requestPasswordReset: {
    method: 'POST',
    path: 'auth/password-reset/request',
    status: 202,
    accepts: 'json',
    flow: 'password-reset',
    summary: 'Owes a password reset link, if there is an account.',
    request: { email: 'The e-mail address of the account.' },
    answer: '`{ message, reset_url }`, the same whether the account exists; `reset_url` is null except in mode C.',
    errors: [...UNUSABLE, ...FAULTS],
  },
  confirmPasswordReset: {
    method: 'POST',
    path: 'auth/password-reset/confirm',
    status: 200,
    accepts: 'json',
    flow: 'password-reset',
    summary: 'Sets a new password by a reset link and ends every other session and link of the account.',
    request: { token: 'The token of the link.', new_password: 'The new password; must meet the policy.' },
    answer: `${PAIR}; 204 without a body where \`AUTH_LOGIN_AFTER_RESET=false\`.`,
    errors: [...UNUSABLE, 'PASSWORD_REJECTED', 'PASSWORD_RESET_INVALID_TOKEN', ...FAULTS],
  },
  me: {
    method: 'GET',
    path: 'auth/me',
    status: 200,
    accepts: 'none',
    flow: 'profile',
    summary: 'The own account; needs a bearer token.',
    request: {},
    answer: 'The account, as the fields the application allows.',
    errors: ['ACCESS_UNAUTHENTICATED', 'ACCESS_INVALID_TOKEN', ...FAULTS],
  },
  activationPage: {
    method: 'GET',
    path: 'auth/activate/:token',
    status: 200,
    accepts: 'none',
    flow: 'activation',
    summary:
      'Where the mailed activation link leads: activates, or with `AUTH_ACTIVATION_CONFIRM=true` shows a button.',
    request: {},
    answer: 'A page; status 400 for a link that is not valid.',
    errors: ['INPUT_MALFORMED', ...FAULTS],
    pages: true,
  },
  passwordResetPage: {
    method: 'GET',
    path: 'auth/password-reset/:token',
    status: 200,
    accepts: 'none',
    flow: 'password-reset',
    summary: 'Where the mailed reset link leads: shows the form for the new password and changes nothing.',
    request: {},
    answer: 'A page; status 400 for a link that is not valid.',
    errors: ['INPUT_MALFORMED', ...FAULTS],
    pages: true,
  },
  passwordResetForm: {
    method: 'POST',
    path: 'auth/password-reset/:token',
    status: 200,
    accepts: 'form',
    flow: 'password-reset',
    summary: 'Takes the form of that page.',
    request: {
      new_password: 'The new password; must meet the policy.',
      confirm_password: 'Optional: the same once more; where it differs, the form comes again.',
    },
    answer: 'A page; status 400 for a link that is not valid, or the form again for a password that is refused.',
    errors: [...UNUSABLE, 'INPUT_CROSS_SITE', ...FAULTS],
    pages: true,
  },
} as const satisfies Record<string, Endpoint>;

/** The name of an endpoint. */
export type EndpointKey = keyof typeof ENDPOINTS;

/**
 * The path of an endpoint with its parameters filled in and percent-encoded, below the global prefix and without a
 * leading slash: `endpointPath('activationPage', { token })` is `auth/activate/…`.
 * @throws Error where a parameter of the path is missing
 */
export function endpointPath(key: EndpointKey, params: Readonly<Record<string, string>> = {}): string {
  return fillPath(ENDPOINTS[key].path, params);
}

/**
 * The same, from the root of the server: with the application's global prefix, unless the application excluded the
 * route from it. Read it after start: applications set the prefix when the module already exists.
 */
export function mountedPath(
  key: EndpointKey,
  application: Pick<ApplicationConfig, 'getGlobalPrefix' | 'getGlobalPrefixOptions'>,
  params: Readonly<Record<string, string>> = {},
): string {
  return fillPath(mountedTemplate(ENDPOINTS[key], application), params);
}

/** Where Nest mounts an endpoint, with `:name` for its parameters, e.g. `/api/v1/auth/activate/:token`. */
export function mountedTemplate(
  endpoint: Endpoint,
  application: Pick<ApplicationConfig, 'getGlobalPrefix' | 'getGlobalPrefixOptions'>,
): string {
  const path = `/${endpoint.path}`;
  const prefix = application.getGlobalPrefix().replace(/^\/|\/$/g, '');
  const isExcluded = application
    .getGlobalPrefixOptions()
    .exclude?.some(
      ({ requestMethod, pathRegex }) =>
        (requestMethod === RequestMethod.ALL || requestMethod === RequestMethod[endpoint.method]) &&
        pathRegex.test(path),
    );
  return prefix && !isExcluded ? `/${prefix}${path}` : path;
}

function fillPath(template: string, params: Readonly<Record<string, string>>): string {
  return template.replace(/:(\w+)/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new Error(`The path ${template} needs the parameter ${name}.`);
    return encodeURIComponent(value);
  });
}
