import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/common/clock.js';
import { type HitBudget, MOST_HITS } from '../../platform/data/store/hit-sql.js';
import { DatabaseHits } from '../../platform/data/store/hits.store.js';
import { KeyRing } from '../tokens/key-ring.js';
import { LimitMeter } from './limit-meter.js';

/** What the guard of `@nestjs/throttler` wants to know of a request: its `ThrottlerStorageRecord`. */
export interface ThrottledHit {
  /** Requests of this window, this one included; of those that are refused, only the first counts. */
  totalHits: number;
  /** Until the window ends. In seconds, rounded up. */
  timeToExpire: number;
  isBlocked: boolean;
  /** Until requests are answered again; 0 where they are. In seconds, rounded up. */
  timeToBlockExpire: number;
}

/**
 * The storage of `@nestjs/throttler`, in the table of the application's `limitEntity`, so that all instances limit the
 * application's own routes together:
 *
 *     ThrottlerModule.forRootAsync({
 *       inject: [AuthThrottlerStorage],
 *       useFactory: (storage: AuthThrottlerStorage) => ({ throttlers: [{ ttl: 60_000, limit: 100 }], storage }),
 *     })
 *
 * Its shape is that of the interface `ThrottlerStorage`, which is not named here: an application without the package could
 * not compile with ours. Where the module has no `limitEntity`, whoever injects this stops the start.
 *
 * @publicApi
 */
export abstract class AuthThrottlerStorage {
  /**
   * Counts a request, in one statement.
   * @param key whatever tells clients and routes apart; the table has an HMAC of it
   * @param ttl length of a window, from its first request; at most 366 days. In milliseconds
   * @param limit requests a window allows, from 0 to 1,000,000
   * @param blockDuration how long one too many refuses all; 0 until the window ends. In milliseconds
   * @throws AuthError SERVICE_UNAVAILABLE where nobody can count: the guard refuses then
   * @throws RangeError for a limit that no row can count to, and a time that is none
   */
  abstract increment(
    key: string,
    ttl: number,
    limit: number,
    blockDuration: number,
    throttlerName: string,
  ): Promise<ThrottledHit>;
}

/** In milliseconds. */
const LONGEST = 366 * 86_400_000;

@Injectable()
export class DatabaseThrottlerStorage extends AuthThrottlerStorage {
  constructor(
    private readonly hits: DatabaseHits,
    private readonly ring: KeyRing,
    private readonly clock: Clock,
    private readonly meter: LimitMeter,
  ) {
    super();
  }

  async increment(
    key: string,
    ttl: number,
    limit: number,
    blockDuration: number,
    throttlerName: string,
  ): Promise<ThrottledHit> {
    const budget = budgetOf(ttl, limit, blockDuration, throttlerName);
    const { hits, isBlocked, endsInMs } = await this.meter.time('throttle', () =>
      this.hits.count(this.keyOf(throttlerName, key), budget, this.clock.now()),
    );
    this.meter.count('throttler', isBlocked ? 'refused' : 'allowed');
    const seconds = Math.ceil(endsInMs / 1000);
    return { totalHits: hits, timeToExpire: seconds, isBlocked, timeToBlockExpire: isBlocked ? seconds : 0 };
  }

  /** By HMAC: a key of the application's may hold an address. With a prefix that no limit of ours has. */
  private keyOf(throttlerName: string, key: string): string {
    const mac = createHmac('sha256', this.ring.limit).update(JSON.stringify(['throttler', throttlerName, key]));
    return `throttler:${mac.digest('base64url')}`;
  }
}

function budgetOf(ttl: number, limit: number, blockDuration: number, name: string): HitBudget {
  if (!Number.isInteger(limit) || limit < 0 || limit > MOST_HITS) {
    throw new RangeError(
      `The limit of the throttler "${name}" is not a whole number from 0 to ${MOST_HITS}, which is what a row can count ` +
        'to. Use skipIf for requests that nothing limits.',
    );
  }
  const windowMs = Math.ceil(ttl);
  const blockMs = Math.max(0, Math.ceil(blockDuration));
  if (windowMs >= 1 && windowMs <= LONGEST && blockMs <= LONGEST) return { limit, windowMs, blockMs };
  throw new RangeError(
    `The ttl of the throttler "${name}" is not from 1 millisecond to 366 days, or its blockDuration is longer than that.`,
  );
}
