import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuthError } from '../../platform/common/auth.errors.js';
import type { OwnFields } from '../../platform/common/stored-fields.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { Database } from '../../platform/data/store/database.js';
import { isUniqueViolation } from '../../platform/data/store/database-errors.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import type { Device } from '../../platform/common/device.js';
import { EventLog } from '../events/event-log.js';
import { Hooks } from '../hooks/hooks.js';

/** An account to be made: its password has met the policy, its fields are columns of the application's own. */
export interface AccountDraft {
  /** Canonical. */
  readonly email: string;
  readonly passwordHash: string;
  readonly fields: OwnFields;
}

/** Who makes an active account, and what of it is proved. */
export interface ActiveAccountFacts {
  readonly via: 'signup' | 'operator';
  readonly device: Device;
  /** Null where nothing has proved the address. */
  readonly emailVerifiedAt: Date | null;
  /** An operator's name for the audit trail. */
  readonly actor?: string;
}

/** The one way accounts come into being, whoever makes them. */
@Injectable()
export class AccountWriter {
  constructor(
    private readonly database: Database,
    private readonly users: UsersStore,
    private readonly hooks: Hooks,
    private readonly events: EventLog,
  ) {}

  /** Inside a flow's transaction: an account that waits for its activation. */
  async createPending(manager: EntityManager, draft: AccountDraft, device: Device): Promise<UserId> {
    const userId = await this.insert(manager, draft, { isActive: false, emailVerifiedAt: null }, device);
    await this.events.record('user_created', { userId, device }, manager);
    return userId;
  }

  /** Inside a flow's transaction: an account that is active at once. */
  async createActive(manager: EntityManager, draft: AccountDraft, facts: ActiveAccountFacts): Promise<UserId> {
    const { via, device, emailVerifiedAt, actor } = facts;
    const userId = await this.insert(manager, draft, { isActive: true, emailVerifiedAt }, device);
    const told = { userId, device, ...(actor && { actor }) };
    await this.events.record('user_created', told, manager);
    await this.events.record('user_activated', { ...told, reason: via }, manager);
    await this.hooks.within(manager, 'afterActivation', userId, { device, via });
    return userId;
  }

  /**
   * Where no mail could tell the owner instead, a taken address is said to be taken: level basic, modes C and D, which are
   * never for production, and operators.
   * @throws AuthError SIGNUP_EMAIL_TAKEN, or SIGNUP_CONFLICT where another unique column is taken
   */
  async openly<R>(email: string, create: (manager: EntityManager) => Promise<R>): Promise<R> {
    try {
      return await this.database.transaction(create);
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      const isTaken = await this.users.holdsEmail(email);
      throw new AuthError(isTaken ? 'SIGNUP_EMAIL_TAKEN' : 'SIGNUP_CONFLICT', { cause: error });
    }
  }

  private async insert(
    manager: EntityManager,
    { email, passwordHash, fields }: AccountDraft,
    state: { isActive: boolean; emailVerifiedAt: Date | null },
    device: Device,
  ): Promise<UserId> {
    const userId = await this.users.insert(manager, { email, passwordHash, ...state }, fields);
    await this.hooks.within(manager, 'afterSignup', userId, { device });
    return userId;
  }
}
