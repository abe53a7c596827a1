import type { ValidationOptions } from 'class-validator';
import { canonicalText, withoutSpacesAround } from './canonical-text.js';

/** What a username may be made of. Without an `@`, so that it is never an address, of its owner or of anybody else. */
const USERNAME = /^[A-Za-z0-9][A-Za-z0-9._-]{2,63}$/;

/** The same in words, after the name of the field. */
export const USERNAME_RULE =
  'must have 3 to 64 characters, each a letter from A to Z, a digit, a dot, a hyphen or an underscore, the first a letter or digit';

/**
 * The one spelling of a username under which an account is stored and found: surrounding spaces removed, in ASCII lower
 * case. Nothing but ASCII is taken, and Unicode is never folded to compare: the KELVIN SIGN lower-cases to `k`, so `kate`
 * would have a double.
 * @returns undefined for anything that is not a username
 */
export function canonicalUsername(input: string): string | undefined {
  const username = withoutSpacesAround(input);
  return username !== undefined && USERNAME.test(username) ? username.toLowerCase() : undefined;
}

/** Validates that a property is a username by {@link canonicalUsername}, and gives it its canonical spelling. */
export function CanonicalUsername(options?: ValidationOptions): PropertyDecorator {
  return canonicalText('isUsername', canonicalUsername, USERNAME_RULE, options);
}
