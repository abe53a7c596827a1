import { Inject, Injectable, type Type } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type LimitedKey, type LimitReturn, LimitStore, type LimitVerdict, verdictOf } from '../../common/limit.js';
import { dialectOf } from '../dialect.js';
import type { BaseAuthLimit } from '../entities/base-auth-limit.entity.js';
import { Database } from './database.js';
import { firstState, hasOtherTries, stateAfterTry, stateWithoutTry } from './limit-sql.js';

/** Injection token of the application's limit entity; absent where tries are counted elsewhere. */
export const LIMIT_ENTITY = Symbol('LIMIT_ENTITY');

/** Rows deleted per statement: few, so that nobody waits for a lock. */
const BATCH = 500;

/** Table and columns, as statements spell them. */
interface Names {
  table: string;
  id: string;
  state: string;
  expiresAt: string;
}

/**
 * Counts in a table of the application's. Each count is a statement that commits itself, and never part of a flow's
 * transaction: what its rollback took back would be tries for nothing.
 */
@Injectable()
export class DatabaseLimits extends LimitStore {
  constructor(
    private readonly database: Database,
    @Inject(LIMIT_ENTITY) private readonly entity: Type<BaseAuthLimit>,
  ) {
    super();
  }

  async take(keys: readonly LimitedKey[], now: number): Promise<LimitVerdict[]> {
    const { dataSource } = this.database;
    const groups = dialectOf(dataSource).returnsChangedRows ? [keys] : keys.map((key) => [key]);
    const verdicts: LimitVerdict[] = [];
    for (const group of groups) verdicts.push(...(await this.takeTogether(group, now)));
    return verdicts;
  }

  async giveBack(returns: readonly LimitReturn[]): Promise<void> {
    const { dataSource } = this.database;
    const groups = dialectOf(dataSource).returnsChangedRows ? [returns] : returns.map((each) => [each]);
    for (const group of groups) {
      await this.database.write((manager) => {
        const ordered = inOrder(group);
        const keys = ordered.map(({ key }) => key);
        return manager.query(returning(manager, this.names(manager), ordered), [...keys, ...keys, ...keys]);
      });
    }
  }

  /** Deletes what is of no use any more, in small batches. */
  async deleteExpired(now: number): Promise<number> {
    for (let deleted = 0, found = BATCH; ; deleted += found) {
      if (found < BATCH) return deleted;
      const ids = await this.database.read((manager) => this.findExpired(manager, now));
      found = ids.length;
      if (found > 0) await this.database.write((manager) => this.delete(manager, ids, now));
    }
  }

  private async takeTogether(keys: readonly LimitedKey[], now: number): Promise<LimitVerdict[]> {
    const states = await this.database.write((manager) => this.upsert(manager, keys, now));
    return keys.map(({ key, budget }) => verdictOf(states.get(key)!, budget, now));
  }

  private async upsert(manager: EntityManager, keys: readonly LimitedKey[], now: number): Promise<Map<string, number>> {
    const names = this.names(manager);
    const ordered = inOrder(keys);
    const values = ordered.map(({ key }) => key);
    if (dialectOf(manager.connection).returnsChangedRows) {
      const rows: { id: string; state: string | number }[] = await manager.query(
        together(manager, names, ordered, now),
        [...values, ...values],
      );
      return new Map(rows.map(({ id, state }) => [id, Number(state)]));
    }
    const { insertId } = (await manager.query(alone(names, ordered[0]!, now), values)) as { insertId: number | bigint };
    return new Map([[values[0]!, Number(insertId)]]);
  }

  private async findExpired(manager: EntityManager, now: number): Promise<string[]> {
    const rows = manager
      .createQueryBuilder(this.entity, 'row')
      .select('row.id', 'id')
      .where('row.expiresAt <= :now', { now });
    return (await rows.limit(BATCH).getRawMany<{ id: string }>()).map(({ id }) => id);
  }

  /** One that was counted again meanwhile stays. */
  private async delete(manager: EntityManager, ids: string[], now: number): Promise<void> {
    const statement = manager.createQueryBuilder().delete().from(this.entity);
    await statement.where('id IN (:...ids) AND expiresAt <= :now', { ids, now }).execute();
  }

