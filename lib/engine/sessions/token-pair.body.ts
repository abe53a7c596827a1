import type { AuthConfig } from '../../platform/config/auth-config.js';
import { jsonBody } from '../../platform/http/answer.js';
import type { BodyFields } from '../../platform/http/schema.js';

/** A JWT pair on the wire (RFC 6749, section 5.1). */
export interface TokenPairBody {
  /** Null where it travels in a cookie only. */
  access_token: string | null;
  /** Null where it travels in a cookie only, and at level basic, which has none. */
  refresh_token: string | null;
  token_type: 'Bearer';
  /** Seconds until the access token expires, wherever it travels. */
  expires_in: number;
}

/** The fields of a pair, for whatever answers with one among others. */
export const TOKEN_PAIR_FIELDS = {
  access_token: {
    type: 'string',
    nullable: true,
    description: 'A JWT for `Authorization: Bearer`; null where it travels in a cookie only.',
  },
  refresh_token: {
    type: 'string',
    nullable: true,
    description: 'For the next pair; null where it travels in a cookie only, and at level basic, which has none.',
  },
  token_type: { type: 'string', enum: ['Bearer'] },
  expires_in: { type: 'integer', description: 'Seconds until the access token expires.' },
} as const satisfies BodyFields<TokenPairBody>;

/** What hands out tokens. */
export const TOKEN_PAIR_BODY = jsonBody<TokenPairBody>({
  name: 'TokenPair',
  fields: TOKEN_PAIR_FIELDS,
  example: ({ config }) => examplePair(config),
});

/** The same in the Markdown of the reference. */
export const TOKEN_PAIR_ANSWER = '`{ access_token, refresh_token, token_type, expires_in }`';

export function examplePair({ level, tokenDelivery, jwt }: AuthConfig): TokenPairBody {
  const inBody = tokenDelivery !== 'cookie';
  return {
    access_token: inBody ? '<access token>' : null,
    refresh_token: inBody && level === 'complete' ? '<refresh token>' : null,
    token_type: 'Bearer',
    expires_in: jwt.accessTtlSeconds,
  };
}
