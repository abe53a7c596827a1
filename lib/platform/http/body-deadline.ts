import type { IncomingMessage } from 'node:http';
import { BODY_TIMEOUT_MS } from './safe-body.js';

/** Longer than reading takes, so that whoever reads the body can still answer 408. */
const DEADLINE_MS = BODY_TIMEOUT_MS + 2_000;

/**
 * Ends the connection of a request whose announced body is not there in time, though nobody reads it: an answer before
 * its end (413, 415, a route that takes no body) leaves the connection open until it has come, and the body parser of the
 * application waits for it. Fastify sets no time of its own (`requestTimeout: 0`), and Node's default is five minutes.
 */
export function endWithoutBody(request: IncomingMessage): void {
  const { headers } = request;
  if (headers['transfer-encoding'] === undefined && !(Number(headers['content-length']) > 0)) return;
  const deadline = setTimeout(() => request.destroy(), DEADLINE_MS).unref();
  const settle = (): void => clearTimeout(deadline);
  request.once('end', settle).once('close', settle);
}
