import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Histogram } from '@opentelemetry/api';
import { loadOpenTelemetry, SCOPE } from '../../platform/common/opentelemetry.js';

/** Seconds, around the 20 to 500 ms that a hash takes. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Two histograms of OpenTelemetry: how long callers have waited for their turn to hash a password, the first sign of an
 * overload, and how long they have waited in all.
 */
@Injectable()
export class HashTimes implements OnModuleInit {
  private wait?: Histogram;
  private duration?: Histogram;

  async onModuleInit(): Promise<void> {
    const meter = (await loadOpenTelemetry())?.metrics.getMeter(SCOPE);
    const histogram = (name: string, description: string) =>
      meter?.createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries: BUCKETS } });
    this.wait = histogram('gatehouse.hash.wait', 'Time a password waited for its turn to be hashed.');
    this.duration = histogram('gatehouse.hash.duration', 'Time a password took to be hashed, its wait included.');
  }

  /** Of one hash, in milliseconds. */
  record(waitMs: number, durationMs: number): void {
    this.wait?.record(waitMs / 1000);
    this.duration?.record(durationMs / 1000);
  }
}
