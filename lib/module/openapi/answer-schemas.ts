import type { SchemaObject } from '@nestjs/swagger';
import { AUTH_ERRORS } from '../../platform/common/auth.errors.js';
import type { AnswerBodies } from './answers.js';
import type { DocumentedAccount } from './documented-account.js';

/** What is said of a field: `nullable` exactly where its type has null, `optional` exactly where it may be absent. */
type Field<T, K extends keyof T> = SchemaObject &
  (null extends T[K] ? { nullable: true } : { nullable?: never }) &
  (object extends Pick<T, K> ? { optional: true } : { optional?: never });

/** A schema per field of a body, neither more nor fewer. */
export type BodyFields<T> = { readonly [K in keyof T]-?: Field<T, K> };

const INSTANT = { type: 'string', format: 'date-time' } as const;

const TOKEN_PAIR: BodyFields<AnswerBodies['TokenPair']> = {
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
};

/** RFC 7518, section 6: `n` and `e` of RSA, `crv`, `x` and `y` of a curve. */
const JWK = {
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
} satisfies SchemaObject;

const EXPORTED_ROW = { type: 'object', additionalProperties: true } as const;

/** The fields of every body, by its name in the document; an OpenAPI 3.0 schema each. */
export function answerSchemas({ userId }: DocumentedAccount): {
  readonly [N in keyof AnswerBodies]: BodyFields<AnswerBodies[N]>;
} {
  return {
    Error: {
      statusCode: { type: 'integer', description: 'The status of the answer.' },
      code: {
        type: 'string',
        enum: Object.keys(AUTH_ERRORS),
        description: 'What went wrong; stable, and the one field to check.',
      },
      message: { type: 'string', description: 'Safe to show; it may change.' },
      errors: {
        type: 'array',
        optional: true,
        description: 'Where fields are at fault.',
        items: {
          type: 'object',
          required: ['field', 'messages'],
          properties: { field: { type: 'string' }, messages: { type: 'array', items: { type: 'string' } } },
        },
      },
    },
    Signup: {
      user_id: { ...userId, nullable: true, description: 'Null where the answer must not tell new from known.' },
      activation_required: { type: 'boolean', description: 'True where a link must be followed first.' },
      activation_url: { type: 'string', nullable: true, description: 'Mode C: the link; else null.' },
      ...TOKEN_PAIR,
      token_type: { ...TOKEN_PAIR.token_type, optional: true },
      expires_in: { ...TOKEN_PAIR.expires_in, optional: true },
      message: { type: 'string' },
    },
    Activation: { user_id: userId, ...TOKEN_PAIR },
    ActivationResent: {
      message: { type: 'string' },
      activation_url: { type: 'string', nullable: true, description: 'Mode C: the link, if there is one; else null.' },
    },
    TokenPair: TOKEN_PAIR,
    Session: {
      id: { type: 'string' },
      created_at: INSTANT,
      last_used_at: { ...INSTANT, description: 'Moves with each refresh.' },
      ip: { type: 'string', nullable: true },
      user_agent: { type: 'string', nullable: true },
      current: { type: 'boolean', description: 'True for the session of the request itself.' },
    },
    PasswordResetRequested: {
      message: { type: 'string' },
      reset_url: {
        type: 'string',
        nullable: true,
        description: 'Mode C: the link, if there is an account; else null.',
      },
    },
    EmailChangeRequested: {
      message: { type: 'string' },
      email_change_url: {
        type: 'string',
        nullable: true,
        description: 'Mode C: the link, if there is one; else null.',
      },
    },
    EmailChanged: {
      message: { type: 'string' },
      email: { type: 'string', description: 'The address of the account from now on.' },
      undo_url: { type: 'string', nullable: true, description: 'Mode C: the link that undoes the change; else null.' },
    },
    EmailChangeUndone: {
      message: { type: 'string' },
      email: { type: 'string', description: 'The address the account has again.' },
      reset_url: { type: 'string', nullable: true, description: 'Mode C: the link to set a password; else null.' },
    },
    Profile: {
      id: userId,
      email: { type: 'string' },
      username: { type: 'string', nullable: true, optional: true },
      name: { type: 'string', nullable: true, optional: true },
      is_active: { type: 'boolean' },
      is_verified: { type: 'boolean', description: 'True once a link sent to the address came back.' },
      created_at: { ...INSTANT, nullable: true, description: 'Null where the application does not keep it.' },
    },
    AccountExport: {
      exported_at: INSTANT,
      account: { ...EXPORTED_ROW, description: 'Every column of the account but secrets, in snake_case.' },
      sessions: { type: 'array', items: EXPORTED_ROW },
      links: { type: 'array', items: EXPORTED_ROW },
      notices: { type: 'array', items: EXPORTED_ROW, description: 'Mails without a link.' },
    },
    JwkSet: { keys: { type: 'array', items: JWK, description: 'None while tokens are symmetric.' } },
  };
}
