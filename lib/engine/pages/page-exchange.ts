import { HttpException } from '@nestjs/common';
import { AuthError } from '../../platform/common/auth.errors.js';
import { mediaType } from '../../platform/http/media-type.js';
import type { BrowserRequest } from '../../platform/http/refusal-pages.js';
import type { RenderedPage } from './page-renderer.js';
import type { ErrorContext } from './page-table.js';

/** What the pages read of a request, on either adapter. */
export interface PageRequest {
  method: string;
  headers: Record<string, string | undefined>;
  body?: unknown;
}

/** What the pages need of a response, on either adapter. */
export interface PageResponse {
  status(code: number): unknown;
  header(name: string, value: string): unknown;
}

/** Sets status and headers of a page; what it returns is the body. */
export function sendPage(response: PageResponse, { html, headers }: RenderedPage, status = 200): string {
  response.status(status);
  for (const [name, value] of Object.entries(headers)) response.header(name, value);
  return html;
}

/** True for what a hook of the application refused, for a reason of its own that the user may read. */
export function isRefusalOfHook(error: unknown): error is HttpException {
  return error instanceof HttpException && !(error instanceof AuthError);
}

/** True where a link was used with success before: the person asked about the account, and that is as they wanted it. */
export function isDone(error: unknown): boolean {
  return error instanceof AuthError && error.code.endsWith('_ALREADY_DONE');
}

/** What an error page tells of a refusal. */
export function refusalContext(error: HttpException): ErrorContext {
  if (!(error instanceof AuthError)) return { reason: error.message };
  const { message, code, retryAfterSeconds = 0 } = error;
  return { reason: message, reason_code: code, wait_minutes: Math.ceil(retryAfterSeconds / 60) };
}

/** True for a form post, as opposed to JSON. */
export function isForm({ headers }: BrowserRequest): boolean {
  return mediaType(headers['content-type']?.toString()) === 'form';
}
