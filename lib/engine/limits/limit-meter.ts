import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Counter, Histogram } from '@opentelemetry/api';
import { AuthError } from '../../platform/common/auth.errors.js';
import { DURATION_BUCKETS, loadOpenTelemetry, SCOPE } from '../../platform/common/opentelemetry.js';
import type { LimitRule } from './limit-rules.js';

/** What a store of tries, or of the application's own hits, is asked for. */
type StoreOperation = 'take' | 'give_back' | 'throttle';

/** What became of a try; `observed` is what would be refused if the limits did not only observe. */
export type TryOutcome = 'allowed' | 'refused' | 'observed';

/**
 * Two instruments of OpenTelemetry: tries, by rule and by what became of them, and how long the store took to count. None
 * of them names a key, an address or an account.
 */
@Injectable()
export class LimitMeter implements OnModuleInit {
  private tries?: Counter;
  private duration?: Histogram;

  async onModuleInit(): Promise<void> {
    const meter = (await loadOpenTelemetry())?.metrics.getMeter(SCOPE);
    this.tries = meter?.createCounter('gatehouse.limit.tries', {
      description: 'Tries that a rule has counted, or refused.',
      unit: '{try}',
    });
    this.duration = meter?.createHistogram('gatehouse.limit.store.duration', {
      description: 'Time the store of the limits took.',
      unit: 's',
      advice: { explicitBucketBoundaries: DURATION_BUCKETS },
    });
  }

  /** @param rule or `throttler`, for routes that the application limits by itself */
  count(rule: LimitRule | 'throttler', outcome: TryOutcome): void {
    this.tries?.add(1, { 'gatehouse.limit.rule': rule, 'gatehouse.limit.outcome': outcome });
  }

  /** Measures a call of the store; its result, or its rejection, is the caller's. */
  async time<T>(operation: StoreOperation, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    let failure: string | undefined;
    try {
      return await work();
    } catch (error) {
      failure = error instanceof AuthError ? error.code : error instanceof Error ? error.name : 'unknown';
      throw error;
    } finally {
      this.duration?.record((performance.now() - start) / 1000, {
        'gatehouse.limit.operation': operation,
        ...(failure && { 'error.type': failure }),
      });
    }
  }
}
