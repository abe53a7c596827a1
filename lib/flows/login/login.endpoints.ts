import { TOKEN_PAIR_ANSWER, TOKEN_PAIR_BODY } from '../../engine/sessions/token-pair.body.js';
import { endpoints, FAULTS, UNUSABLE } from '../../platform/http/endpoint.js';
import { LoginDto } from './login.dto.js';

export const LOGIN_ENDPOINTS = endpoints('login', {
  login: {
    method: 'POST',
    path: 'auth/login',
    status: 200,
    accepts: 'json',
    level: 'basic',
    summary: 'Opens a session for an address, or a username, and its password.',
    request: {
      email: 'The e-mail address of the account.',
      username:
        'Instead of `email`: the username or the address. Refused where the user entity has no `username` column.',
      password: 'Its password.',
    },
    answer: TOKEN_PAIR_ANSWER,
    body: LoginDto,
    answers: { 200: TOKEN_PAIR_BODY },
    setsCookies: true,
    leavesDeviceCookie: true,
    errors: [...UNUSABLE, 'LOGIN_INVALID_CREDENTIALS', 'LOGIN_REFUSED', 'LIMIT_EXCEEDED', ...FAULTS],
  },
});
