/** Longest password in bytes of UTF-8, whatever the configured length: bounds the work a request can cause. */
export const MAX_PASSWORD_BYTES = 1024;

/** Most bytes a password of {@link MAX_PASSWORD_BYTES} can have in another spelling: NFD is at most three times NFC (UAX #15). */
const MAX_TYPED_BYTES = 3 * MAX_PASSWORD_BYTES;

/** How a password is spelt before it is judged and hashed: composed (NFC), or as it was typed. */
export type Normalisation = 'nfc' | 'none';

/**
 * The password in the spelling that is judged and hashed. Unicode has two spellings for é, one code point or two; which one
 * arrives depends on the keyboard and the system, and its owner cannot see it (NIST SP 800-63B-4, 3.1.1.2). NFC joins what
 * is the same text and nothing else: unlike NFKC it keeps ² and 2 apart. A text that is too long for a password in any
 * spelling is given back as it is: a megabyte is refused before anything walks over it.
 */
export function spell(typed: string, normalisation: Normalisation): string {
  return normalisation === 'none' || Buffer.byteLength(typed) > MAX_TYPED_BYTES ? typed : typed.normalize('NFC');
}

/**
 * True where every character is one that Unicode has assigned. What NFC makes of one it assigns later is not known yet:
 * after an update of Node the hash would be of another text, and nobody could log in with it (UAX #15, section 12.1).
 */
export function isStable(text: string): boolean {
  return !/\p{Unassigned}/u.test(text);
}

/** True for text that has one spelling only. */
export function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

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
