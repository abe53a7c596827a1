import type { PublishedKey } from '../../engine/tokens/asymmetric-keys.js';
import { jsonBody } from '../../platform/http/answer.js';
import type { Schema } from '../../platform/http/schema.js';

/** Answer of `GET .well-known/jwks.json` (RFC 7517, section 5). */
export interface JwkSetBody {
  keys: readonly PublishedKey[];
}

/** RFC 7518, section 6: `n` and `e` of RSA, `crv`, `x` and `y` of a curve. */
const JWK: Schema = {
  type: 'object',
  required: ['kid', 'kty', 'alg', 'use'],
  properties: {
    kid: { type: 'string' },
    kty: { type: 'string', enum: ['RSA', 'EC'] },
    alg: { type: 'string', enum: ['RS256', 'ES256'] },
    use: { type: 'string', enum: ['sig'] },
    n: { type: 'string' },
    e: { type: 'string' },
    crv: { type: 'string', enum: ['P-256'] },
    x: { type: 'string' },
    y: { type: 'string' },
  },
};

export const JWK_SET_BODY = jsonBody<JwkSetBody>({
  name: 'JwkSet',
  mediaType: 'application/jwk-set+json',
  fields: { keys: { type: 'array', items: JWK, description: 'None while tokens are symmetric.' } },
  example: {
    keys: [{ kid: '<thumbprint>', kty: 'EC', alg: 'ES256', use: 'sig', crv: 'P-256', x: '<x>', y: '<y>' }],
  },
});
