import { endpoints } from '../../platform/http/endpoint.js';
import { JWK_SET_BODY } from './jwks.body.js';

export const JWKS_ENDPOINTS = endpoints('jwks', {
  jwks: {
    method: 'GET',
    path: '.well-known/jwks.json',
    status: 200,
    accepts: 'none',
    summary: 'The public keys with which other services verify access tokens; none while tokens are symmetric.',
    request: {},
    answer: 'A JWK set (RFC 7517), `{ keys: [{ kty, kid, alg, use, … }] }`, which may be kept for five minutes.',
    body: null,
    answers: { 200: JWK_SET_BODY },
    errors: [],
    level: 'basic',
    cacheSeconds: 300,
  },
});
