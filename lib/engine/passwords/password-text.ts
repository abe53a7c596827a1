/** Longest password in bytes of UTF-8, whatever the configured length: bounds the work a request can cause. */
export const MAX_PASSWORD_BYTES = 1024;

/** Length in Unicode code points: what a person counts, more or less, and what ASVS 6.2 and NIST SP 800-63B count. */
export function countCodePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** True when the text has more bytes of UTF-8 than any password may have. */
export function hasTooManyBytes(text: string): boolean {
  return Buffer.byteLength(text) > MAX_PASSWORD_BYTES;
}

/**
 * True when no surrogate stands alone. Every lone surrogate becomes U+FFFD in UTF-8, so that two passwords that differ
 * only in one would have the same hash.
 */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
