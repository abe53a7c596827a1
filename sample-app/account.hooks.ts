import { Injectable } from '@nestjs/common';
import { type AdditionalClaims, AuthError, AuthHooks, type LoginContext } from 'nestjs-gatehouse';
import type { User } from './user.entity.js';

/** What the application adds to the flows. */
@Injectable()
export class AccountHooks extends AuthHooks<User> {
  /** Asked on every way to a session, and at each refresh, after the proof: a stranger learns of no ban. */
  override beforeLogin({ user }: LoginContext<User>): void {
    if (user.isBanned) throw new AuthError('LOGIN_REFUSED');
  }

  /** In every access token, for the routes that ask for a role. */
  override accessClaims({ user }: { user: User }): AdditionalClaims {
    return { role: user.role };
  }
}
