import { Controller, UseFilters } from '@nestjs/common';
import { Authenticated, CurrentUser } from '../access/access.decorators.js';
import { AuthErrorFilter } from '../http/auth-error.filter.js';
import { Endpoint } from '../http/endpoint.decorator.js';
import type { Account, UserId } from '../entities/base-user.entity.js';

/** One's own account on the wire: an allow-list, never the entity (ASVS 15.3.1). */
export interface ProfileBody {
  id: UserId;
  email: string;
  /** Where the user entity has such a column. */
  name?: string | null;
  is_active: boolean;
  is_verified: boolean;
  /** ISO 8601. */
  created_at: string;
}

@UseFilters(AuthErrorFilter)
@Controller()
export class ProfileController {
  @Authenticated()
  @Endpoint('me')
  me(@CurrentUser() user: Account & { name?: string | null }): ProfileBody {
    return {
      id: user.id,
      email: user.email,
      ...(user.name !== undefined && { name: user.name }),
      is_active: user.isActive,
      is_verified: user.emailVerifiedAt !== null,
      created_at: user.createdAt.toISOString(),
    };
  }
}
