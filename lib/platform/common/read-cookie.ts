import { HEADER_BLANKS, trimEnds } from './trim-ends.js';

/** What a cookie that was sent twice is taken for: a text that verifies as nothing. */
const AMBIGUOUS = '';

/**
 * The value of a cookie, by its exact name; undefined where the request has none. Of two with the name, one was tossed in
 * by somebody else, and nobody can tell which: the value is empty then.
 * @param header the request's `Cookie`
 */
export function readCookie(header: unknown, name: string): string | undefined {
  const start = `${name}=`;
  const values = String(header ?? '')
    .split(';')
    .map((part) => trimEnds(part, HEADER_BLANKS))
    .filter((part) => part.startsWith(start));
  return values.length > 1 ? AMBIGUOUS : values[0]?.slice(start.length);
}
