import { exampleLink } from '../../engine/links/example-link.js';
import { examplePair, TOKEN_PAIR_FIELDS, type TokenPairBody } from '../../engine/sessions/token-pair.body.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { jsonBody } from '../../platform/http/answer.js';
import { USER_ID } from '../../platform/http/schema.js';

/** Answer of an activation. */
export interface ActivationBody extends TokenPairBody {
  user_id: UserId;
}

export const ACTIVATION_BODY = jsonBody<ActivationBody>({
  name: 'Activation',
  fields: { user_id: USER_ID, ...TOKEN_PAIR_FIELDS },
  example: ({ config, userId }): ActivationBody => ({ user_id: userId, ...examplePair(config) }),
});

/** Answer of `POST activation/resend`. */
export interface ResendActivationBody {
  message: string;
  /** Mode C: the link, where there is one; else null. */
  activation_url: string | null;
}

export const RESEND_ACTIVATION_BODY = jsonBody<ResendActivationBody>({
  name: 'ActivationResent',
  fields: {
    message: { type: 'string' },
    activation_url: { type: 'string', nullable: true, description: 'Mode C: the link, if there is one; else null.' },
  },
  example: ({ config }): ResendActivationBody => ({
    message: 'A new link is on its way.',
    activation_url: exampleLink(config, 'activate'),
  }),
});
