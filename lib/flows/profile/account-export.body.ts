import { EXAMPLE_INSTANT, jsonBody } from '../../platform/http/answer.js';
import { INSTANT } from '../../platform/http/schema.js';
import type { AccountExport } from './account-export.service.js';

const EXPORTED_ROW = { type: 'object', additionalProperties: true } as const;

/** Answer of `GET me/export`. */
export const ACCOUNT_EXPORT_BODY = jsonBody<AccountExport>({
  name: 'AccountExport',
  fields: {
    exported_at: INSTANT,
    account: { ...EXPORTED_ROW, description: 'Every column of the account but secrets, in snake_case.' },
    sessions: { type: 'array', items: EXPORTED_ROW },
    links: { type: 'array', items: EXPORTED_ROW },
    notices: { type: 'array', items: EXPORTED_ROW, description: 'Mails without a link.' },
  },
  example: ({ userId: id }): AccountExport => ({
    exported_at: EXAMPLE_INSTANT,
    account: { id, email: 'ada@example.com' },
    sessions: [],
    links: [],
    notices: [],
  }),
});
