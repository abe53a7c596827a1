import { type Endpoint, FAULTS, PAIR, SIGNED_OUT, UNREADABLE, UNUSABLE } from '../http/endpoint.js';

/** Routes of sessions. */
export const SESSION_ENDPOINTS = {
  refresh: {
    method: 'POST',
    path: 'auth/refresh',
    status: 200,
    accepts: 'json',
    flow: 'session',
    summary: 'Exchanges a refresh token for the next pair; using an old one again ends the session.',
    request: { refresh_token: 'The refresh token last received.' },
    answer: PAIR,
    errors: [...UNUSABLE, 'SESSION_INVALID_TOKEN', ...FAULTS],
  },
  logout: {
    method: 'POST',
    path: 'auth/logout',
    status: 204,
    accepts: 'json',
    flow: 'session',
    summary: 'Ends one session: that of the refresh token, or else that of the bearer token.',
    request: { refresh_token: 'Optional where the request carries a bearer token: a refresh token of the session.' },
    answer: 'Nothing.',
    errors: [...UNUSABLE, 'SESSION_INVALID_TOKEN', ...FAULTS],
  },
  logoutAll: {
    method: 'POST',
    path: 'auth/logout-all',
    status: 204,
    accepts: 'json',
    flow: 'session',
    summary: 'Ends every session of the account, on every device; needs a bearer token.',
    request: {},
    answer: 'Nothing.',
    errors: [...UNREADABLE, ...SIGNED_OUT, ...FAULTS],
  },
} as const satisfies Record<string, Endpoint>;
