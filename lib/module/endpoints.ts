import { ACTIVATION_ENDPOINTS } from '../flows/activation/activation.endpoints.js';
import { EMAIL_CHANGE_ENDPOINTS } from '../flows/email-change/email-change.endpoints.js';
import { KEYS_ENDPOINTS } from '../flows/jwks/jwks.endpoints.js';
import { LOGIN_ENDPOINTS } from '../flows/login/login.endpoints.js';
import { PASSWORD_CHANGE_ENDPOINTS } from '../flows/password-change/password-change.endpoints.js';
import { PASSWORD_RESET_ENDPOINTS } from '../flows/password-reset/password-reset.endpoints.js';
import { PROFILE_ENDPOINTS } from '../flows/profile/profile.endpoints.js';
import { SESSION_ENDPOINTS } from '../flows/refresh/refresh.endpoints.js';
import { SIGNUP_ENDPOINTS } from '../flows/signup/signup.endpoints.js';
import type { Endpoint } from '../platform/http/endpoint.js';

/**
 * Every route of the module, flow by flow, in the order of the reference. Nothing else in the package spells out a path;
 * where an application really has an endpoint, `Routes` knows.
 */
export const ENDPOINTS = {
  ...SIGNUP_ENDPOINTS,
  ...ACTIVATION_ENDPOINTS,
  ...LOGIN_ENDPOINTS,
  ...SESSION_ENDPOINTS,
  ...PASSWORD_RESET_ENDPOINTS,
  ...PASSWORD_CHANGE_ENDPOINTS,
  ...EMAIL_CHANGE_ENDPOINTS,
  ...PROFILE_ENDPOINTS,
  ...KEYS_ENDPOINTS,
} as const satisfies Record<string, Endpoint>;

/** The name of an endpoint. */
export type EndpointKey = keyof typeof ENDPOINTS;
