import { exampleLink } from '../../engine/links/example-link.js';
import { examplePair, TOKEN_PAIR_FIELDS, type TokenPairBody } from '../../engine/sessions/token-pair.body.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { type AnswerFacts, jsonBody } from '../../platform/http/answer.js';
import { USER_ID } from '../../platform/http/schema.js';

/** Answer of `POST signup`: every mode has every field. */
export interface SignupBody extends Pick<Partial<TokenPairBody>, 'token_type' | 'expires_in'> {
  user_id: UserId | null;
  activation_required: boolean;
  activation_url: string | null;
  access_token: string | null;
  refresh_token: string | null;
  message: string;
}

export const SIGNUP_BODY = jsonBody<SignupBody>({
  name: 'Signup',
  fields: {
    user_id: { ...USER_ID, nullable: true, description: 'Null where the answer must not tell new from known.' },
    activation_required: { type: 'boolean', description: 'True where a link must be followed first.' },
    activation_url: { type: 'string', nullable: true, description: 'Mode C: the link; else null.' },
    ...TOKEN_PAIR_FIELDS,
    token_type: { ...TOKEN_PAIR_FIELDS.token_type, optional: true },
    expires_in: { ...TOKEN_PAIR_FIELDS.expires_in, optional: true },
    message: { type: 'string' },
  },
  example: exampleOf,
});

function exampleOf({ config, userId }: AnswerFacts): SignupBody {
  const { autoActivate, returnLinkInResponse } = config;
  return {
    user_id: autoActivate || returnLinkInResponse ? userId : null,
    activation_required: !autoActivate,
    activation_url: autoActivate ? null : exampleLink(config, 'activate'),
    access_token: null,
    refresh_token: null,
    ...(autoActivate && examplePair(config)),
    message: autoActivate ? 'The account is active.' : 'Follow the activation link to finish.',
  };
}
