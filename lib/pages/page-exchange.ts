import { AuthError } from '../auth.errors.js';
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

/**
 * Refuses a form that another site sent (CSRF). Sec-Fetch-Site decides; where a browser does not send it, Origin does.
 * Our own pages send `Origin: null`, because their Referrer-Policy is no-referrer, so null tells nothing; and whoever
 * is no browser has no user to be tricked.
 * @throws AuthError INPUT_CROSS_SITE
 */
export function assertSameSite({ headers }: PageRequest, publicUrl: string | undefined): void {
  const site = headers['sec-fetch-site'];
  const origin = headers['origin'];
  const isOwn = site === undefined ? isOwnOrigin(origin, publicUrl) : site === 'same-origin' || site === 'none';
  if (!isOwn) throw new AuthError('INPUT_CROSS_SITE');
}

function isOwnOrigin(origin: string | undefined, publicUrl: string | undefined): boolean {
  if (origin === undefined || origin === 'null') return true;
  return publicUrl !== undefined && origin === new URL(publicUrl).origin;
}
