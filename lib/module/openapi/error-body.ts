import { AUTH_ERRORS, type AuthErrorBody, type AuthErrorCode } from '../../platform/common/auth.errors.js';
import { jsonBody } from '../../platform/http/answer.js';

/** The body of every refusal. */
export const ERROR_BODY = jsonBody<AuthErrorBody>({
  name: 'Error',
  fields: {
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
  example: errorExample('INPUT_INVALID', ['email']),
});

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
