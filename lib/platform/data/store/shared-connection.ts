import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { AuthError } from '../../common/auth.errors.js';
import { isLocked } from './database-errors.js';

/** How long a statement waits for a transaction of the application, or of another process, to end. */
const PATIENCE_MS = 5_000;

/** Between two looks whether the wait is over; the first come sooner. */
const MAX_PAUSE_MS = 10;

/** The part of better-sqlite3's connection that is used beside TypeORM. */
interface Connection {
  readonly open: boolean;
  readonly inTransaction: boolean;
  prepare(sql: string): { pluck(): { get(): unknown } };
}

/** The part of TypeORM's one query runner for that connection that it does not show. */
interface Runner {
  isTransactionActive: boolean;
  transactionDepth: number;
}

/**
 * TypeORM has one connection for a better-sqlite3 data source, which the application shares: a statement that lands
 * between BEGIN and ROLLBACK of somebody else is lost although it was acknowledged. So writes go one after the other,
 * each starting on a fresh turn of the event loop with no transaction open. better-sqlite3 is synchronous, so a
 * transaction that awaits only its own statements ends on the turn it began: the application's statements cannot come
 * between either.
 *
 * Waiting never holds the event loop up. better-sqlite3 would stand still for seconds where another process has locked
 * the file; while a statement of ours runs, it is told not to wait at all.
 */
export class SharedConnection {
  /** The last write that was let in; the next one waits for it. */
  private tail: Promise<unknown> = Promise.resolve();
  /** Works under way on a connection that does not wait. */
  private impatient = 0;
  /** How long it waited before, in milliseconds. */
  private busyTimeout = 0;
  /** By connection and SQL: compiling a pragma costs ten times as much as running it. */
  private readonly pragmas = new WeakMap<Connection, Map<string, { get(): unknown }>>();

  constructor(private readonly dataSource: DataSource) {}

  /**
   * Reads, as soon as no other process has locked the file.
   * @throws the driver's error where that takes longer than {@link PATIENCE_MS}
   */
  read<T>(work: () => Promise<T>): Promise<T> {
    return this.untilUnlocked(work, performance.now() + PATIENCE_MS);
  }

  /**
   * The same in turn, and outside any transaction.
   * @throws AuthError SERVICE_BUSY where one of the application stays open for longer
   */
  write<T>(work: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + PATIENCE_MS;
    const mustWait = () => {
      this.forgetEndedTransaction();
      return this.isInTransaction();
    };
    const turn = this.tail.then(() => this.untilUnlocked(work, deadline, mustWait));
    // After a failure as well: the application may be the next to begin a transaction.
    this.tail = turn.catch(() => nextTurn()).then(() => this.forgetEndedTransaction());
    return turn;
  }

  private async untilUnlocked<T>(work: () => Promise<T>, deadline: number, mustWait?: () => boolean): Promise<T> {
    for (let pause = 1; ; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
      // A read may go on at once.
      if (mustWait) await nextTurn();
      const isLate = performance.now() > deadline;
      if (!mustWait?.()) {
        try {
          return await this.withoutWaiting(work);
        } catch (error) {
          if (isLate || !isLocked(error)) throw error;
        }
      } else if (isLate) throw new AuthError('SERVICE_BUSY');
      await delay(pause);
    }
  }

  /** SQLite's own word: the runner of TypeORM believes in a transaction for ever whose BEGIN has failed. */
  private isInTransaction(): boolean {
    return this.connection?.inTransaction ?? false;
  }

  /**
   * SQLite ends a transaction by itself where the disk is full or fails. The ROLLBACK of TypeORM's runner then fails, and
   * the runner believes in the transaction for ever: it would begin the next one as a savepoint in none, whose rollback
   * leaves a transaction open in which everything that follows is acknowledged and lost.
   */
  private forgetEndedTransaction(): void {
    const { queryRunner } = this.driver;
    if (!queryRunner || queryRunner.transactionDepth === 0 || this.isInTransaction()) return;
    queryRunner.transactionDepth = 0;
    queryRunner.isTransactionActive = false;
  }

  /** None while the data source is closed. */
  private get connection(): Connection | undefined {
    return this.driver.databaseConnection;
  }

  private get driver(): { databaseConnection?: Connection; queryRunner?: Runner } {
    return this.dataSource.driver as { databaseConnection?: Connection; queryRunner?: Runner };
  }

  /** The connection is the application's: its own statements find it as they left it. */
  private async withoutWaiting<T>(work: () => Promise<T>): Promise<T> {
    const { connection } = this;
    // The work itself knows what to say of a connection that is closed.
    if (!connection?.open) return work();
    if (this.impatient++ === 0) {
      this.busyTimeout = Number(this.pragma(connection, 'busy_timeout'));
      this.pragma(connection, 'busy_timeout = 0');
    }
    try {
      return await work();
    } finally {
      if (--this.impatient === 0 && connection.open) this.pragma(connection, `busy_timeout = ${this.busyTimeout}`);
    }
  }

  private pragma(connection: Connection, text: string): unknown {
    const prepared = this.pragmas.get(connection) ?? new Map<string, { get(): unknown }>();
    const statement = prepared.get(text) ?? connection.prepare(`PRAGMA ${text}`).pluck();
    this.pragmas.set(connection, prepared.set(text, statement));
    return statement.get();
  }
}
