import { Inject, Injectable, type Type } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type LimitedKey, type LimitReturn, LimitStore, type LimitVerdict, verdictOf } from '../../common/limit.js';
import { dialectOf } from '../dialect.js';
import type { BaseAuthLimit } from '../entities/base-auth-limit.entity.js';
import { Database } from './database.js';
import { LIMIT_ENTITY, type LimitTable, limitTable } from './limit-table.js';
import { firstState, hasOtherTries, stateAfterTry, stateWithoutTries } from './limit-sql.js';

/** Rows deleted per statement: few, so that nobody waits for a lock. */
const BATCH = 500;

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
    const verdicts: LimitVerdict[] = [];
    for (const group of this.inOneStatement(keys)) {
      verdicts.push(...(await this.takeTogether(group, now)));
      if (!verdicts.at(-1)!.isAllowed) break;
    }
    return verdicts;
  }

  async giveBack(returns: readonly LimitReturn[]): Promise<void> {
    if (returns.length === 0) return;
    const ordered = inOrder(returns);
    const keys = ordered.map(({ key }) => key);
    await this.database.write((manager) =>
      manager.query(returning(manager, limitTable(manager, this.entity), ordered), [...keys, ...keys, ...keys]),
    );
  }

  /** By a look at the table, as giving back would write a row. */
  override async verify(): Promise<void> {
    await this.database.look((manager) => {
      const { table, id } = limitTable(manager, this.entity);
      return manager.query(`SELECT ${id} FROM ${table} WHERE 1 = 0`);
    });
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

  /**
   * One statement locks the rows of several keys, and must do so in the order of everybody, or two of them would wait for
   * each other.
   */
  private inOneStatement(keys: readonly LimitedKey[]): (readonly LimitedKey[])[] {
    const isOrdered = inOrder(keys).every((key, index) => key === keys[index]);
    return isOrdered && dialectOf(this.database.dataSource).composesWrites ? [keys] : keys.map((key) => [key]);
  }

  private async takeTogether(keys: readonly LimitedKey[], now: number): Promise<LimitVerdict[]> {
    const states = await this.database.write((manager) => this.upsert(manager, keys, now));
    const tried = keys.filter(({ key }) => states.has(key));
    return tried.map(({ key, budget }) => verdictOf(states.get(key)!, budget, now));
  }

  private async upsert(manager: EntityManager, keys: readonly LimitedKey[], now: number): Promise<Map<string, number>> {
    const names = limitTable(manager, this.entity);
    const values = keys.map(({ key }) => key);
    if (dialectOf(manager.connection).returnsChangedRows) {
      const rows: { id: string; state: string | number }[] = await manager.query(
        chained(manager, names, keys, now),
        values,
      );
      return new Map(rows.map(({ id, state }) => [id, Number(state)]));
    }
    const { insertId } = (await manager.query(alone(names, keys[0]!, now), values)) as { insertId: number | bigint };
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
}

/** One order for every statement, or two of them would wait for each other's rows. */
function inOrder<T extends { readonly key: string }>(keys: readonly T[]): T[] {
  return keys.toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

/**
 * Counts keys in one statement, which says what it made of each: every key reads what became of the one before it, and is
 * tried only where that was allowed.
 */
function chained(
  { connection: { driver } }: EntityManager,
  { table, id, state, expiresAt }: LimitTable,
  keys: readonly LimitedKey[],
  now: number,
): string {
  const [idName, stateName] = [driver.escape('id'), driver.escape('state')];
  const tries = keys.map(({ budget }, index) => {
    const row = `${driver.createParameter('', index)}, ${firstState(now)}, ${now + budget.windowMs}`;
    const source = index === 0 ? `VALUES (${row})` : `SELECT ${row} FROM try${index - 1} WHERE (${stateName} & 1) = 0`;
    return (
      `INSERT INTO ${table} (${id}, ${state}, ${expiresAt}) ${source} ON CONFLICT (${id}) DO UPDATE ` +
      `SET ${state} = ${stateAfterTry(`${table}.${state}`, budget, now)}, ${expiresAt} = excluded.${expiresAt} ` +
      `RETURNING ${id} AS ${idName}, ${state} AS ${stateName}`
    );
  });
  if (tries.length === 1) return tries[0]!;
  const results = tries.map((_, index) => `SELECT ${idName}, ${stateName} FROM try${index}`);
  return `WITH ${tries.map((sql, index) => `try${index} AS (${sql})`).join(', ')} ${results.join(' UNION ALL ')}`;
}

/** Counts one key where a statement returns no rows: what it made of the key comes back as the id of the insert. */
function alone({ table, id, state, expiresAt }: LimitTable, { budget }: LimitedKey, now: number): string {
  const expires = now + budget.windowMs;
  return (
    `INSERT INTO ${table} (${id}, ${state}, ${expiresAt}) VALUES (?, LAST_INSERT_ID(${firstState(now)}), ${expires}) ` +
    `ON DUPLICATE KEY UPDATE ${state} = LAST_INSERT_ID(${stateAfterTry(state, budget, now)}), ${expiresAt} = ${expires}`
  );
}

/**
 * Gives tries of several keys back, in one order: PostgreSQL would lock the rows of an update as it meets them, and
 * deadlocked with others, so it is an insert there, which takes its values in turn. InnoDB goes by the primary key.
 */
function returning({ connection }: EntityManager, names: LimitTable, returns: readonly LimitReturn[]): string {
  const { table, id, state, expiresAt } = names;
  const { returnsChangedRows } = dialectOf(connection);
  const column = (name: string) => (returnsChangedRows ? `${table}.${name}` : name);
  const parameter = (index: number) => connection.driver.createParameter('', index);
  const cases = (from: number, then: (tries: number) => string) => {
    const arms = returns.map(
      ({ tries }, index) => `WHEN ${parameter(from + index)} THEN ${tries === 'all' ? '0' : then(tries)}`,
    );
    return `CASE ${column(id)} ${arms.join(' ')} END`;
  };
  // For the next cleanup: who names account after account from a refused network would fill the table for a month. Set
  // first, since MySQL would look at the state as it has become.
  const life = cases(
    0,
    (tries) => `CASE WHEN ${hasOtherTries(column(state), tries)} THEN ${column(expiresAt)} ELSE 0 END`,
  );
  const { length } = returns;
  const left = cases(length, (tries) => stateWithoutTries(column(state), tries));
  const changes = `${expiresAt} = ${life}, ${state} = ${left}`;
  const keys = returns.map((_, index) => parameter(2 * length + index));
  if (!returnsChangedRows) return `UPDATE ${table} SET ${changes} WHERE ${id} IN (${keys.join(', ')})`;
  const rows = keys.map((key) => `(${key}, 0, 0)`).join(', ');
  return `INSERT INTO ${table} (${id}, ${state}, ${expiresAt}) VALUES ${rows} ON CONFLICT (${id}) DO UPDATE SET ${changes}`;
}
