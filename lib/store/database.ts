import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { type DataSource, type EntityManager, QueryFailedError } from 'typeorm';
import { AuthError } from '../auth.errors.js';
import { databaseCode, isLocked, isTransient, isUnavailable, isUniqueViolation } from './database-errors.js';
import { SqliteTurns } from './sqlite-turns.js';

const MAX_RETRIES = 3;

/**
 * The one door to the application's data source. It retries what is worth retrying, answers what is not with a 5xx
 * that tells nothing, and keeps the single connection of SQLite safe.
 *
 * Inside `transaction` use the manager that is handed in and nothing else: no hashing, rendering, timers or
 * network, or a pool of one connection would wait for itself.
 */
export class Database {
  private readonly logger = new Logger('AuthDatabase');
  /** Where TypeORM has one connection for everybody. */
  private readonly turns?: SqliteTurns;
  /** What waits for the commit of each transaction under way. */
  private readonly afterwards = new WeakMap<EntityManager, (() => void)[]>();

  constructor(readonly dataSource: DataSource) {
    if (dataSource.options.type === 'better-sqlite3') this.turns = new SqliteTurns(dataSource);
  }

  /** Statements that only read. */
  read<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const read = () => work(this.dataSource.manager);
    return this.withRetries(() => this.turns?.read(read) ?? read());
  }

  /** One writing statement, committed by itself. */
  write<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.withRetries(() => this.inTurn(() => work(this.dataSource.manager)));
  }

  /**
   * All or nothing. May run again from the start after a deadlock, so `work` has no effect outside the database.
   * @throws the driver's error of a unique index, which is for the flow to understand; AuthError for everything else
   */
  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.withRetries(async () => {
      const afterwards: (() => void)[] = [];
      const result = await this.inTurn(() =>
        this.dataSource.transaction((manager) => {
          this.afterwards.set(manager, afterwards);
          return work(manager);
        }),
      );
      for (const run of afterwards) run();
      return result;
    });
  }

  /** Runs something that cannot fail when the manager's transaction is committed, and never if it is rolled back. */
  afterCommit(manager: EntityManager, run: () => void): void {
    const afterwards = this.afterwards.get(manager);
    if (afterwards) afterwards.push(run);
    else run();
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.turns?.write(work) ?? work();
  }

  private async withRetries<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        // A locked file has been waited for already.
        const isFinal = !isTransient(error) || isLocked(error) || attempt > MAX_RETRIES;
        if (isFinal) throw this.translate(error);
        await delay(attempt * (5 + Math.random() * 20));
      }
    }
  }

  /** The log names code and statement, never parameters: they hold addresses and hashes. */
  private translate(error: unknown): unknown {
    const isUnreachable = isUnavailable(error);
    if (!isUnreachable && (!(error instanceof QueryFailedError) || isUniqueViolation(error))) return error;
    const statement = error instanceof QueryFailedError ? ` in ${error.query}` : '';
    this.logger.error(`${databaseCode(error)}${statement}`);
    if (isUnreachable) return new AuthError('SERVICE_UNAVAILABLE');
    return new AuthError(isTransient(error) ? 'SERVICE_BUSY' : 'SERVICE_FAILED');
  }
}
