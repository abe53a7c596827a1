import { HEADER_BLANKS, trimEnds } from '../common/trim-ends.js';

/** The media types there are endpoints for. */
export type MediaType = 'json' | 'form';

/** A header of a real client has fewer than 60 characters. */
const MAX_LENGTH = 128;

const NAMES: ReadonlyMap<string, MediaType> = new Map([
  ['application/json', 'json'],
  ['application/x-www-form-urlencoded', 'form'],
]);

/** JSON and forms are UTF-8, so any other charset is another type; there is no other parameter. */
const CHARSETS: ReadonlySet<string> = new Set([
  '',
  'charset=utf-8',
  'charset=utf8',
  'charset="utf-8"',
  'charset="utf8"',
]);

/** The type a `Content-Type` header states (RFC 9110, section 8.3.1); undefined for every other one, and for none. */
export function mediaType(contentType = ''): MediaType | undefined {
  if (contentType.length > MAX_LENGTH) return undefined;
  const parts = contentType.toLowerCase().split(';');
  const [name = '', charset = '', end = ''] = parts.map((part) => trimEnds(part, HEADER_BLANKS));
  return parts.length <= 3 && end === '' && CHARSETS.has(charset) ? NAMES.get(name) : undefined;
}
