import { Injectable } from '@nestjs/common';
import { AuthHooks, type LoginContext } from 'nestjs-gatehouse';
import type { User } from './users-plain.js';

/** Where a flow can be held: between what it has checked and what it will write. */
export type Point =
  | `before the session of ${LoginContext['via']}`
  | 'before the password change'
  | 'before the password reset'
  | 'before the e-mail change'
  | 'before the activation'
  /** Inside the transaction, which has written already. */
  | 'within the password change'
  | 'within the password reset'
  | 'within the e-mail change'
  | 'within the deletion';

/** What the application does at such a point: once, and then nothing. */
@Injectable()
export class Gate extends AuthHooks<User> {
  static point?: Point;
  static act: () => Promise<void>;

  private async pass(point: Point): Promise<void> {
    if (point !== Gate.point) return;
    Gate.point = undefined;
    await Gate.act();
  }

  override beforeLogin({ via }: LoginContext<User>) {
    return this.pass(`before the session of ${via}`);
  }
  override beforePasswordChange() {
    return this.pass('before the password change');
  }
  override beforePasswordReset() {
    return this.pass('before the password reset');
  }
  override beforeEmailChange() {
    return this.pass('before the e-mail change');
  }
  override beforeActivation() {
    return this.pass('before the activation');
  }
  override afterPasswordChange() {
    return this.pass('within the password change');
  }
  override afterPasswordReset() {
    return this.pass('within the password reset');
  }
  override afterEmailChange() {
    return this.pass('within the e-mail change');
  }
  override beforeDeletion() {
    return this.pass('within the deletion');
  }
}
