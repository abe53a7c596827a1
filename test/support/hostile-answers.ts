import { AUTH_ERRORS } from 'nestjs-gatehouse';
import type { Endpoint } from '../../lib/platform/http/endpoint.js';
import type { HostileRequest } from './hostile-requests.js';
import type { RawAnswer } from './raw-client.js';

/** What Fastify's router refuses by itself, before any hook runs: a path it cannot decode, a parameter over 100 characters. */
const ROUTER_OF_FASTIFY = new Set(['FST_ERR_BAD_URL', 'FST_ERR_MAX_PARAM_LENGTH']);

/**
 * What is wrong with an answer to a generated request, else undefined: it is below 500, and a page where the endpoint has
 * pages, or JSON that carries a documented code of that status where it refuses.
 */
export function faultOfAnswer(endpoint: Endpoint, { token, method }: HostileRequest, answer: RawAnswer) {
  const { status, text, body, headers } = answer;
  const shown = `${status} ${text.slice(0, 300)}`;
  if (status >= 500) return shown;
  // Another method may be another endpoint, or none.
  if (method !== endpoint.method) return undefined;
  if (status === 204) return text === '' ? undefined : shown;
  const isPage = String(headers['content-type']).startsWith('text/html');
  if (isPage) return endpoint.pages || endpoint.accepts === 'json-or-form' ? undefined : shown;
  if (typeof body !== 'object' || body === null) return shown;
  if (status < 400) return undefined;
  if (isElsewhere(endpoint, token) || ROUTER_OF_FASTIFY.has(body.code)) return undefined;
  return AUTH_ERRORS[body.code as keyof typeof AUTH_ERRORS]?.[0] === status ? undefined : shown;
}

/** A token with a slash in it, or none at all: that is another path. */
function isElsewhere({ path }: Endpoint, token: string): boolean {
  return path.includes(':') && !/^[^/?#]+$/.test(token);
}
