import { type Endpoint, FAULTS, SIGNED_OUT, UNUSABLE } from '../http/endpoint.js';

const PROFILE = 'The account, as the fields the application allows.';
const FIELDS = { name: 'Optional: at most 100 characters; null empties it.' };
const EDIT_ERRORS = [...UNUSABLE, ...SIGNED_OUT, 'PROFILE_CONFLICT', ...FAULTS] as const;

/** Routes of profile. */
export const PROFILE_ENDPOINTS = {
  me: {
    method: 'GET',
    path: 'auth/me',
    forgePath: 'users/me',
    status: 200,
    accepts: 'none',
    flow: 'profile',
    level: 'basic',
    summary: 'The own account; needs an access token.',
    request: {},
    answer: PROFILE,
    errors: [...SIGNED_OUT, ...FAULTS],
  },
  editProfile: {
    method: 'PATCH',
    path: 'auth/me',
    forgePath: 'users/me',
    status: 200,
    accepts: 'json',
    flow: 'profile',
    level: 'basic',
    summary: 'Changes the fields that are given and leaves the others alone; needs an access token.',
    request: FIELDS,
    answer: PROFILE,
    errors: EDIT_ERRORS,
  },
  replaceProfile: {
    method: 'PUT',
    path: 'auth/me',
    forgePath: 'users/me',
    status: 200,
    accepts: 'json',
    flow: 'profile',
    level: 'basic',
    summary: 'Replaces all fields, emptying those that are not given; needs an access token.',
    request: FIELDS,
    answer: PROFILE,
    errors: EDIT_ERRORS,
  },
  deleteAccount: {
    method: 'DELETE',
    path: 'auth/me',
    forgePath: 'users/me',
    status: 204,
    accepts: 'json',
    flow: 'profile',
    summary: 'Deletes the account with everything the module stores about it; needs an access token.',
    request: { current_password: 'The password of the account.' },
    answer: 'Nothing.',
    errors: [...UNUSABLE, ...SIGNED_OUT, 'PASSWORD_CURRENT_WRONG', ...FAULTS],
  },
  exportAccount: {
    method: 'GET',
    path: 'auth/me/export',
    forgePath: 'users/me/export',
    status: 200,
    accepts: 'none',
    flow: 'profile',
    summary: 'Everything stored about the account, as a file; needs an access token.',
    request: {},
    answer: '`{ exported_at, account, sessions, links, notices }`, without passwords, hashes and tokens.',
    errors: [...SIGNED_OUT, ...FAULTS],
  },
} as const satisfies Record<string, Endpoint>;
