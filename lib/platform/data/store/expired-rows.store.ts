import { Inject, Injectable } from '@nestjs/common';
import type { TokenPurpose } from '../../common/purposes.js';
import type { UserId } from '../entities/base-user.entity.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from './account-entities.js';
import { Database } from './database.js';

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

/** Reads the token table in the order of its keys, and deletes what nobody needs any more. */
@Injectable()
export class ExpiredRowsStore {
  constructor(
    private readonly database: Database,
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
}
