import { exampleLink } from '../../engine/links/example-link.js';
import { jsonBody } from '../../platform/http/answer.js';

/** Answer of `POST password-reset/request`. */
export interface PasswordResetRequestBody {
  message: string;
  /** Mode C: the link, where there is an account; else null. */
  reset_url: string | null;
}

export const PASSWORD_RESET_REQUEST_BODY = jsonBody<PasswordResetRequestBody>({
  name: 'PasswordResetRequested',
  fields: {
    message: { type: 'string' },
    reset_url: {
      type: 'string',
      nullable: true,
      description: 'Mode C: the link, if there is an account; else null.',
    },
  },
  example: ({ config }): PasswordResetRequestBody => ({
    message: 'A link is on its way.',
    reset_url: exampleLink(config, 'password-reset'),
  }),
});
