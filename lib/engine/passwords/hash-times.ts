import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Histogram, UpDownCounter } from '@opentelemetry/api';
import { DURATION_BUCKETS, loadOpenTelemetry, SCOPE } from '../../platform/common/opentelemetry.js';

/**
 * Three instruments of OpenTelemetry: how many wait for their turn to hash a password, how long they have waited, the first
 * sign of an overload, and how long they have waited in all.
 */
@Injectable()
export class HashTimes implements OnModuleInit {
  private waiting?: UpDownCounter;
  private wait?: Histogram;
  private duration?: Histogram;

  async onModuleInit(): Promise<void> {
    const meter = (await loadOpenTelemetry())?.metrics.getMeter(SCOPE);
    const histogram = (name: string, description: string) =>
      meter?.createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries: DURATION_BUCKETS } });
    this.waiting = meter?.createUpDownCounter('gatehouse.hash.waiting', {
      description: 'Passwords that wait for their turn to be hashed.',
      unit: '{password}',
    });
    this.wait = histogram('gatehouse.hash.wait', 'Time a password waited for its turn to be hashed.');
    this.duration = histogram('gatehouse.hash.duration', 'Time a password took to be hashed, its wait included.');
  }

  /** One more in the queue, or one less. */
  queued(change: 1 | -1): void {
    this.waiting?.add(change);
  }

  /** Of one hash, in milliseconds. */
  record(waitMs: number, durationMs: number): void {
    this.wait?.record(waitMs / 1000);
    this.duration?.record(durationMs / 1000);
  }
}
