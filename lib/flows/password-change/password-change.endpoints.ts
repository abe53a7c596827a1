import { TOKEN_PAIR_ANSWER, TOKEN_PAIR_BODY } from '../../engine/sessions/token-pair.body.js';
import { NOTHING } from '../../platform/http/answer.js';
import { endpoints, FAULTS, NO_SESSION, UNPROVED, UNUSABLE } from '../../platform/http/endpoint.js';
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
    answer: `Nothing. Cookies are renewed; a bearer token stays good. With \`AUTH_RENEW_SESSION_ON_PASSWORD_CHANGE=true\` a bearer token gets 200 with ${TOKEN_PAIR_ANSWER} and is itself refused from then on.`,
    body: PasswordChangeDto,
    answers: { 200: TOKEN_PAIR_BODY, 204: NOTHING },
    setsCookies: true,
    credentials: 'access',
    errors: [
      ...UNUSABLE,
      ...UNPROVED,
      'PASSWORD_CURRENT_WRONG',
      'PASSWORD_REJECTED',
      ...NO_SESSION,
      'LIMIT_EXCEEDED',
      ...FAULTS,
    ],
  },
});
