import { TOKEN_PAIR_ANSWER, TOKEN_PAIR_BODY } from '../../engine/sessions/token-pair.body.js';
import { NOTHING, PAGE } from '../../platform/http/answer.js';
import { endpoints, FAULTS, NO_SESSION, UNUSABLE } from '../../platform/http/endpoint.js';
import { PASSWORD_RESET_REQUEST_BODY } from './password-reset.body.js';
import { PasswordResetConfirmDto, PasswordResetFormDto, PasswordResetRequestDto } from './password-reset.dto.js';

export const PASSWORD_RESET_ENDPOINTS = endpoints('password-reset', {
  requestPasswordReset: {
    method: 'POST',
    path: 'auth/password-reset/request',
    forgePath: 'auth/forgot-password',
    status: 202,
    accepts: 'json',
    summary: 'Owes a password reset link, if there is an account.',
    request: { email: 'The e-mail address of the account.' },
    answer: '`{ message, reset_url }`, the same whether the account exists; `reset_url` is null except in mode C.',
    body: PasswordResetRequestDto,
    answers: { 202: PASSWORD_RESET_REQUEST_BODY },
    errors: [...UNUSABLE, 'LIMIT_EXCEEDED', ...FAULTS],
  },
  confirmPasswordReset: {
    method: 'POST',
    path: 'auth/password-reset/confirm',
    forgePath: 'auth/reset-password',
    status: 200,
    accepts: 'json',
    summary: 'Sets a new password by a reset link and ends every other session and link of the account.',
    request: { token: 'The token of the link.', new_password: 'The new password; must meet the policy.' },
    answer: `${TOKEN_PAIR_ANSWER}; 204 without a body where \`AUTH_LOGIN_AFTER_RESET=false\`.`,
    body: PasswordResetConfirmDto,
    answers: { 200: TOKEN_PAIR_BODY, 204: NOTHING },
    setsCookies: true,
    errors: [
      ...UNUSABLE,
      'PASSWORD_REJECTED',
      'PASSWORD_RESET_INVALID_TOKEN',
      'PASSWORD_RESET_ALREADY_DONE',
      ...NO_SESSION,
      'LIMIT_EXCEEDED',
      ...FAULTS,
    ],
  },
  passwordResetPage: {
    method: 'GET',
    path: 'auth/password-reset/:token',
    forgePath: 'auth/reset-password/:token',
    status: 200,
    accepts: 'none',
    summary: 'Where the mailed reset link leads: shows the form for the new password and changes nothing.',
    request: {},
    answer: 'A page; status 400 for a link that is not valid.',
    body: null,
    answers: { 200: PAGE, 400: PAGE },
    errors: ['INPUT_MALFORMED', 'LIMIT_EXCEEDED', ...FAULTS],
    pages: true,
  },
  passwordResetForm: {
    method: 'POST',
    path: 'auth/password-reset/:token',
    forgePath: 'auth/reset-password/:token',
    status: 200,
    accepts: 'form',
    summary: 'Takes the form of that page.',
    request: {
      new_password: 'The new password; must meet the policy.',
      confirm_password: 'Optional: the same once more; where it differs, the form comes again.',
    },
    answer: 'A page; status 400 for a link that is not valid, or the form again for a password that is refused.',
    body: PasswordResetFormDto,
    answers: { 200: PAGE, 400: PAGE },
    errors: [...UNUSABLE, 'LIMIT_EXCEEDED', ...FAULTS],
    pages: true,
  },
});
