import type { Account, UserId } from '../../platform/data/entities/base-user.entity.js';

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
