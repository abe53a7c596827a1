import { type ArgumentsHost, Catch, type ExceptionFilter, HttpStatus } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AuthError, type AuthErrorCode } from '../common/auth.errors.js';
import type { BrowserRequest } from './refusal-pages.js';

const BEARER_ERRORS: Partial<Record<AuthErrorCode, string>> = {
  ACCESS_INVALID_TOKEN: 'invalid_token',
  SESSION_INVALID_TOKEN: 'invalid_token',
  ACCESS_EMAIL_UNVERIFIED: 'insufficient_scope',
};

/**
 * The headers an {@link AuthError} is answered with: never cached; the challenge of RFC 6750, section 3, which names an
 * error only where the request carried credentials to find fault with; and when to try again.
 */
export function errorHeaders(error: AuthError): Record<string, string> {
  const headers: Record<string, string> = { 'Cache-Control': 'no-store' };
  const bearerError = BEARER_ERRORS[error.code];
  if (bearerError) headers['WWW-Authenticate'] = `Bearer error="${bearerError}"`;
  else if (error.getStatus() === HttpStatus.UNAUTHORIZED) headers['WWW-Authenticate'] = 'Bearer';
  if (error.retryAfterSeconds !== undefined) headers['Retry-After'] = String(Math.ceil(error.retryAfterSeconds));
  if (error.limit) {
    // draft-ietf-httpapi-ratelimit-headers
    const { name, tries, windowSeconds } = error.limit;
    headers['RateLimit-Policy'] = `"${name}";q=${tries};w=${windowSeconds}`;
    headers['RateLimit'] = `"${name}";r=0;t=${headers['Retry-After']}`;
  }
  return headers;
}

/** What is sent instead of what was asked for. */
interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Answers every {@link AuthError} of the module's own controllers, on Express and Fastify alike. */
@Catch(AuthError)
export class AuthErrorFilter implements ExceptionFilter<AuthError> {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: AuthError, host: ArgumentsHost): void {
    const { httpAdapter } = this.adapterHost;
    const http = host.switchToHttp();
    const response: unknown = http.getResponse();
    const { status, headers, body } = this.answerTo(http.getRequest<BrowserRequest>(), error);
    for (const [name, value] of Object.entries(headers)) httpAdapter.setHeader(response, name, value);
    httpAdapter.reply(response, body, status);
  }

  protected answerTo(_request: BrowserRequest, error: AuthError): Answer {
    return { status: error.getStatus(), headers: errorHeaders(error), body: error.getResponse() };
  }
}

/** What a message can be answered on: Socket.IO has `emit`; the clients of the `ws` adapter have a `readyState`, and `send`. */
interface WsClient {
  readyState?: number;
  send(text: string): void;
  emit(event: string, body: unknown): void;
}

/**
 * Answers an {@link AuthError} that a guarded message of a WebSocket gateway met by an `exception` event with the same
 * body as over HTTP. Without it, Nest answers "Internal server error" to everything that is no WsException. Use it as
 * `@UseFilters(AuthErrorWsFilter)` on the gateway.
 */
@Catch(AuthError)
export class AuthErrorWsFilter implements ExceptionFilter<AuthError> {
  catch(error: AuthError, host: ArgumentsHost): void {
    const client = host.switchToWs().getClient<WsClient>();
    const body = error.getResponse();
    if (typeof client.readyState === 'number') client.send(JSON.stringify({ event: 'exception', data: body }));
    else client.emit('exception', body);
  }
}
