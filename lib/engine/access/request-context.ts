import type { ExecutionContext } from '@nestjs/common';
import type { CarrierRequest } from './carrier-request.js';
import { handshakeOf } from './handshakes.js';

/** What the guard needs of an HTTP answer. */
interface CarrierResponse {
  header(name: string, value: string): unknown;
}

/**
 * The request behind a handler: HTTP, GraphQL (the `req` of its context) or a WebSocket's handshake. The one place that
 * knows the difference.
 */
export function requestOf(context: ExecutionContext): CarrierRequest {
  switch (context.getType<'http' | 'ws' | 'graphql'>()) {
    case 'graphql':
      return context.getArgByIndex<{ req: CarrierRequest }>(2).req;
    case 'ws':
      return handshakeOf(context.switchToWs().getClient<object>());
    default:
      return context.switchToHttp().getRequest<CarrierRequest>();
  }
}

/** Sets headers on the answer, where there is an HTTP answer to set them on. */
export function setHeaders(context: ExecutionContext, headers: Record<string, string>): void {
  if (context.getType() !== 'http') return;
  const response = context.switchToHttp().getResponse<CarrierResponse>();
  for (const [name, value] of Object.entries(headers)) response.header(name, value);
}
