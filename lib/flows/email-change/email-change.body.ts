import { exampleLink } from '../../engine/links/example-link.js';
import { jsonBody } from '../../platform/http/answer.js';

/** Answer of `POST email-change/request`. */
export interface EmailChangeRequestBody {
  message: string;
  /** Mode C: the link, where there is one; else null. */
  email_change_url: string | null;
}

export const EMAIL_CHANGE_REQUEST_BODY = jsonBody<EmailChangeRequestBody>({
  name: 'EmailChangeRequested',
  fields: {
    message: { type: 'string' },
    email_change_url: { type: 'string', nullable: true, description: 'Mode C: the link, if there is one; else null.' },
  },
  example: ({ config }): EmailChangeRequestBody => ({
    message: 'A link is on its way.',
    email_change_url: exampleLink(config, 'email-change'),
  }),
});

/** Answer of `POST email-change/confirm`. */
export interface EmailChangeBody {
  message: string;
  /** The address of the account from now on. */
  email: string;
  /** Mode C: the link that takes the change back; else null. */
  undo_url: string | null;
}

export const EMAIL_CHANGE_BODY = jsonBody<EmailChangeBody>({
  name: 'EmailChanged',
  fields: {
    message: { type: 'string' },
    email: { type: 'string', description: 'The address of the account from now on.' },
    undo_url: { type: 'string', nullable: true, description: 'Mode C: the link that undoes the change; else null.' },
  },
  example: ({ config }): EmailChangeBody => ({
    message: 'The address is changed; log in with it.',
    email: 'ada@example.com',
    undo_url: exampleLink(config, 'email-change-undo'),
  }),
});

/** Answer of `POST email-change/undo`. */
export interface EmailChangeUndoBody {
  message: string;
  /** The address the account has again. */
  email: string;
  /** Mode C: the link to set a new password; else null. */
  reset_url: string | null;
}

export const EMAIL_CHANGE_UNDO_BODY = jsonBody<EmailChangeUndoBody>({
  name: 'EmailChangeUndone',
  fields: {
    message: { type: 'string' },
    email: { type: 'string', description: 'The address the account has again.' },
    reset_url: { type: 'string', nullable: true, description: 'Mode C: the link to set a password; else null.' },
  },
  example: ({ config }): EmailChangeUndoBody => ({
    message: 'The account has its old address again.',
    email: 'ada@example.com',
    reset_url: exampleLink(config, 'password-reset'),
  }),
});
