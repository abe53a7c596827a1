import type { Account, UserId } from '../../platform/data/entities/base-user.entity.js';
import { type AnswerFacts, EXAMPLE_INSTANT, jsonBody } from '../../platform/http/answer.js';
import { INSTANT, USER_ID } from '../../platform/http/schema.js';

/** One's own account on the wire: an allow-list, never the entity (ASVS 15.3.1). */
export interface ProfileBody {
  id: UserId;
  email: string;
  /** Where the user entity has such a column. */
  username?: string | null;
  /** Where the user entity has such a column. */
  name?: string | null;
  is_active: boolean;
  is_verified: boolean;
  /** ISO 8601; null where the user entity does not keep it. */
  created_at: string | null;
}

export const PROFILE_BODY = jsonBody<ProfileBody>({
  name: 'Profile',
  own: 'userResponse',
  fields: {
    id: USER_ID,
    email: { type: 'string' },
    username: { type: 'string', nullable: true, optional: true },
    name: { type: 'string', nullable: true, optional: true },
    is_active: { type: 'boolean' },
    is_verified: { type: 'boolean', description: 'True once a link sent to the address came back.' },
    created_at: { ...INSTANT, nullable: true, description: 'Null where the application does not keep it.' },
  },
  example: exampleOf,
});

function exampleOf({ userId: id, hasName, hasUsername }: AnswerFacts): ProfileBody {
  return {
    id,
    email: 'ada@example.com',
    ...(hasUsername && { username: 'ada' }),
    ...(hasName && { name: 'Ada Lovelace' }),
    is_active: true,
    is_verified: true,
    created_at: EXAMPLE_INSTANT,
  };
}

/** The wire form of an account: what every endpoint of the profile answers. */
export function toProfileBody(user: Account & { username?: string | null; name?: string | null }): ProfileBody {
  return {
    id: user.id,
    email: user.email,
    ...(user.username !== undefined && { username: user.username }),
    ...(user.name !== undefined && { name: user.name }),
    is_active: user.isActive,
    is_verified: user.emailVerifiedAt !== null,
    created_at: user.createdAt?.toISOString() ?? null,
  };
}
