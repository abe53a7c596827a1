import { ACTIVATION } from '../flows/activation/activation.parts.js';
import { EMAIL_CHANGE } from '../flows/email-change/email-change.parts.js';
import { JWKS } from '../flows/jwks/jwks.parts.js';
import { LOGIN } from '../flows/login/login.parts.js';
import { OPERATORS } from '../flows/operators/operators.parts.js';
import { PASSWORD_CHANGE } from '../flows/password-change/password-change.parts.js';
import { PASSWORD_RESET } from '../flows/password-reset/password-reset.parts.js';
import { PROFILE } from '../flows/profile/profile.parts.js';
import { REFRESH } from '../flows/refresh/refresh.parts.js';
import { SESSIONS } from '../flows/sessions/sessions.parts.js';
import { SIGNUP } from '../flows/signup/signup.parts.js';
import type { Endpoints } from '../platform/http/endpoint.js';

/** Every flow of the module, in the order of the reference. */
export const FLOWS = [
  SIGNUP,
  ACTIVATION,
  LOGIN,
  REFRESH,
  SESSIONS,
  PASSWORD_RESET,
  PASSWORD_CHANGE,
  EMAIL_CHANGE,
  PROFILE,
  OPERATORS,
  JWKS,
] as const;

/** The name of an endpoint. */
export type EndpointKey = KeyOf<(typeof FLOWS)[number]['endpoints']>;

/** Every endpoint of the module. Nothing else spells out a path; where an application really has one, `Routes` knows. */
export const ENDPOINTS = Object.assign({}, ...FLOWS.map(({ endpoints }) => endpoints)) as Endpoints<EndpointKey>;

/** The keys of each member of a union. */
type KeyOf<T> = T extends unknown ? keyof T : never;
