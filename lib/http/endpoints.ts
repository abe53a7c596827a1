import { ACTIVATION_ENDPOINTS } from '../activation/activation.endpoints.js';
import { EMAIL_CHANGE_ENDPOINTS } from '../email-change/email-change.endpoints.js';
import { KEYS_ENDPOINTS } from '../keys/keys.endpoints.js';
import { LOGIN_ENDPOINTS } from '../login/login.endpoints.js';
import { PASSWORD_CHANGE_ENDPOINTS } from '../password-change/password-change.endpoints.js';
import { PASSWORD_RESET_ENDPOINTS } from '../password-reset/password-reset.endpoints.js';
import { PROFILE_ENDPOINTS } from '../profile/profile.endpoints.js';
import { SESSION_ENDPOINTS } from '../session/session.endpoints.js';
import { SIGNUP_ENDPOINTS } from '../signup/signup.endpoints.js';
import type { Endpoint } from './endpoint.js';

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
