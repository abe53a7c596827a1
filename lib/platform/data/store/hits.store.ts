import { Inject, Injectable, type Type } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { dialectOf } from '../dialect.js';
import type { BaseAuthLimit } from '../entities/base-auth-limit.entity.js';
import { Database } from './database.js';
import { firstHit, type HitBudget, type HitVerdict, stateAfterHit, verdictOfHit } from './hit-sql.js';
import { LIMIT_ENTITY, type LimitTable, limitTable } from './limit-table.js';

/**
 * Counts what the application limits by itself, in the table of the tries and under keys of its own. Each hit is one
 * statement that commits by itself, so that of any number of parallel ones no two read the same count.
 */
@Injectable()
export class DatabaseHits {
  constructor(
    private readonly database: Database,
    @Inject(LIMIT_ENTITY) private readonly entity: Type<BaseAuthLimit>,
  ) {}

  /**
   * Counts a hit; one that is too many counts once for each block.
   * @param key at most 64 characters of ASCII
   * @param now milliseconds since the epoch
   */
  async count(key: string, budget: HitBudget, now: number): Promise<HitVerdict> {
    const left = await this.database.write((manager) => this.upsert(manager, key, budget, now));
    return verdictOfHit(BigInt(left), now);
  }

  private async upsert(manager: EntityManager, key: string, budget: HitBudget, now: number): Promise<string> {
    const names = limitTable(manager, this.entity);
    if (dialectOf(manager.connection).returnsChangedRows) {
      const rows: { state: string }[] = await manager.query(returning(manager, names, budget, now), [key]);
      return rows[0]!.state;
    }
    const { insertId } = (await manager.query(inserting(names, budget, now), [key])) as { insertId: number | string };
    return String(insertId);
  }
}

/** As text, since the driver of SQLite, and that of PostgreSQL where it is told to, would make a double of it. */
function returning({ connection }: EntityManager, names: LimitTable, budget: HitBudget, now: number): string {
  const { table, id, state, expiresAt } = names;
  return (
    `INSERT INTO ${table} (${id}, ${state}, ${expiresAt}) ` +
    `VALUES (${connection.driver.createParameter('', 0)}, ${firstHit(budget, now)}, ${lifeOf(budget, now)}) ` +
    `ON CONFLICT (${id}) DO UPDATE SET ${state} = ${stateAfterHit(`${table}.${state}`, budget, now)}, ` +
    `${expiresAt} = ${longerLife(`${table}.${expiresAt}`, budget, now)} ` +
    `RETURNING CAST(${state} AS TEXT) AS ${connection.driver.escape('state')}`
  );
}

/** Where a statement returns no rows, the state comes back as the id of the insert: from the driver as text where it must. */
function inserting({ table, id, state, expiresAt }: LimitTable, budget: HitBudget, now: number): string {
  return (
    `INSERT INTO ${table} (${id}, ${state}, ${expiresAt}) ` +
    `VALUES (?, LAST_INSERT_ID(${firstHit(budget, now)}), ${lifeOf(budget, now)}) ` +
    `ON DUPLICATE KEY UPDATE ${state} = LAST_INSERT_ID(${stateAfterHit(state, budget, now)}), ` +
    `${expiresAt} = ${longerLife(expiresAt, budget, now)}`
  );
}

/** Twice as long as it must be: a life that every hit made longer would change the index at every hit. */
function lifeOf(budget: HitBudget, now: number): number {
  return now + 2 * longest(budget);
}

function longerLife(column: string, budget: HitBudget, now: number): string {
  return `CASE WHEN ${column} >= ${now + longest(budget)} THEN ${column} ELSE ${lifeOf(budget, now)} END`;
}

function longest({ windowMs, blockMs }: HitBudget): number {
  return Math.max(windowMs, blockMs);
}
