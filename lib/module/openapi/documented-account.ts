import type { Type } from '@nestjs/common';
import type { UserColumns } from '../../platform/data/entities/user-columns.js';
import type { AuthHooks } from '../../engine/hooks/auth-hooks.js';
import type { AnswerFacts } from '../../platform/http/answer.js';

/** What the document must know of the application's own user entity. */
export interface DocumentedAccount extends Omit<AnswerFacts, 'config'> {
  /** The schema of a user's id. */
  readonly userIdSchema: UserIdSchema;
  /** True where a login may state a username: where users have one, or where a look-up of the application takes it. */
  readonly logsInByUsername: boolean;
}

/** Keys are UUIDs, or numbers, or whatever text the application chose. */
export type UserIdSchema = { type: 'integer' } | { type: 'string'; format?: 'uuid' };

/** Reads that from the entity. */
export function documentedAccount(columns: UserColumns, hooks?: Type<AuthHooks>): DocumentedAccount {
  const hasUsername = columns.username !== undefined;
  const userIdSchema = schemaOf(columns.columnOf('id'));
  return {
    userIdSchema,
    userId: userIdSchema.type === 'integer' ? 1 : '018f0000-0000-7000-8000-000000000001',
    hasName: columns.own.has('name'),
    hasUsername,
    // Asked of the class: its instance may not exist yet.
    logsInByUsername: hasUsername || hooks?.prototype.findUser !== undefined,
  };
}

function schemaOf(key: ReturnType<UserColumns['columnOf']>): UserIdSchema {
  // Drivers read a bigint as text: it need not fit into a number of JavaScript.
  if (key?.type === 'bigint') return { type: 'string' };
  if (key?.type === Number || key?.generationStrategy === 'increment') return { type: 'integer' };
  const isUuid = key?.type === 'uuid' || key?.generationStrategy === 'uuid';
  return isUuid ? { type: 'string', format: 'uuid' } : { type: 'string' };
}
