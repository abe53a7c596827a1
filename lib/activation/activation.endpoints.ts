import { type Endpoint, FAULTS, NO_SESSION, UNREADABLE, UNUSABLE } from '../http/endpoint.js';
import { ActivationDto, ResendActivationDto } from './activation.dto.js';

const ACTIVATED = '`{ user_id, access_token, refresh_token, token_type, expires_in }`';

/** Routes of activation. */
export const ACTIVATION_ENDPOINTS = {
  activate: {
    method: 'POST',
    path: 'auth/activate',
    forgePath: 'auth/verify-email',
    status: 200,
    accepts: 'json',
    flow: 'activation',
    summary: 'Activates the account an activation link was mailed for, and logs it in.',
    request: { token: 'The token of the link.' },
    answer: ACTIVATED,
    body: ActivationDto,
    answers: { 200: 'Activation' },
    setsCookies: true,
    errors: [...UNUSABLE, 'ACTIVATION_INVALID_TOKEN', 'SIGNUP_CONFLICT', ...NO_SESSION, ...FAULTS],
  },
  activateByPath: {
    method: 'POST',
    path: 'auth/activate/:token',
    forgePath: 'auth/verify-email/:token',
    status: 200,
    accepts: 'json-or-form',
    flow: 'activation',
    summary: 'The same, with the token in the path. Mode E: also where the button of the confirmation page leads.',
    request: {},
    answer: `${ACTIVATED}; to a form, a page.`,
    body: null,
    answers: { 200: ['Activation', 'Page'], 400: 'Page', 409: 'Page' },
    setsCookies: true,
    errors: [...UNREADABLE, 'ACTIVATION_INVALID_TOKEN', 'SIGNUP_CONFLICT', ...NO_SESSION, ...FAULTS],
  },
  resendActivation: {
    method: 'POST',
    path: 'auth/activation/resend',
    forgePath: 'auth/resend-verification',
    status: 202,
    accepts: 'json',
    flow: 'activation',
    summary:
      'Sends a pending account a new link: to activate, or to set a password where several signups wait for the address.',
    request: { email: 'The e-mail address of the signup.' },
    answer:
      '`{ message, activation_url }`, the same whether the account exists, is pending or is active; `activation_url` is null except in mode C.',
    body: ResendActivationDto,
    answers: { 202: 'ActivationResent' },
    errors: [...UNUSABLE, ...FAULTS],
  },
  activationPage: {
    method: 'GET',
    path: 'auth/activate/:token',
    forgePath: 'auth/verify-email/:token',
    status: 200,
    accepts: 'none',
    flow: 'activation',
    summary:
      'Where the mailed activation link leads: activates, or with `AUTH_ACTIVATION_CONFIRM=true` shows a button.',
    request: {},
    answer: 'A page; status 400 for a link that is not valid.',
    body: null,
    answers: { 200: 'Page', 400: 'Page', 409: 'Page' },
    errors: ['INPUT_MALFORMED', ...FAULTS],
    pages: true,
  },
} as const satisfies Record<string, Endpoint>;
