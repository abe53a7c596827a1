import { availableParallelism } from 'node:os';
import { AuthError } from '../../platform/common/auth.errors.js';
import type { HashingOptions } from '../../platform/config/settings/password-settings.js';

/** A caller in the queue; a linked list, so that taking the first costs the same however long the queue is. */
interface Waiter {
  start: () => void;
  next?: Waiter;
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
 * Lets a bounded number of hashes (or of other costly work) run at once, the rest wait in order of arrival, and turns callers away when too many
 * wait. Stops two attacks: a flood of logins that takes 19 MiB each until memory is gone, and one that fills libuv's
 * thread pool, which file access and name resolution need too.
 */
export class HashLimiter {
  /** How many hashes run at once, at most. */
  readonly concurrency: number;
  private readonly maxWaiting: number;
  private running = 0;
  private waiting = 0;
  private first?: Waiter;
  private last?: Waiter;

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
   * @throws AuthError SERVICE_BUSY at once, with Retry-After, when the queue is full
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const asked = performance.now();
    await this.acquire();
    const begun = performance.now();
    try {
      return await work();
    } finally {
      this.release();
      this.measured?.record(begun - asked, performance.now() - asked);
    }
  }

  private acquire(): Promise<void> | undefined {
    if (this.running < this.concurrency) {
      this.running++;
      return undefined;
    }
    if (this.waiting >= this.maxWaiting) throw new AuthError('SERVICE_BUSY', { retryAfterSeconds: 1 });
    return new Promise((start) => this.enqueue({ start }));
  }

  /** Hands the permit to whoever waits longest: it never becomes free in between, so no newcomer can overtake. */
  private release(): void {
    const waiter = this.dequeue();
    if (waiter) waiter.start();
    else this.running--;
  }

  private enqueue(waiter: Waiter): void {
    if (this.last) this.last.next = waiter;
    else this.first = waiter;
    this.last = waiter;
    this.waiting++;
    this.measured?.queued(1);
  }

  private dequeue(): Waiter | undefined {
    const waiter = this.first;
    if (!waiter) return undefined;
    this.first = waiter.next;
    if (!this.first) this.last = undefined;
    this.waiting--;
    this.measured?.queued(-1);
    return waiter;
  }
}
