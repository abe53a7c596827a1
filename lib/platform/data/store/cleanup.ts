import {
  Inject,
  Injectable,
  Logger,
  Optional,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { AuthError } from '../../common/auth.errors.js';
import { Clock } from '../../common/clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../../config/auth-config.js';
import type { UserId } from '../entities/base-user.entity.js';
import { type AgingRow, ExpiredRowsStore } from './expired-rows.store.js';
import { DatabaseLimits } from './limits.store.js';
import { AccountInUse, PendingAccountsStore, type PendingOutcome } from './pending-accounts.store.js';

/** Rows read and deleted per statement: small, so that nobody waits for a lock. */
const BATCH = 500;

/**
 * How long an expired row is kept, to tell "already active" from "unknown" and for questions; also how long a range of
 * rows is left alone after it was read. In milliseconds.
 */
const RETENTION_MS = 24 * 3600 * 1000;

/** Accounts that foreign keys keep and the log has named. */
const NAMED_AT_MOST = 10_000;

/** A range of the token table's key, from behind the range before it to `last`, or to the end of the table. */
interface Range {
  readonly last?: string;
  /** When the first of its rows can be deleted. In milliseconds since the epoch. */
  readonly dueAt: number;
}

/** One walk over what is due. */
interface Round {
  readonly now: number;
  /** Token rows that were deleted, without those of deleted accounts. */
  rows: number;
  /** Accounts that were deleted. */
  accounts: number;
  /** Accounts that rows of the application keep. */
  readonly inUse: UserId[];
}

/**
 * Deletes sessions, links and notices that expired a day ago, and accounts that nobody activated. Nothing depends on it:
 * an expired row is refused whether it is still there or not, and a row that could tell a replay from a genuine token has
 * not expired.
 *
 * It walks the token table along its time-ordered key and remembers for each range of rows when the first of them can be
 * deleted, so that live sessions are not read again in every round. An account is found by the links of its signups, which
 * are kept as long as the account may wait. None is ever deleted but by the link of the signup that made it: what the
 * application had before it had this module stays, whoever signed up with its address since.
 */
@Injectable()
export class Cleanup implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('AuthCleanup');
  private readonly named = new LRUCache<string, true>({ max: NAMED_AT_MOST });
  private timer?: NodeJS.Timeout;
  private underWay?: Promise<Pick<Round, 'rows' | 'accounts'>>;
  /** In the order of their keys. */
  private resting: readonly Range[] = [];

  constructor(
    private readonly store: ExpiredRowsStore,
    private readonly pending: PendingAccountsStore,
    private readonly clock: Clock,
    // Named, since the compiler tells Nest nothing of a type that may be null.
    @Optional() @Inject(DatabaseLimits) private readonly limits: DatabaseLimits | null,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  onApplicationBootstrap(): void {
    const { intervalSeconds } = this.config.cleanup;
    if (intervalSeconds > 0) this.timer = setInterval(() => void this.run(), intervalSeconds * 1000).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /**
   * One round, over every range that is due and what was added since; the one that is under way, if there is one.
   * @returns how many token rows and accounts were deleted
   */
  run(): Promise<Pick<Round, 'rows' | 'accounts'>> {
    this.underWay ??= this.round().finally(() => {
      this.underWay = undefined;
    });
    return this.underWay;
  }

  private async round(): Promise<Pick<Round, 'rows' | 'accounts'>> {
    const round: Round = { now: this.clock.now(), rows: 0, accounts: 0, inUse: [] };
    try {
      await this.walk(round);
      await this.limits?.deleteExpired(round.now);
    } catch {
      // The cause is in the log already; the next round tries again.
      this.logger.warn('could not delete expired rows');
    }
    this.nameInUse(round.inUse.map(String));
    return { rows: round.rows, accounts: round.accounts };
  }

  private async walk(round: Round): Promise<void> {
    const resting: Range[] = [];
    let after: string | undefined;
    for (const range of this.ranges(round.now)) {
      if (range.dueAt > round.now) resting.push(range);
      else await this.clean(after, range.last, round, resting);
      after = range.last;
    }
    this.resting = resting;
  }

  /** The whole key; ranges that are due and lie side by side become one. */
  private *ranges(now: number): Generator<Range> {
    let due: Range | undefined;
    for (const range of this.resting) {
      if (range.dueAt > now && due) yield due;
      due = range.dueAt > now ? undefined : range;
      if (!due) yield range;
    }
    yield { dueAt: now };
  }

  /** Reads from behind `start` up to `last` and deletes what it may. What is left rests, a batch to a range. */
  private async clean(start: string | undefined, last: string | undefined, round: Round, resting: Range[]) {
    for (let after = start, isFull = true; isFull;) {
      const batch = await this.store.findRows(after, last, BATCH);
      const left = await this.deleteFrom(batch, round);
      isFull = batch.length === BATCH;
      after = isFull ? batch.at(-1)!.id : last;
      // The end of the table grows, so it is not remembered.
      if (after !== undefined && left.length > 0) resting.push({ last: after, dueAt: this.dueAt(left, round.now) });
    }
  }

  /** Returns the rows that stay. */
  private async deleteFrom(batch: AgingRow[], round: Round): Promise<AgingRow[]> {
    const old = batch.filter((row) => this.deletableAt(row) <= round.now);
    const accounts = new Map<UserId, PendingOutcome>();
    for (const { userId } of old.filter((row) => row.isOpenSignup)) {
      if (!accounts.has(userId)) accounts.set(userId, await this.endAccount(userId, round));
    }
    const outcome = (row: AgingRow) => (row.isOpenSignup ? accounts.get(row.userId) : undefined);
    // The rows of a deleted account went with it.
    const ids = old.filter((row) => (outcome(row) ?? 'kept') === 'kept').map(({ id }) => id);
    if (ids.length > 0) await this.store.deleteRows(ids);
    round.rows += ids.length;
    const waiting = new Set(old.filter((row) => outcome(row) === 'waiting'));
    return batch.filter((row) => waiting.has(row) || this.deletableAt(row) > round.now);
  }

  private async endAccount(userId: UserId, round: Round): Promise<PendingOutcome> {
    const since = new Date(round.now - this.waitMs);
    try {
      const outcome = await this.pending.endAbandoned(userId, since, this.config.cleanup.pendingAccountSeconds > 0);
      if (outcome === 'deleted') round.accounts++;
      return outcome;
    } catch (error) {
      // One account that cannot be deleted does not keep the others. A deferred foreign key fails at the commit.
      const isItsOwn = error instanceof AccountInUse || (error instanceof AuthError && error.code === 'SERVICE_FAILED');
      if (!isItsOwn) throw error;
      round.inUse.push(userId);
      return 'waiting';
    }
  }

  /** When the first of the rows can be deleted, but never at once: a range is read once a day at most. */
  private dueAt(rows: AgingRow[], now: number): number {
    const earliest = Math.min(...rows.map((row) => this.deletableAt(row)));
    return Math.max(earliest, now + RETENTION_MS);
  }

  private deletableAt(row: AgingRow): number {
    const expired = row.expiresAt + RETENTION_MS;
    return row.isOpenSignup ? Math.max(expired, row.createdAt + this.waitMs) : expired;
  }

  /**
   * How long the signups of an account are kept that nobody activated. Where the account itself stays, as long as a change
   * of address can be taken back: by them it is known for one that may not stand in the way of it. In milliseconds.
   */
  private get waitMs(): number {
    const { cleanup, emailChange } = this.config;
    return (cleanup.pendingAccountSeconds || emailChange.undoTtlSeconds) * 1000;
  }

  /** Each account once: an operator who has seen the line need not see it every day. */
  private nameInUse(keys: string[]): void {
    const fresh = keys.filter((key) => !this.named.has(key));
    for (const key of fresh) this.named.set(key, true);
    if (fresh.length === 0) return;
    const more = fresh.length > 10 ? ` and ${fresh.length - 10} more` : '';
    this.logger.warn(
      `accounts that nobody activated stay, because rows of the application refer to them: ${fresh.slice(0, 10).join(', ')}${more}. ` +
        'Where such rows may go with the account, give their foreign key ON DELETE CASCADE; else set AUTH_CLEANUP_PENDING_SECONDS=0.',
    );
  }
}
