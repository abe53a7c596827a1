import { type ArgumentsHost, Catch, type ExceptionFilter, HttpStatus } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AuthError, type AuthErrorCode } from '../auth.errors.js';

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
  return headers;
}

/** Answers every {@link AuthError} of the module's own controllers, on Express and Fastify alike. */
@Catch(AuthError)
export class AuthErrorFilter implements ExceptionFilter<AuthError> {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: AuthError, host: ArgumentsHost): void {
    const { httpAdapter } = this.adapterHost;
    const response: unknown = host.switchToHttp().getResponse();
    for (const [name, value] of Object.entries(errorHeaders(error))) httpAdapter.setHeader(response, name, value);
    httpAdapter.reply(response, error.getResponse(), error.getStatus());
  }
}
