import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import type { TokenPurpose } from '../../common/purposes.js';
import type { UserId } from '../entities/base-user.entity.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from './account-entities.js';
import { isForeignKeyViolation } from './database-errors.js';
import { Database } from './database.js';
import { UsersStore } from './users.store.js';

/** What cleanup must know of a token row. Instants in milliseconds since the epoch. */
export interface AgingRow {
  id: string;
  userId: UserId;
  createdAt: number;
  expiresAt: number;
  /** True for the link of a signup that was neither followed nor ended: its account still waits for it. */
  isOpenSignup: boolean;
}

/** Drivers differ in how they return a bigint. */
interface RawRow {
  id: string;
  user_id: UserId;
  purpose: TokenPurpose;
  created_at: string | number;
  expires_at: string | number;
  used_at: string | number | null;
  revoked_at: string | number | null;
}

/** What became of an account that was to be deleted: `kept` where it may still be activated, `none` where it waits no more. */
export type AbandonedOutcome = 'deleted' | 'kept' | 'none';

/** Rows of the application refer to an account that should go. */
export class AccountInUse extends Error {}

/** Reads and deletes what nobody needs any more: old token rows, and accounts that were never activated. */
@Injectable()
export class ExpiredRowsStore {
  constructor(
    private readonly database: Database,
    private readonly users: UsersStore,
    private readonly clock: Clock,
    @Inject(ACCOUNT_ENTITIES) private readonly entities: AccountEntities,
  ) {}

  /** The token rows with keys behind `after` and up to `last`, in order of their keys, `limit` at most. */
  async findRows(after: string | undefined, last: string | undefined, limit: number): Promise<AgingRow[]> {
    const rows = await this.database.read((manager) => {
      const query = manager
        .createQueryBuilder(this.entities.token, 'token')
        .select('token.id', 'id')
        .addSelect('token.user', 'user_id')
        .addSelect('token.purpose', 'purpose')
        .addSelect('token.createdAt', 'created_at')
        .addSelect('token.expiresAt', 'expires_at')
        .addSelect('token.usedAt', 'used_at')
        .addSelect('token.revokedAt', 'revoked_at')
        .orderBy('token.id')
        .limit(limit);
      if (after !== undefined) query.andWhere('token.id > :after', { after });
      if (last !== undefined) query.andWhere('token.id <= :last', { last });
      return query.getRawMany<RawRow>();
    });
    return rows.map((row) => ({
      id: row.id,
      userId: row.user_id,
      createdAt: Number(row.created_at),
      expiresAt: Number(row.expires_at),
      isOpenSignup: row.purpose === 'activation' && row.used_at === null && row.revoked_at === null,
    }));
  }

  /** Deletes token rows by key. */
  async deleteRows(ids: readonly string[]): Promise<void> {
    await this.database.write((manager) =>
      manager
        .createQueryBuilder()
        .delete()
        .from(this.entities.token)
        .whereInIds([...ids])
        .execute(),
    );
  }

  /**
   * Deletes an account that still waits for its activation and has no link that could bring it, nor signup made since
   * `since`. The account is locked first, so that whatever would give it a link waits, and then finds nobody.
   * @throws AccountInUse where a foreign key of the application keeps it
   */
  deleteAbandoned(id: UserId, since: Date): Promise<AbandonedOutcome> {
    return this.database.transaction(async (manager) => {
      if (!(await this.users.takePending(manager, { id }))) return 'none';
      // A statement of its own: the one before may have waited, and would not see what was committed meanwhile.
      if (await this.mayBeActivated(manager, id, since)) return 'kept';
      try {
        await this.users.deletePending(manager, { id });
      } catch (error) {
        throw isForeignKeyViolation(error) ? new AccountInUse() : error;
      }
      return 'deleted';
    });
  }

  private async mayBeActivated(manager: EntityManager, userId: UserId, since: Date): Promise<boolean> {
    const live = 'token.tokenHash IS NOT NULL AND token.expiresAt > :now';
    const recent = "token.purpose = 'activation' AND token.createdAt >= :since";
    const found = await manager
      .createQueryBuilder(this.entities.token, 'token')
      .select('1', 'found')
      .where('token.user = :userId AND token.usedAt IS NULL AND token.revokedAt IS NULL', { userId })
      .andWhere(`(${live} OR ${recent})`, { now: this.clock.now(), since: since.getTime() })
      .limit(1)
      .getRawOne<object>();
    return found !== undefined;
  }
}
