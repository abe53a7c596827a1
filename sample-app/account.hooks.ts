import { Injectable } from '@nestjs/common';
import { type AccountContext, type AdditionalClaims, AuthError, AuthHooks } from 'nestjs-gatehouse';
import type { User } from './user.entity.js';

/** What the application adds to the flows. */
@Injectable()
export class AccountHooks extends AuthHooks<User> {
  /** Runs after the password was verified: a stranger learns of no ban. */
  override beforeLogin({ user }: AccountContext<User>): void {
    if (user.isBanned) throw new AuthError('LOGIN_REFUSED');
  }

  /** In every access token, for the routes that ask for a role. */
  override accessClaims({ user }: { user: User }): AdditionalClaims {
    return { role: user.role };
  }
}
