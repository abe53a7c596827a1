import type { ExecutionContext } from '@nestjs/common';
import { handshakeOf } from './handshakes.js';

/** What the guard needs of a request, whatever carries it and whichever adapter serves it. */
export interface CarrierRequest {
  /** Absent in the handshake of a WebSocket that Socket.IO describes. */
  method?: string;
  headers: Record<string, string | string[] | undefined>;
}

/** What the guard needs of an HTTP answer. */
interface CarrierResponse {
  header(name: string, value: string): unknown;
}

/**
 * The request behind a handler: HTTP, GraphQL (the `req` of its context) or a WebSocket's handshake. The one place that
 * knows the difference.
 *
 * @throws Error for a handler behind which there is no such request, such as one for the messages of a microservice or
 *   the updates of a bot: whoever calls it must not pass for a guest
 */
export function requestOf(context: ExecutionContext): CarrierRequest {
  const type = context.getType<string>();
  const request = requestOfType(type, context);
  // Something may call a handler as if it were a route, with anything in place of the request.
  if (request?.headers) return request;
  throw new Error(
    `There is no request behind ${context.getClass().name}.${context.getHandler().name} (a handler of type "${type}"), ` +
      'so that nobody can tell who calls it: mark it @Public(), leave @CurrentUser() and @CurrentSession() out, and check ' +
      'the caller in a guard of your own. docs/without-http.md has one.',
  );
}

function requestOfType(type: string, context: ExecutionContext): CarrierRequest | undefined {
  switch (type) {
    case 'http':
      return context.switchToHttp().getRequest<CarrierRequest>();
    case 'graphql':
      return context.getArgByIndex<{ req?: CarrierRequest } | undefined>(2)?.req;
    case 'ws':
      return handshakeOf(context.switchToWs().getClient<object>());
    default:
      return undefined;
  }
}

/** Sets headers on the answer, where there is an HTTP answer to set them on. */
export function setHeaders(context: ExecutionContext, headers: Record<string, string>): void {
  if (context.getType() !== 'http') return;
  const response = context.switchToHttp().getResponse<CarrierResponse>();
  for (const [name, value] of Object.entries(headers)) response.header(name, value);
}
