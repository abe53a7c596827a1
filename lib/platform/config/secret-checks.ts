import { isPredictable } from '../common/predictable-pattern.js';
import type { Finding } from './finding.js';
import type { Setting } from './setting.js';

const RANDOM = 'Set it to at least 32 random bytes, e.g. the output of: openssl rand -base64 48';

/** Fewer bytes than these are found by trying. */
const LEAST_BYTES = 32;

/** Characters a secret must have that repeat nothing said before in it. Random text has nearly all of its own. */
const LEAST_FRESH = 24;

/** So many characters said before are a copy; fewer meet by chance. */
const SHORTEST_COPY = 4;

/**
 * Whoever guesses the secret signs tokens for any account, off line and unnoticed: RFC 8725 section 3.5 asks for
 * cryptographic randomness, and ASVS 11.5.1 for 128 bits of it. Length cannot prove that, but these mistakes can be seen.
 */
export function checkSigningSecret(
  value: string,
  { placeholder, formerIn }: Pick<Setting, 'placeholder' | 'formerIn'>,
  production: boolean,
): readonly Finding[] {
  // What was made with a secret that is only taken away cannot be read any more.
  const fix = formerIn ? `If it was in use, list it in ${formerIn}. ${RANDOM}` : RANDOM;
  return mistakesIn(value, placeholder, production).map((message) => ({ message, fix }));
}

/** What is wrong with a former pepper. A weak one is better listed than left out: hashes that nobody can verify are lost. */
export function checkFormerPepper(value: string): readonly Finding[] {
  return isShort(value) ? [{ message: SHORT, fix: 'List it in full.' }] : [];
}

const SHORT = 'is shorter than 32 bytes; a short one is found by trying';

function mistakesIn(value: string, placeholder: string | undefined, production: boolean): readonly string[] {
  const isCopied = !isShort(value) && freshCharacters(value) < LEAST_FRESH;
  const repeats = new Set(value).size < 8 || isRepetition(value) || isCopied;
  const mistakes = [
    isShort(value) && SHORT,
    (value === placeholder || (production ? [...PLACEHOLDERS, ...MADE_UP] : PLACEHOLDERS).some((p) => p.test(value))) &&
      'is a placeholder, known to everybody who has read an example',
    REFERENCES.some((reference) => reference.test(value)) &&
      'says where the secret would be (a path, an address, a reference that nobody filled in), which is no secret',
    value.includes('-----BEGIN') &&
      'is a PEM block; a public key is known to everybody, a private one is no shared secret',
    repeats && 'repeats a few characters; repetition adds length, not strength',
    !repeats && isPredictable(value) && 'walks along the alphabet or the keyboard, which is what is tried first',
    production && PHRASE.test(value) && 'is made of words; whoever guesses off line tries words before anything else',
  ];
  return mistakes.filter((mistake) => mistake !== false);
}

function isShort(value: string): boolean {
  return Buffer.byteLength(value) < LEAST_BYTES;
}

/** Phrases of published examples. Each is long enough not to occur in random text. */
const PLACEHOLDERS: readonly RegExp[] = [
  /change[-_ ]?(me|this|it)/i,
  /replace[-_ ]?(me|this|with)/i,
  /place[-_ ]?holder/i,
  /^secret[-_ ]?(key)?\W*\d*$/i,
  /(your|super)[-_ ]?secret/i,
  /your[-_ ]?(own|jwt|super|very|\d+)[-_ ]/i,
  /(insert|put|enter)[-_ ](your|a|the)[-_ ]/i,
  /keyboard[-_ ]?cat/i,
  /^<[\w -]*>$/,
  /^a-string-secret-at-least/i,
  // The key of countless tutorials on Spring Boot.
  /404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970/i,
];

/** Phrases of secrets that somebody typed: good enough for a test, never for production. */
const MADE_UP: readonly RegExp[] = [
  /^secret/i,
  /(my|the|very|top|jwt|app|long|string|test|dev)[-_ ]?secret/i,
  /at[-_ ]least[-_ ]\d+/i,
];

/** What a shell, a template or a loader of secrets should have replaced. */
const REFERENCES: readonly RegExp[] = [
  /^\$\{[\w.:-]+\}$/,
  /^\$\([\w ."'=+/|-]+\)$/,
  /^\{\{.*\}\}$/,
  /^`[\w ./-]+`$/,
  /^(?:file|https?|op|ssm|vault):\/\//i,
  /^(?:arn:aws:|projects\/)/i,
  /^\/(?:etc|home|mnt|opt|run|srv|usr|var)\//,
];

/** Three words or more and nothing else, written as words are: random letters are not all in lower case. */
const PHRASE = /^[A-Z]?[a-z']+(?:[ ,._-]+[A-Z]?[a-z']+){2,}[ .!?]*$/;

/** True for a text that says fewer than 32 characters again and again. */
function isRepetition(value: string): boolean {
  const longest = Math.min(LEAST_BYTES - 1, Math.floor(value.length / 2));
  const sizes = Array.from({ length: longest }, (_, index) => index + 1);
  return sizes.some((size) => value.slice(size) === value.slice(0, -size));
}

/** The length of the text if every copy of something said before in it counted as one character. */
function freshCharacters(value: string): number {
  const text = value.toLowerCase();
  let count = 0;
  for (let at = 0; at < text.length; count++) at += Math.max(1, copyLength(text, at));
  return count;
}

/** How much of the text from here on stands before already; 0 where that is too little to be a copy. */
function copyLength(text: string, at: number): number {
  let length = 0;
  for (let next = SHORTEST_COPY; at + next <= text.length; next++) {
    if (at === 0 || text.lastIndexOf(text.slice(at, at + next), at - 1) < 0) break;
    length = next;
  }
  return length;
}
