import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { type DataSource, type EntityManager, QueryFailedError } from 'typeorm';
import { AuthError } from '../../common/auth.errors.js';
import { dialectOf } from '../dialect.js';
import { databaseCode, isLocked, isTransient, isUnavailable, isUniqueViolation } from './database-errors.js';
import { SharedConnection } from './shared-connection.js';

/** Ten requests that change the same rows at once deadlock with each other on MariaDB several times before one is through. */
const MAX_RETRIES = 5;

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
  private readonly turns?: SharedConnection;
  /** What waits for the commit of each write and transaction under way, by the manager it was given. */
  private readonly afterwards = new WeakMap<EntityManager, (() => void)[]>();

  constructor(readonly dataSource: DataSource) {
    if (dialectOf(dataSource).sharesOneConnection) this.turns = new SharedConnection(dataSource);
  }

  /** Statements that only read. */
  read<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const read = () => work(this.dataSource.manager);
    return this.withRetries(() => this.turns?.read(read) ?? read());
  }

  /** One writing statement, committed by itself. */
  write<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    // A manager of its own: that of the data source is everybody's, and could not tell whose commit is awaited.
    return this.committing((enlist) => this.inTurn(() => work(enlist(this.dataSource.createEntityManager()))));
  }

  /**
   * All or nothing. May run again from the start after a deadlock, so `work` has no effect outside the database.
   * @throws the driver's error of a unique index, which is for the flow to understand; AuthError for everything else
   */
  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.committing((enlist) =>
      this.inTurn(() => this.dataSource.transaction((manager) => work(enlist(manager)))),
    );
  }

  /**
   * A read whose failure is what is looked for: without retries, and nothing is logged.
   * @throws the driver's own error
   */
  look<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const look = () => work(this.dataSource.manager);
    return this.turns?.read(look) ?? look();
  }

  /**
   * Runs statements and takes back whatever they did: for finding out whether they could run at all. Without retries.
   * @throws the driver's own error
   */
  rehearse<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.inTurn(async () => {
      const runner = this.dataSource.createQueryRunner();
      try {
        await runner.startTransaction();
        return await work(runner.manager);
      } finally {
        // A connection that broke has nothing to take back, and the error that says so is the one to throw.
        if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
        await runner.release().catch(() => undefined);
      }
    });
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
    const result = await this.withRetries(() =>
      attempt((manager) => {
        this.afterwards.set(manager, (afterwards = []));
        return manager;
      }),
    );
    for (const run of afterwards) run();
    return result;
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
