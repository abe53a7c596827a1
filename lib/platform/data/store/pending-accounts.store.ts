import { Inject, Injectable } from '@nestjs/common';
import type { DeleteQueryBuilder, EntityManager, ObjectLiteral, SelectQueryBuilder, UpdateQueryBuilder } from 'typeorm';
import { Clock } from '../../common/clock.js';
import type { BaseUserToken, SignupPayload } from '../entities/base-user-token.entity.js';
import type { UserId } from '../entities/base-user.entity.js';
import { UserColumns } from '../entities/user-columns.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from './account-entities.js';
import { isForeignKeyViolation } from './database-errors.js';
import { Database } from './database.js';
import { UsersStore, type WhichAccount } from './users.store.js';

/**
 * What became of an account that nobody activated: `deleted`; `waiting` where a link of its still can be followed, or a
 * signup for it is recent; `kept` where it is active by now, deactivated, or none that a signup made.
 */
export type PendingOutcome = 'deleted' | 'waiting' | 'kept';

/** Rows of the application refer to an account that should go. */
export class AccountInUse extends Error {}

/**
 * Ends accounts that wait for their activation. Only those that a signup made: an inactive account of before the module
 * looks the same once somebody has signed up with its address, and is the application's to keep.
 */
@Injectable()
export class PendingAccountsStore {
  constructor(
    private readonly database: Database,
    private readonly users: UsersStore,
    private readonly clock: Clock,
    private readonly columns: UserColumns,
    @Inject(ACCOUNT_ENTITIES) private readonly entities: AccountEntities,
  ) {}

  /**
   * Removes the account that waits under an address somebody else has just proved. Without this, a stranger's signup would
   * keep the owner of a mailbox from moving to it, or from returning to it after a takeover.
   */
  async makeWay(manager: EntityManager, email: string): Promise<void> {
    if (!(await this.lock(manager, { email }))) return;
    const account = await this.users.findByEmail(email, manager);
    if (account && (await this.isOfSignup(manager, account.id))) await this.delete(manager, account.id);
  }

  /**
   * Ends what nobody has activated: the account where `deletes` says so and a signup made it, else the signups that wait
   * for it. All of them at once: a resend hands out the one signup that waits for an address, which must not be a
   * stranger's because the owner's was older (pre-hijacking). The account is locked first, so that whatever would give it a
   * link waits, and then finds what has become of it.
   * @param since a signup made since then lets the account wait on
   * @throws AccountInUse where a foreign key of the application keeps it
   */
  endAbandoned(id: UserId, since: Date, deletes: boolean): Promise<PendingOutcome> {
    return this.database.transaction(async (manager) => {
      if (!(await this.lock(manager, { id }))) return 'kept';
      // A statement of its own: the one before may have waited, and would not see what was committed meanwhile.
      if (await this.mayBeActivated(manager, id, since)) return 'waiting';
      if (!deletes || !(await this.isOfSignup(manager, id))) {
        await this.deleteTokens(manager).where(openSignups(''), { id }).execute();
        return 'kept';
      }
      try {
        await this.delete(manager, id);
      } catch (error) {
        throw isForeignKeyViolation(error) ? new AccountInUse() : error;
      }
      return 'deleted';
    });
  }

  private async mayBeActivated(manager: EntityManager, id: UserId, since: Date): Promise<boolean> {
    const live = 'token.tokenHash IS NOT NULL AND token.expiresAt > :now';
    const recent = "token.purpose = 'activation' AND token.createdAt >= :since";
    const found = await this.tokens(manager)
      .select('1', 'found')
      .where('token.user = :id AND token.usedAt IS NULL AND token.revokedAt IS NULL', { id })
      .andWhere(`(${live} OR ${recent})`, { now: this.clock.now(), since: since.getTime() })
      .limit(1)
      .getRawOne<object>();
    return found !== undefined;
  }

  private async isOfSignup(manager: EntityManager, id: UserId): Promise<boolean> {
    const signups = await this.tokens(manager)
      .select('token.payload', 'payload')
      .where(openSignups('token.'), { id })
      .getRawMany<{ payload: string | null }>();
    return signups.some(
      ({ payload }) => payload !== null && (JSON.parse(payload) as SignupPayload).madeAccount === true,
    );
  }

  /** @returns false where no account waits under that name */
  private async lock(manager: EntityManager, which: WhichAccount): Promise<boolean> {
    const statement = manager
      .createQueryBuilder()
      .update(this.entities.user)
      .set(this.columns.toEntity({ isActive: false }));
    return (await this.wherePending(statement, which).execute()).affected === 1;
  }

  /** The token rows go first: the application's foreign key may lack the cascade. */
  private async delete(manager: EntityManager, id: UserId): Promise<void> {
    await this.deleteTokens(manager).where('user = :id', { id }).execute();
    await this.wherePending(manager.createQueryBuilder().delete().from(this.entities.user), { id }).execute();
  }

  private wherePending<B extends UpdateQueryBuilder<ObjectLiteral> | DeleteQueryBuilder<ObjectLiteral>>(
    statement: B,
    which: WhichAccount,
  ): B {
    statement.where(this.columns.toEntity({ ...which, isActive: false }));
    statement.andWhere(`${this.columns.nameOf('emailVerifiedAt')} IS NULL`);
    return statement;
  }

  private tokens(manager: EntityManager): SelectQueryBuilder<BaseUserToken> {
    return manager.createQueryBuilder(this.entities.token, 'token');
  }

  private deleteTokens(manager: EntityManager): DeleteQueryBuilder<BaseUserToken> {
    return manager.createQueryBuilder().delete().from(this.entities.token);
  }
}

/** The signups that wait for the activation of the account `:id`. */
function openSignups(alias: '' | 'token.'): string {
  const isOpen = `${alias}usedAt IS NULL AND ${alias}revokedAt IS NULL`;
  return `${alias}user = :id AND ${alias}purpose = 'activation' AND ${isOpen}`;
}
