import { TOKEN_PAIR_ANSWER, TOKEN_PAIR_BODY } from '../../engine/sessions/token-pair.body.js';
import { NOTHING } from '../../platform/http/answer.js';
import { endpoints, FAULTS, UNPROVED, UNREADABLE, UNUSABLE } from '../../platform/http/endpoint.js';
import { LogoutDto, RefreshDto } from './refresh.dto.js';

export const REFRESH_ENDPOINTS = endpoints('refresh', {
  refresh: {
    method: 'POST',
    path: 'auth/refresh',
    status: 200,
    accepts: 'json',
    summary: 'Exchanges a refresh token for the next pair; using an old one again ends the session.',
    request: { refresh_token: 'The refresh token last received; optional where its cookie comes along.' },
    answer: TOKEN_PAIR_ANSWER,
    body: RefreshDto,
    answers: { 200: TOKEN_PAIR_BODY },
    credentials: 'refresh',
    setsCookies: true,
    errors: [
      ...UNUSABLE,
      'SESSION_INVALID_TOKEN',
      'ACCESS_INVALID_CSRF_TOKEN',
      'LOGIN_REFUSED',
      'LIMIT_EXCEEDED',
      ...FAULTS,
    ],
  },
  logout: {
    method: 'POST',
    path: 'auth/logout',
    status: 204,
    accepts: 'json',
    summary: 'Ends the session of the refresh token, or else of the bearer token, and the session of the cookies.',
    request: {
      refresh_token: 'Optional where the request carries a bearer token or cookies: a refresh token of the session.',
    },
    answer: 'Nothing.',
    body: LogoutDto,
    answers: { 204: NOTHING },
    credentials: 'either',
    setsCookies: true,
    errors: [...UNUSABLE, 'SESSION_INVALID_TOKEN', 'ACCESS_INVALID_CSRF_TOKEN', 'LIMIT_EXCEEDED', ...FAULTS],
  },
  logoutAll: {
    method: 'POST',
    path: 'auth/logout-all',
    status: 204,
    accepts: 'json',
    summary: 'Ends every session of the account, on every device; needs an access token.',
    request: {},
    answer: 'Nothing.',
    body: null,
    answers: { 204: NOTHING },
    credentials: 'access',
    setsCookies: true,
    errors: [...UNREADABLE, ...UNPROVED, ...FAULTS],
  },
});
