import { domainToASCII, domainToUnicode } from 'node:url';
import type { ValidationOptions } from 'class-validator';
import { canonicalText, withoutSpacesAround } from './canonical-text.js';

// RFC 5321, section 4.5.3.1: 64 octets of local part, and a path of 256 that includes its angle brackets.
const MAX_LOCAL_LENGTH = 64;
const MAX_LENGTH = 254;

/** RFC 5322, section 3.2.3, without the quoted form and without RFC 6531's UTF-8. */
const DOT_ATOM = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;

/** Letters, marks, digits, hyphens and dots: no spaces, zero-width or bidirectional characters, symbols or brackets. */
const DOMAIN_CHARACTERS = /^[\p{L}\p{M}\p{N}.-]+$/u;
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;

/** RFC 1123, section 2.1: letters, digits and inner hyphens, at most 63. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The one spelling of an e-mail address under which an account is stored and found: surrounding spaces removed, the
 * domain in its ASCII form (IDNA), all of it in ASCII lower case. Unicode is never folded to compare: the KELVIN SIGN
 * lower-cases to `k` and FULLWIDTH letters normalise to ASCII, so an attacker's address would find the victim's account.
 * @returns undefined for anything that is not an address
 */
export function canonicalEmail(input: string): string | undefined {
  const [local = '', rawDomain = '', ...rest] = withoutSpacesAround(input)?.split('@') ?? [];
  if (rest.length > 0 || local.length > MAX_LOCAL_LENGTH || !DOT_ATOM.test(local)) return undefined;
  const domain = canonicalDomain(rawDomain);
  if (domain === undefined) return undefined;
  // Lower-casing is safe here: both parts are ASCII by now.
  const email = `${local}@${domain}`.toLowerCase();
  return email.length <= MAX_LENGTH ? email : undefined;
}

/** Validates that a property is an e-mail address by {@link canonicalEmail}, and gives it its canonical spelling. */
export function CanonicalEmail(options?: ValidationOptions): PropertyDecorator {
  return canonicalText('isAccountEmail', canonicalEmail, 'must be an e-mail address', options);
}

function canonicalDomain(raw: string): string | undefined {
  if (!hasHonestCharacters(raw)) return undefined;
  const domain = domainToASCII(raw).toLowerCase();
  const labels = domain.split('.');
  // A last label of digits is an IPv4 address, which domainToASCII also makes of `0x7f.1`.
  const isHostName = labels.length >= 2 && labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1)!);
  // Punycode must not bring in what the readable form may not have: both spellings are one account or none.
  return isHostName && hasHonestCharacters(domainToUnicode(domain)) ? domain : undefined;
}

/** False for look-alikes that compatibility normalisation changes: FULLWIDTH COMMERCIAL AT would become an @. */
function hasHonestCharacters(domain: string): boolean {
  if (!DOMAIN_CHARACTERS.test(domain) || INVISIBLE.test(domain)) return false;
  return [...domain].every((character) => character.normalize('NFKC') === character);
}
