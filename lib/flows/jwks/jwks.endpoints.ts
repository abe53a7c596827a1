import type { Endpoint } from '../../platform/http/endpoint.js';

/** Routes of keys. */
export const KEYS_ENDPOINTS = {
  jwks: {
    method: 'GET',
    path: '.well-known/jwks.json',
    status: 200,
    accepts: 'none',
    flow: 'keys',
    summary: 'The public keys with which other services verify access tokens; none while tokens are symmetric.',
    request: {},
    answer: 'A JWK set (RFC 7517), `{ keys: [{ kty, kid, alg, use, … }] }`, which may be kept for five minutes.',
    body: null,
    answers: { 200: 'JwkSet' },
    errors: [],
    level: 'basic',
    cacheSeconds: 300,
  },
} as const satisfies Record<string, Endpoint>;
