import { availableParallelism } from 'node:os';
import { AuthError } from '../../platform/common/auth.errors.js';
import type { HashingOptions } from '../../platform/config/settings/password-settings.js';
import { FairQueue } from './fair-queue.js';

/** A caller in the queue. */
interface Waiter {
  start: () => void;
  refuse: (reason: AuthError) => void;
}

/** Hears of the queue. */
export interface HashMeasure {
  /** One more waits, or one less. */
  queued(change: 1 | -1): void;
  /** Of each hash, how long it waited and how long it took in all, in milliseconds. */
  record(waitMs: number, durationMs: number): void;
}

/** Size of libuv's thread pool, where hashes are computed; https://docs.libuv.org/en/v1.x/threadpool.html. */
const threadPoolSize = () => Number(process.env['UV_THREADPOOL_SIZE']) || 4;

/**
 * Lets a bounded number of hashes (or of other costly work) run at once, the rest wait, and turns callers away when too many
 * do. Stops three attacks: a flood of logins that takes 19 MiB each until memory is gone; one that fills libuv's thread
 * pool, which file access and name resolution need too; and one network's guesses that take every place of the queue, since
 * networks take turns.
 */
export class HashLimiter {
  /** How many hashes run at once, at most. */
  readonly concurrency: number;
  private readonly maxWaiting: number;
  private readonly queue = new FairQueue<Waiter>();
  private running = 0;

  constructor(
    { concurrency, queue }: Readonly<Pick<HashingOptions, 'concurrency' | 'queue'>>,
    private readonly measured?: HashMeasure,
  ) {
    this.concurrency =
      concurrency > 0 ? concurrency : Math.max(1, Math.min(availableParallelism(), threadPoolSize() - 1));
    this.maxWaiting = queue;
  }

  /**
   * Runs the work as soon as it is its turn; its result, or its rejection, is the caller's.
   *
   * @param party whose turn it takes, such as a network; within one, the order is that of arrival
   * @throws AuthError SERVICE_BUSY, with Retry-After, when the queue is full: at once, or when a party that has fewer waiting
   * takes the place
   */
  async run<T>(work: () => Promise<T>, party = ''): Promise<T> {
    const asked = performance.now();
    await this.acquire(party);
    const begun = performance.now();
    try {
      return await work();
    } finally {
      this.release();
      this.measured?.record(begun - asked, performance.now() - asked);
    }
  }

  private acquire(party: string): Promise<void> | undefined {
    if (this.running < this.concurrency) {
      this.running++;
      return undefined;
    }
    if (this.queue.size >= this.maxWaiting) this.makeRoom(party);
    return new Promise((start, refuse) => {
      this.queue.add(party, { start, refuse });
      this.measured?.queued(1);
    });
  }

  /** Hands the permit to whoever's turn it is: it never becomes free in between, so no newcomer can overtake. */
  private release(): void {
    const waiter = this.queue.take();
    if (!waiter) {
      this.running--;
      return;
    }
    this.measured?.queued(-1);
    waiter.start();
  }

  private makeRoom(party: string): void {
    const busy = new AuthError('SERVICE_BUSY', { retryAfterSeconds: 1 });
    const last = this.queue.makeRoom(party);
    if (!last) throw busy;
    this.measured?.queued(-1);
    last.refuse(busy);
  }
}
