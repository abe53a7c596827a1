import { HttpException } from '@nestjs/common';
import type { Attributes, Histogram, MeterProvider, SpanOptions } from '@opentelemetry/api';
import { AuthError } from './auth.errors.js';
import { DURATION_BUCKETS, openTelemetry, type OpenTelemetry, SCOPE } from './opentelemetry.js';

type AsyncMethod<A extends unknown[], R> = TypedPropertyDescriptor<(...args: A) => Promise<R>>;

/**
 * Makes each call of a method a span of OpenTelemetry, `gatehouse.<name>`, through whichever door the call comes: an
 * endpoint, a page, AuthService; and measures how long it took. Both say how the call ended, in fixed words, and never who
 * called: no address, no key, no token, and no message of an error, which may quote any of them.
 */
export function Traced<A extends unknown[], R>(name: string, describe?: (...args: A) => SpanOptions) {
  return (_target: object, _method: string | symbol, descriptor: AsyncMethod<A, R>): void => {
    const work = descriptor.value!;
    descriptor.value = function (this: unknown, ...args: A): Promise<R> {
      const library = openTelemetry();
      if (!library) return work.apply(this, args);
      const tracer = library.trace.getTracer(SCOPE);
      return tracer.startActiveSpan(`gatehouse.${name}`, describe?.(...args) ?? {}, async (span) => {
        const start = performance.now();
        let outcome: Attributes = { 'gatehouse.outcome': 'succeeded' };
        try {
          return await work.apply(this, args);
        } catch (error) {
          outcome = outcomeOf(error);
          if (error instanceof AuthError && error.limit) span.setAttribute('gatehouse.limit.rule', error.limit.name);
          if (outcome['gatehouse.outcome'] === 'failed') span.setStatus({ code: library.SpanStatusCode.ERROR });
          throw error;
        } finally {
          span.setAttributes(outcome);
          span.end();
          const seconds = (performance.now() - start) / 1000;
          durations(library).record(seconds, { 'gatehouse.operation': name, ...outcome });
        }
      });
    };
  };
}

/** A refusal is an answer; only what the server is to blame for is an error (HTTP semantic conventions). */
function outcomeOf(error: unknown): Attributes {
  const isRefusal = error instanceof HttpException && error.getStatus() < 500;
  return {
    'gatehouse.outcome': isRefusal ? 'refused' : 'failed',
    'error.type': error instanceof AuthError ? error.code : error instanceof Error ? error.name : 'unknown',
  };
}

const histograms = new WeakMap<MeterProvider, Histogram>();

/** One for each provider: what is made before an SDK is registered measures nothing for ever. */
function durations({ metrics }: OpenTelemetry): Histogram {
  const provider = metrics.getMeterProvider();
  const known = histograms.get(provider);
  if (known) return known;
  const made = provider.getMeter(SCOPE).createHistogram('gatehouse.operation.duration', {
    description: 'Time an operation of the module took, by how it ended.',
    unit: 's',
    advice: { explicitBucketBoundaries: DURATION_BUCKETS },
  });
  histograms.set(provider, made);
  return made;
}
