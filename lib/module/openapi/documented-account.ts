import type { Type } from '@nestjs/common';
import type { UserColumns } from '../../platform/data/entities/user-columns.js';
import type { AuthHooks } from '../../engine/hooks/auth-hooks.js';

/** What the document must know of the application's own user entity. */
export interface DocumentedAccount {
  /** The schema of a user's id. */
  readonly userId: UserIdSchema;
  /** True where users have a name. */
  readonly hasName: boolean;
  /** True where users may have a username. */
  readonly hasUsername: boolean;
  /** True where a login may state a username: where users have one, or where a look-up of the application takes it. */
  readonly logsInByUsername: boolean;
}

/** Keys are UUIDs, or numbers, or whatever text the application chose. */
export type UserIdSchema = { type: 'integer' } | { type: 'string'; format?: 'uuid' };

/** Reads that from the entity. */
export function documentedAccount(columns: UserColumns, hooks?: Type<AuthHooks>): DocumentedAccount {
  const hasUsername = columns.username !== undefined;
  return {
    userId: userIdSchema(columns.columnOf('id')),
    hasName: columns.own.has('name'),
    hasUsername,
    // Asked of the class: its instance may not exist yet.
    logsInByUsername: hasUsername || hooks?.prototype.findUser !== undefined,
  };
}

function userIdSchema(key: ReturnType<UserColumns['columnOf']>): UserIdSchema {
  // Drivers read a bigint as text: it need not fit into a number of JavaScript.
  if (key?.type === 'bigint') return { type: 'string' };
  if (key?.type === Number || key?.generationStrategy === 'increment') return { type: 'integer' };
  const isUuid = key?.type === 'uuid' || key?.generationStrategy === 'uuid';
  return isUuid ? { type: 'string', format: 'uuid' } : { type: 'string' };
}
