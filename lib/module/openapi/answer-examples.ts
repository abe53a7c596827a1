import { AUTH_ERRORS, type AuthErrorBody, type AuthErrorCode } from '../../platform/common/auth.errors.js';
import type { AuthConfig } from '../../platform/config/auth-config.js';
import type { TokenPairBody } from '../../engine/sessions/token-delivery.js';
import type { AnswerBodies } from './answers.js';
import type { DocumentedAccount } from './documented-account.js';

const INSTANT = '2026-01-31T12:00:00.000Z';

/** What this application answers, by the name of the body. No value in it could be taken for a real secret. */
export function answerExamples(
  config: AuthConfig,
  { userId, hasName, hasUsername }: DocumentedAccount,
): { readonly [N in keyof AnswerBodies]: AnswerBodies[N] } {
  const id = userId.type === 'integer' ? 1 : '018f0000-0000-7000-8000-000000000001';
  const pair = pairExample(config);
  return {
    Error: errorExample('INPUT_INVALID', ['email']),
    Signup: signupExample(config, id, pair),
    Activation: { user_id: id, ...pair },
    ActivationResent: { message: 'A new link is on its way.', activation_url: link(config, 'activate') },
    TokenPair: pair,
    Session: {
      id: '018f0000-0000-7000-8000-000000000002',
      created_at: INSTANT,
      last_used_at: INSTANT,
      ip: '192.0.2.1',
      user_agent: 'Mozilla/5.0',
      current: true,
    },
    PasswordResetRequested: { message: 'A link is on its way.', reset_url: link(config, 'password-reset') },
    EmailChangeRequested: { message: 'A link is on its way.', email_change_url: link(config, 'email-change') },
    EmailChanged: {
      message: 'The address is changed; log in with it.',
      email: 'ada@example.com',
      undo_url: link(config, 'email-change-undo'),
    },
    EmailChangeUndone: {
      message: 'The account has its old address again.',
      email: 'ada@example.com',
      reset_url: link(config, 'password-reset'),
    },
    Profile: {
      id,
      email: 'ada@example.com',
      ...(hasUsername && { username: 'ada' }),
      ...(hasName && { name: 'Ada Lovelace' }),
      is_active: true,
      is_verified: true,
      created_at: INSTANT,
    },
    AccountExport: {
      exported_at: INSTANT,
      account: { id, email: 'ada@example.com' },
      sessions: [],
      links: [],
      notices: [],
    },
    JwkSet: {
      keys: [{ kid: '<thumbprint>', kty: 'EC', alg: 'ES256', use: 'sig', crv: 'P-256', x: '<x>', y: '<y>' }],
    },
  };
}

/** How a refusal with that code looks, of a request with those fields. */
export function errorExample(code: AuthErrorCode, fields: readonly string[] = []): AuthErrorBody {
  const [statusCode, message] = AUTH_ERRORS[code];
  const [field, fault] = faultOf(code, fields);
  return { statusCode, code, message, ...(field && { errors: [{ field, messages: [`${field} ${fault}`] }] }) };
}

/** The field at fault and what is wrong with it, for the codes that name one. */
function faultOf(code: AuthErrorCode, fields: readonly string[]): [field?: string, fault?: string] {
  switch (code) {
    case 'INPUT_INVALID':
      return [fields[0], 'must be a string'];
    case 'PASSWORD_REJECTED':
      return [fields.findLast((field) => field.endsWith('password')), 'must have at least 12 characters'];
    default:
      return [];
  }
}

function pairExample({ level, tokenDelivery, jwt }: AuthConfig): TokenPairBody {
  const inBody = tokenDelivery !== 'cookie';
  return {
    access_token: inBody ? '<access token>' : null,
    refresh_token: inBody && level === 'complete' ? '<refresh token>' : null,
    token_type: 'Bearer',
    expires_in: jwt.accessTtlSeconds,
  };
}

function signupExample(config: AuthConfig, id: string | number, pair: TokenPairBody): AnswerBodies['Signup'] {
  const { autoActivate, returnLinkInResponse } = config;
  return {
    user_id: autoActivate || returnLinkInResponse ? id : null,
    activation_required: !autoActivate,
    activation_url: autoActivate ? null : link(config, 'activate'),
    access_token: null,
    refresh_token: null,
    ...(autoActivate && pair),
    message: autoActivate ? 'The account is active.' : 'Follow the activation link to finish.',
  };
}

function link({ returnLinkInResponse }: AuthConfig, page: string): string | null {
  return returnLinkInResponse ? `https://app.example.com/${page}?token=<token>` : null;
}
