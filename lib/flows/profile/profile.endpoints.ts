import { NOTHING } from '../../platform/http/answer.js';
import { endpoints, FAULTS, SIGNED_OUT, UNPROVED, UNUSABLE } from '../../platform/http/endpoint.js';
import { ACCOUNT_EXPORT_BODY } from './account-export.body.js';
import { PROFILE_BODY } from './profile.body.js';
import { AccountDeletionDto } from './profile.dto.js';

const PROFILE = 'The account, as the fields the application allows; an application’s own `userResponse` names others.';
const FIELDS = { name: 'Optional: at most 100 characters; null empties it.' };
const EDIT_ERRORS = [...UNUSABLE, ...UNPROVED, 'PROFILE_CONFLICT', ...FAULTS] as const;

export const PROFILE_ENDPOINTS = endpoints('profile', {
  me: {
    method: 'GET',
    path: 'auth/me',
    forgePath: 'users/me',
    status: 200,
    accepts: 'none',
    level: 'basic',
    summary: 'The own account; needs an access token.',
    request: {},
    answer: PROFILE,
    body: null,
    answers: { 200: PROFILE_BODY },
    credentials: 'access',
    errors: [...SIGNED_OUT, ...FAULTS],
  },
  editProfile: {
    method: 'PATCH',
    path: 'auth/me',
    forgePath: 'users/me',
    status: 200,
    accepts: 'json',
    level: 'basic',
    summary:
      'Changes the fields that are given and leaves the others alone; needs an access token. An application’s own `profileDto` names the fields.',
    request: FIELDS,
    answer: PROFILE,
    body: 'profile',
    answers: { 200: PROFILE_BODY },
    credentials: 'access',
    errors: EDIT_ERRORS,
  },
  replaceProfile: {
    method: 'PUT',
    path: 'auth/me',
    forgePath: 'users/me',
    status: 200,
    accepts: 'json',
    level: 'basic',
    summary:
      'Replaces all fields, emptying those that are not given; needs an access token. An application’s own `profileDto` names the fields.',
    request: FIELDS,
    answer: PROFILE,
    body: 'profile',
    answers: { 200: PROFILE_BODY },
    credentials: 'access',
    errors: EDIT_ERRORS,
  },
  deleteAccount: {
    method: 'DELETE',
    path: 'auth/me',
    forgePath: 'users/me',
    status: 204,
    accepts: 'json',
    summary: 'Deletes the account with everything the module stores about it; needs an access token.',
    request: { current_password: 'The password of the account.' },
    answer: 'Nothing.',
    body: AccountDeletionDto,
    answers: { 204: NOTHING },
    credentials: 'access',
    setsCookies: true,
    errors: [...UNUSABLE, ...UNPROVED, 'PASSWORD_CURRENT_WRONG', 'LIMIT_EXCEEDED', ...FAULTS],
  },
  exportAccount: {
    method: 'GET',
    path: 'auth/me/export',
    forgePath: 'users/me/export',
    status: 200,
    accepts: 'none',
    summary: 'Everything stored about the account, as a file; needs an access token.',
    request: {},
    answer: '`{ exported_at, account, sessions, links, notices }`, without passwords, hashes and tokens.',
    body: null,
    answers: { 200: ACCOUNT_EXPORT_BODY },
    credentials: 'access',
    errors: [...SIGNED_OUT, ...FAULTS],
  },
});
