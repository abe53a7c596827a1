/** What may stand around a value in a header: SP and HTAB, no more (RFC 9110, section 5.6.3; RFC 6265, section 2.2). */
export const HEADER_BLANKS = ' \t';

/**
 * Cuts off what stands at either end of a text of `blanks`, and of nothing else.
 *
 * `String.trim()` cuts off more, such as U+00A0: `\xA0__Host-name` would become a name that no browser lets a sibling
 * subdomain set. And `/ +$/` takes quadratic time for many spaces before another character.
 */
export function trimEnds(text: string, blanks: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && blanks.includes(text.charAt(start))) start++;
  while (end > start && blanks.includes(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}
