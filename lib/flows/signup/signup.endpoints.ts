import { endpoints, FAULTS, NO_SESSION, UNUSABLE } from '../../platform/http/endpoint.js';
import { SIGNUP_BODY } from './signup.body.js';

export const SIGNUP_ENDPOINTS = endpoints('signup', {
  signup: {
    method: 'POST',
    path: 'auth/signup',
    forgePath: 'auth/register',
    status: 201,
    accepts: 'json',
    level: 'basic',
    summary:
      'Opens an account and, unless mode D makes it active at once, owes an activation link. An application’s own `signupDto` adds fields.',
    request: {
      email: 'The e-mail address, at most 254 characters; compared in ASCII lower case.',
      password: 'The password; must meet the policy.',
      name: 'Optional name to greet the user by.',
      username:
        'Optional: 3 to 64 of A to Z, digits, `.`, `_` and `-`; compared in lower case. Refused where the user entity has no `username` column.',
    },
    answer:
      '`{ user_id, activation_required, activation_url, access_token, refresh_token, message }`. Modes A, B and E: the same answer whether the address is new or taken. Mode C: with `user_id` and `activation_url`. Mode D: with `user_id` and the token pair.',
    body: 'signup',
    answers: { 201: SIGNUP_BODY },
    setsCookies: true,
    errors: [
      ...UNUSABLE,
      'PASSWORD_REJECTED',
      'SIGNUP_EMAIL_TAKEN',
      'SIGNUP_REFUSED',
      'SIGNUP_CONFLICT',
      ...NO_SESSION,
      'LIMIT_EXCEEDED',
      ...FAULTS,
    ],
  },
});
