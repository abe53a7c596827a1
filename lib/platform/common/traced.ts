import { HttpException } from '@nestjs/common';
import type { Attributes, Span, SpanOptions } from '@opentelemetry/api';
import { AuthError } from './auth.errors.js';
import { openTelemetry, SCOPE } from './opentelemetry.js';

type AsyncMethod<A extends unknown[], R> = TypedPropertyDescriptor<(...args: A) => Promise<R>>;

/**
 * Makes each call of a method a span of OpenTelemetry, `gatehouse.<name>`, through whichever door the call comes: an
 * endpoint, a page, AuthService. It says how the call ended, in fixed words, and never who called: no address, no key, no
 * token, and no message of an error, which may quote any of them.
 */
export function Traced<A extends unknown[], R>(name: string, describe?: (...args: A) => SpanOptions) {
  return (_target: object, _method: string | symbol, descriptor: AsyncMethod<A, R>): void => {
    const work = descriptor.value!;
    descriptor.value = function (this: unknown, ...args: A): Promise<R> {
      const library = openTelemetry();
      if (!library) return work.apply(this, args);
      const tracer = library.trace.getTracer(SCOPE);
      return tracer.startActiveSpan(`gatehouse.${name}`, describe?.(...args) ?? {}, async (span) => {
        try {
          const result = await work.apply(this, args);
          span.setAttribute('gatehouse.outcome', 'succeeded');
          return result;
        } catch (error) {
          note(error, span, library.SpanStatusCode.ERROR);
          throw error;
        } finally {
          span.end();
        }
      });
    };
  };
}

/** A refusal is an answer; only what the server is to blame for is an error (HTTP semantic conventions). */
function note(error: unknown, span: Span, failed: number): void {
  const isRefusal = error instanceof HttpException && error.getStatus() < 500;
  const attributes: Attributes = {
    'gatehouse.outcome': isRefusal ? 'refused' : 'failed',
    'error.type': error instanceof AuthError ? error.code : error instanceof Error ? error.name : 'unknown',
  };
  span.setAttributes(attributes);
  if (!isRefusal) span.setStatus({ code: failed });
}
