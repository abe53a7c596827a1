import { statesToken } from '../../platform/http/bearer.js';
import type { CarrierRequest } from './carrier-request.js';

/** What Socket.IO says of the request that opened a socket; `auth` is what the client passed as `io(url, { auth })`. */
interface SocketIoHandshake extends CarrierRequest {
  auth?: { token?: unknown };
}

const handshakes = new WeakMap<object, CarrierRequest>();

/**
 * Tells the guard which HTTP request opened a WebSocket. Socket.IO says so itself; with the `ws` adapter, a gateway whose
 * messages are guarded calls it when somebody connects:
 *
 *     handleConnection(client: WebSocket, request: IncomingMessage) { rememberHandshake(client, request); }
 */
export function rememberHandshake(client: object, request: CarrierRequest): void {
  handshakes.set(client, request);
}

/**
 * The request that opened a WebSocket; always the same object for the same client.
 * @throws Error for a client of the `ws` adapter that nobody told of: it must not pass for a guest
 */
export function handshakeOf(client: object & { handshake?: SocketIoHandshake }): CarrierRequest {
  const known = handshakes.get(client);
  if (known) return known;
  if (!client.handshake) {
    throw new Error(
      'The guard does not know the request that opened this WebSocket: call rememberHandshake(client, request) in handleConnection.',
    );
  }
  const request = withAuthToken(client.handshake);
  handshakes.set(client, request);
  return request;
}

/** A browser cannot set headers on a WebSocket, so Socket.IO has a field for the token; a token in a header goes first. */
function withAuthToken(handshake: SocketIoHandshake): CarrierRequest {
  const { headers, auth } = handshake;
  if (statesToken(headers['authorization']) || typeof auth?.token !== 'string') return handshake;
  return { headers: { ...headers, authorization: `Bearer ${auth.token}` } };
}
