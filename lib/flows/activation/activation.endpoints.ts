import { PAGE } from '../../platform/http/answer.js';
import { endpoints, FAULTS, NO_SESSION, UNREADABLE, UNUSABLE } from '../../platform/http/endpoint.js';
import { ACTIVATION_BODY, RESEND_ACTIVATION_BODY } from './activation.body.js';
import { ActivationDto, ResendActivationDto } from './activation.dto.js';

const ACTIVATED = '`{ user_id, access_token, refresh_token, token_type, expires_in }`';

export const ACTIVATION_ENDPOINTS = endpoints('activation', {
  activate: {
    method: 'POST',
    path: 'auth/activate',
    forgePath: 'auth/verify-email',
    status: 200,
    accepts: 'json',
    summary: 'Activates the account an activation link was mailed for, and logs it in.',
    request: { token: 'The token of the link.' },
    answer: ACTIVATED,
    body: ActivationDto,
    answers: { 200: ACTIVATION_BODY },
    setsCookies: true,
    errors: [
      ...UNUSABLE,
      'ACTIVATION_INVALID_TOKEN',
      'ACTIVATION_ALREADY_DONE',
      'SIGNUP_CONFLICT',
      ...NO_SESSION,
      'LIMIT_EXCEEDED',
      ...FAULTS,
    ],
  },
  activateByPath: {
    method: 'POST',
    path: 'auth/activate/:token',
    forgePath: 'auth/verify-email/:token',
    status: 200,
    accepts: 'json-or-form',
    summary: 'The same, with the token in the path. Mode E: also where the button of the confirmation page leads.',
    request: {},
    answer: `${ACTIVATED}; to a form, a page.`,
    body: null,
    answers: { 200: [ACTIVATION_BODY, PAGE], 400: PAGE, 409: PAGE },
    setsCookies: true,
    errors: [
      ...UNREADABLE,
      'ACTIVATION_INVALID_TOKEN',
      'ACTIVATION_ALREADY_DONE',
      'SIGNUP_CONFLICT',
      ...NO_SESSION,
      'LIMIT_EXCEEDED',
      ...FAULTS,
    ],
  },
  resendActivation: {
    method: 'POST',
    path: 'auth/activation/resend',
    forgePath: 'auth/resend-verification',
    status: 202,
    accepts: 'json',
    summary:
      'Sends a pending account a new link: to activate, or to set a password where several signups wait for the address.',
    request: { email: 'The e-mail address of the signup.' },
    answer:
      '`{ message, activation_url }`, the same whether the account exists, is pending or is active; `activation_url` is null except in mode C.',
    body: ResendActivationDto,
    answers: { 202: RESEND_ACTIVATION_BODY },
    errors: [...UNUSABLE, 'LIMIT_EXCEEDED', ...FAULTS],
  },
  activationPage: {
    method: 'GET',
    path: 'auth/activate/:token',
    forgePath: 'auth/verify-email/:token',
    status: 200,
    accepts: 'none',
    summary:
      'Where the mailed activation link leads: activates, or with `AUTH_ACTIVATION_CONFIRM=true` shows a button.',
    request: {},
    answer: 'A page; status 400 for a link that is not valid.',
    body: null,
    answers: { 200: PAGE, 400: PAGE, 409: PAGE },
    errors: ['INPUT_MALFORMED', 'LIMIT_EXCEEDED', ...FAULTS],
    pages: true,
  },
});
