import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuthError } from '../../platform/common/auth.errors.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { EventLog } from '../../engine/events/event-log.js';
import type { Device } from '../../platform/common/device.js';
import { AccountFields } from '../../engine/accounts/account-fields.js';
import type { OwnFields } from '../../platform/common/stored-fields.js';
import { Database } from '../../platform/data/store/database.js';
import { isUniqueViolation } from '../../platform/data/store/database-errors.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import { Traced } from '../../platform/common/traced.js';

/** Users edit their own account. */
@Injectable()
export class ProfileService {
  constructor(
    private readonly database: Database,
    private readonly users: UsersStore,
    private readonly fields: AccountFields,
    private readonly events: EventLog,
  ) {}

  /**
   * Changes the given columns of the application's own; what is undefined stays as it is.
   * @returns the application's own entity as it is then
   * @throws AuthError INPUT_INVALID for a field that is no such column, PROFILE_CONFLICT where a unique one is taken,
   * ACCESS_INVALID_TOKEN where the account is gone or deactivated, which at level basic nobody has asked before
   */
  @Traced('profile.edit')
  async edit(userId: UserId, fields: OwnFields, device: Device): Promise<object> {
    this.fields.assertStorable(fields, 'profile');
    const stated = Object.entries(fields).filter(([, value]) => value !== undefined);
    if (stated.length > 0) await this.write(userId, Object.fromEntries(stated), device);
    const user = await this.users.findById(userId);
    if (!user || !this.users.accountOf(user).isActive) throw new AuthError('ACCESS_INVALID_TOKEN');
    return user;
  }

  /**
   * The same, but what is not given is emptied, or has its default again; INPUT_INVALID for a field that can be neither.
   */
  replace(userId: UserId, fields: OwnFields, device: Device): Promise<object> {
    const stated = Object.entries(fields).filter(([, value]) => value !== undefined);
    return this.edit(userId, { ...this.fields.emptyProfile(), ...Object.fromEntries(stated) }, device);
  }

  private async write(userId: UserId, fields: OwnFields, device: Device): Promise<void> {
    const update = (manager: EntityManager) => this.users.update(manager, userId, {}, 'active', fields);
    try {
      const isWritten = await this.database.write(update);
      const attributes = Object.keys(fields);
      if (isWritten) await this.events.record('user_updated', { userId, device, attributes });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw new AuthError('PROFILE_CONFLICT', { cause: error });
    }
  }
}
