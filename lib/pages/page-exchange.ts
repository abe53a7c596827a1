import type { RenderedPage } from './page-renderer.js';

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

/** True for a form post, as opposed to JSON. */
export function isForm({ headers }: PageRequest): boolean {
  return /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '');
}
