import { listOf, NOTHING } from '../../platform/http/answer.js';
import { endpoints, FAULTS, SIGNED_OUT, UNPROVED, UNREADABLE } from '../../platform/http/endpoint.js';
import { SESSION_BODY } from './sessions.body.js';

export const SESSIONS_ENDPOINTS = endpoints('sessions', {
  listSessions: {
    method: 'GET',
    path: 'auth/sessions',
    status: 200,
    accepts: 'none',
    summary: 'The devices the account is signed in on, the one used last first; needs an access token.',
    request: {},
    answer: 'A list of `{ id, created_at, last_used_at, ip, user_agent, current }`.',
    body: null,
    answers: { 200: listOf(SESSION_BODY) },
    credentials: 'access',
    errors: [...SIGNED_OUT, ...FAULTS],
  },
  endSession: {
    method: 'DELETE',
    path: 'auth/sessions/:id',
    status: 204,
    accepts: 'json',
    summary: 'Ends one session of the account, on that device; needs an access token. The own one: a logout.',
    request: {},
    answer: 'Nothing.',
    body: null,
    answers: { 204: NOTHING },
    credentials: 'access',
    setsCookies: true,
    errors: [...UNREADABLE, ...UNPROVED, 'SESSION_NOT_FOUND', ...FAULTS],
  },
});
