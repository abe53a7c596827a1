import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { type DataSource, type EntityManager, QueryFailedError } from 'typeorm';
import { AuthError } from '../../common/auth.errors.js';
import { dialectOf } from '../dialect.js';
import { databaseCode, isTransient, isUnavailable, isUniqueViolation } from './database-errors.js';

const MAX_RETRIES = 3;

/** SQLite only: how long a write waits for a transaction of the application to end. */
const FREE_CONNECTION_TIMEOUT_MS = 5_000;

/**
 * The one door to the application's data source. It retries what is worth retrying, answers what is not with a 5xx
 * that tells nothing, and keeps SQLite's single connection safe.
 *
 * Inside `transaction` use the manager that is handed in and nothing else: no hashing, rendering, timers or
 * network, or a pool of one connection would wait for itself.
 */
export class Database {
  private readonly logger = new Logger('AuthDatabase');
  /** SQLite only: the last write that was let in; the next one waits for it. */
  private tail: Promise<unknown> = Promise.resolve();
  private readonly sharesOneConnection: boolean;
  /** What waits for the commit of each write and transaction under way, by the manager it was given. */
  private readonly afterwards = new WeakMap<EntityManager, (() => void)[]>();

  constructor(readonly dataSource: DataSource) {
    this.sharesOneConnection = dialectOf(dataSource).sharesOneConnection;
  }

  /** Statements that only read. */
  read<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.withRetries(() => work(this.dataSource.manager));
  }

  /** One writing statement, committed by itself. */
  write<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    // A manager of its own: that of the data source is everybody's, and could not tell whose commit is awaited.
    return this.committing((enlist) => this.exclusively(() => work(enlist(this.dataSource.createEntityManager()))));
  }

  /**
   * All or nothing. May run again from the start after a deadlock, so `work` has no effect outside the database.
   * @throws the driver's error of a unique index, which is for the flow to understand; AuthError for everything else
   */
  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.committing((enlist) =>
      this.exclusively(() => this.dataSource.transaction((manager) => work(enlist(manager)))),
    );
  }

  /**
   * Runs something that cannot fail when what the manager was given for, by `write` or `transaction`, is committed, and
   * never if it failed. With any other manager nothing is awaited, and it runs at once.
   */
  afterCommit(manager: EntityManager, run: () => void): void {
    const afterwards = this.afterwards.get(manager);
    if (afterwards) afterwards.push(run);
    else run();
  }

  /** Each try enlists anew: what a failed one registered is dropped with it. */
  private async committing<T>(attempt: (enlist: (manager: EntityManager) => EntityManager) => Promise<T>): Promise<T> {
    let afterwards: (() => void)[] = [];
    const result = await this.withRetries(() => {
      const registered: (() => void)[] = (afterwards = []);
      return attempt((manager) => {
        this.afterwards.set(manager, registered);
        return manager;
      });
    });
    for (const run of afterwards) run();
    return result;
  }

  /**
   * TypeORM has one connection for a better-sqlite3 data source: a statement that lands between BEGIN and ROLLBACK
   * of somebody else is lost although it was acknowledged. So our writes go one after the other, each starting on a
   * fresh turn of the event loop with no transaction open. better-sqlite3 is synchronous, so a transaction that awaits
   * only its own statements ends on the turn it began: the application's statements cannot come between either.
   */
  private exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (!this.sharesOneConnection) return work();
    const turn = this.tail.then(() => this.connectionIsFree()).then(work);
    this.tail = turn.catch(() => undefined);
    return turn;
  }

  private async connectionIsFree(): Promise<void> {
    const runner = this.dataSource.createQueryRunner();
    const deadline = performance.now() + FREE_CONNECTION_TIMEOUT_MS;
    do {
      if (performance.now() > deadline) throw new AuthError('SERVICE_BUSY');
      await nextTurn();
    } while (runner.isTransactionActive);
  }

  private async withRetries<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!isTransient(error) || attempt > MAX_RETRIES) throw this.translate(error);
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
