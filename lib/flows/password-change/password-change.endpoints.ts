import { NOTHING } from '../../platform/http/answer.js';
import { endpoints, FAULTS, UNPROVED, UNUSABLE } from '../../platform/http/endpoint.js';
import { PasswordChangeDto } from './password-change.dto.js';

export const PASSWORD_CHANGE_ENDPOINTS = endpoints('password-change', {
  changePassword: {
    method: 'POST',
    path: 'auth/password-change',
    forgePath: 'auth/change-password',
    status: 204,
    accepts: 'json',
    summary: 'Sets a new password and ends every other session and every link of the account; needs an access token.',
    request: {
      current_password: 'The password of the account.',
      new_password: 'The new password; must meet the policy.',
    },
    answer: 'Nothing. The session of the request goes on.',
    body: PasswordChangeDto,
    answers: { 204: NOTHING },
    credentials: 'access',
    errors: [...UNUSABLE, ...UNPROVED, 'PASSWORD_CURRENT_WRONG', 'PASSWORD_REJECTED', 'LIMIT_EXCEEDED', ...FAULTS],
  },
});
