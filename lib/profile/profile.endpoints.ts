import { type Endpoint, FAULTS, SIGNED_OUT } from '../http/endpoint.js';

/** Routes of profile. */
export const PROFILE_ENDPOINTS = {
  me: {
    method: 'GET',
    path: 'auth/me',
    status: 200,
    accepts: 'none',
    flow: 'profile',
    level: 'basic',
    summary: 'The own account; needs an access token.',
    request: {},
    answer: 'The account, as the fields the application allows.',
    errors: [...SIGNED_OUT, ...FAULTS],
  },
} as const satisfies Record<string, Endpoint>;
