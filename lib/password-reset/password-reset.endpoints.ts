import { type Endpoint, FAULTS, PAIR, UNUSABLE } from '../http/endpoint.js';

/** Routes of password-reset. */
export const PASSWORD_RESET_ENDPOINTS = {
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
    errors: [...UNUSABLE, ...FAULTS],
    pages: true,
  },
} as const satisfies Record<string, Endpoint>;