  private names({ connection }: EntityManager): Names {
    const metadata = connection.getMetadata(this.entity);
    const column = (property: string) =>
      connection.driver.escape(metadata.findColumnWithPropertyName(property)!.databaseName);
    const table = metadata.tablePath.split('.').map((part) => connection.driver.escape(part));
    return { table: table.join('.'), id: column('id'), state: column('state'), expiresAt: column('expiresAt') };
  }
}

/** One order for every statement, or two of them would wait for each other's rows. */
function inOrder<T extends { readonly key: string }>(keys: readonly T[]): T[] {
  return keys.toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

/** Counts several keys in one statement, which says what it made of each. */
function together({ connection }: EntityManager, names: Names, keys: readonly LimitedKey[], now: number): string {
  const { table, id, state, expiresAt } = names;
  const parameter = (index: number) => connection.driver.createParameter('', index);
  const rows = keys.map(({ budget }, index) => `(${parameter(index)}, ${firstState(now)}, ${now + budget.windowMs})`);
  const cases = keys.map(
    ({ budget }, index) =>
      `WHEN ${parameter(keys.length + index)} THEN ${stateAfterTry(`${table}.${state}`, budget, now)}`,
  );
  return (
    `INSERT INTO ${table} (${id}, ${state}, ${expiresAt}) VALUES ${rows.join(', ')} ON CONFLICT (${id}) DO UPDATE ` +
    `SET ${state} = CASE ${table}.${id} ${cases.join(' ')} END, ${expiresAt} = excluded.${expiresAt} ` +
    `RETURNING ${id} AS ${connection.driver.escape('id')}, ${state} AS ${connection.driver.escape('state')}`
  );
}

/** Counts one key where a statement returns no rows: what it made of the key comes back as the id of the insert. */
function alone({ table, id, state, expiresAt }: Names, { budget }: LimitedKey, now: number): string {
  const expires = now + budget.windowMs;
  return (
    `INSERT INTO ${table} (${id}, ${state}, ${expiresAt}) VALUES (?, LAST_INSERT_ID(${firstState(now)}), ${expires}) ` +
    `ON DUPLICATE KEY UPDATE ${state} = LAST_INSERT_ID(${stateAfterTry(state, budget, now)}), ${expiresAt} = ${expires}`
  );
}

/**
 * Gives tries of several keys back, or of one where a statement cannot change rows in the order of its values: an update of
 * several locks them in any order, and PostgreSQL deadlocked with tries of the same keys.
 */
function returning({ connection }: EntityManager, names: Names, returns: readonly LimitReturn[]): string {
  const { table, id, state, expiresAt } = names;
  const { returnsChangedRows } = dialectOf(connection);
  const column = (name: string) => (returnsChangedRows ? `${table}.${name}` : name);
  const parameter = (index: number) => connection.driver.createParameter('', index);
  const cases = (from: number, then: (each: LimitReturn) => string) =>
    `CASE ${column(id)} ${returns.map((each, index) => `WHEN ${parameter(from + index)} THEN ${then(each)}`).join(' ')} END`;
  const { length } = returns;
  // For the next cleanup: who names account after account from a refused network would fill the table for a month. Set
  // first, since MySQL would look at the state as it has become.
  const life = cases(0, ({ clears }) =>
    clears ? '0' : `CASE WHEN ${hasOtherTries(column(state))} THEN ${column(expiresAt)} ELSE 0 END`,
  );
  const left = cases(length, ({ clears }) => (clears ? '0' : stateWithoutTry(column(state))));
  const changes = `${expiresAt} = ${life}, ${state} = ${left}`;
  if (!returnsChangedRows) return `UPDATE ${table} SET ${changes} WHERE ${id} = ${parameter(2 * length)}`;
  const rows = returns.map((_, index) => `(${parameter(2 * length + index)}, 0, 0)`);
  return (
    `INSERT INTO ${table} (${id}, ${state}, ${expiresAt}) VALUES ${rows.join(', ')} ` +
    `ON CONFLICT (${id}) DO UPDATE SET ${changes}`
  );
}
