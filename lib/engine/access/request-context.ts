import type { ExecutionContext } from '@nestjs/common';
import type { CarrierRequest } from './carrier-request.js';
import { getPrincipal, type Principal } from './principal.js';
import { handshakeOf } from './handshakes.js';

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

/**
 * What lives exactly as long as one handling of a request, for the guard to remember by what it found. Over HTTP that is
 * the request. A request that has opened a socket lives as long as the socket, and would be let through after a logout:
 *
 * - In GraphQL it is the execution of one operation, or of one event of a subscription, for which the variables are
 *   coerced into a new object; all resolvers of the execution see the same one.
 * - A message of a gateway has nothing of the kind: undefined.
 */
export function handlingOf(context: ExecutionContext): object | undefined {
  switch (context.getType<'http' | 'ws' | 'graphql'>()) {
    case 'graphql':
      return context.getArgByIndex<{ variableValues: object }>(3).variableValues;
    case 'ws':
      return undefined;
    default:
      return requestOf(context);
  }
}

/** Who makes the request behind a handler; undefined for guests and where no guard ran. */
export function principalIn<U = object>(context: ExecutionContext): Principal<U> | undefined {
  return getPrincipal<U>(handlingOf(context) ?? requestOf(context));
}

/** Sets headers on the answer, where there is an HTTP answer to set them on. */
export function setHeaders(context: ExecutionContext, headers: Record<string, string>): void {
  if (context.getType() !== 'http') return;
  const response = context.switchToHttp().getResponse<CarrierResponse>();
  for (const [name, value] of Object.entries(headers)) response.header(name, value);
}
