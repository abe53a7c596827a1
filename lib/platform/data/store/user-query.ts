import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { Account } from '../entities/base-user.entity.js';
import type { UserColumns } from '../entities/user-columns.js';

/** Whom a row is written for: narrows a query over users. */
export type Owner = (users: UserQuery) => UserQuery;

/** A query over users under the alias `user`, narrowed in the names of Account; every condition must hold. */
export class UserQuery {
  constructor(
    readonly builder: SelectQueryBuilder<ObjectLiteral>,
    private readonly columns: UserColumns,
  ) {}

  /** @param condition properties that must be equal, or SQL that speaks of `user.email` and the like */
  where(condition: string | Partial<Account>, parameters?: ObjectLiteral): this {
    const own = typeof condition === 'string' ? this.columns.translate(condition) : this.columns.toEntity(condition);
    this.builder.andWhere(own, parameters);
    return this;
  }

  /** Narrows users to one, or to none in the same statement. */
  whereKey(id: Account['id'] | undefined): this {
    return this.where('user.id = :key', { key: id ?? null });
  }

  /**
   * Narrows users to the one the address is taken by. One that waits for its activation has proved nothing; one that the
   * application has soft-deleted keeps the address, by its unique index.
   */
  whereHolds(email: string): this {
    this.builder.withDeleted();
    return this.where('user.email = :address', { address: email }).where(
      '(user.isActive = :held OR user.emailVerifiedAt IS NOT NULL)',
      { held: true },
    );
  }

  /** Narrows users to those whom a mailed link may still serve: active, or waiting for their first link. */
  whereReachable(): this {
    return this.where('(user.isActive = :reachable OR user.emailVerifiedAt IS NULL)', { reachable: true });
  }

  /** Narrows users to those who wait for their first link. */
  wherePending(): this {
    return this.where({ isActive: false }).where('user.emailVerifiedAt IS NULL');
  }

  /** The first account found, with its password hash if `withHash` says so. */
  async getOne(withHash = false): Promise<Account | null> {
    const entity = await this.getEntity(withHash);
    return entity && this.columns.toAccount(entity);
  }

  /** The application's own entity, as its handlers see it. */
  getEntity(withHash = false): Promise<ObjectLiteral | null> {
    if (withHash) this.builder.addSelect(this.columns.translate('user.passwordHash'));
    return this.builder.getOne();
  }

  /** The SQL of a subquery that selects `selection`. Its parameters are the caller's to pass. */
  subquery(selection: string): string {
    return this.builder.select(this.columns.translate(selection)).getQuery();
  }
}
