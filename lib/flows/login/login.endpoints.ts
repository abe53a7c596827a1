import { type Endpoint, FAULTS, PAIR, UNUSABLE } from '../../platform/http/endpoint.js';
import { LoginDto } from './login.dto.js';

/** Routes of login. */
export const LOGIN_ENDPOINTS = {
  login: {
    method: 'POST',
    path: 'auth/login',
    status: 200,
    accepts: 'json',
    flow: 'login',
    level: 'basic',
    summary: 'Opens a session for an address, or a username, and its password.',
    request: {
      email: 'The e-mail address of the account.',
      username:
        'Instead of `email`: the username or the address. Refused where the user entity has no `username` column.',
      password: 'Its password.',
    },
    answer: PAIR,
    body: LoginDto,
    answers: { 200: 'TokenPair' },
    setsCookies: true,
    errors: [...UNUSABLE, 'LOGIN_INVALID_CREDENTIALS', 'LOGIN_REFUSED', ...FAULTS],
  },
} as const satisfies Record<string, Endpoint>;
