import type { Finding } from './finding.js';

/**
 * Whoever guesses the secret signs tokens for any account, off line and unnoticed: RFC 8725 section 3.5 asks for
 * cryptographic randomness. Length cannot prove that, but these mistakes can be seen.
 */
export function checkSigningSecret(
  value: string,
  placeholder: string | undefined,
  production: boolean,
): (Finding | false)[] {
  const fix = 'Set it to at least 32 random bytes, e.g. the output of: openssl rand -base64 48';
  return [
    Buffer.byteLength(value) < 32 && { message: 'is shorter than 32 bytes; a short one is found by trying', fix },
    (value === placeholder ||
      (production ? [...PLACEHOLDERS, ...MADE_UP] : PLACEHOLDERS).some((p) => p.test(value))) && {
      message: 'is a placeholder, known to everybody who has read an example',
      fix,
    },
    (new Set(value).size < 8 || isRepetition(value, production ? 15 : 10)) && {
      message: 'repeats a few characters; repetition adds length, not strength',
      fix,
    },
  ];
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
  /^<.*>$/,
];

/** Phrases of secrets that somebody typed: good enough for a test, never for production. */
const MADE_UP: readonly RegExp[] = [
  /^secret/i,
  /(my|the|very|top|jwt|app|long|string|test|dev)[-_ ]?secret/i,
  /at[-_ ]least[-_ ]\d+/i,
];

/** True for a text of up to `longest` characters said again and again. */
function isRepetition(value: string, longest: number): boolean {
  const sizes = Array.from({ length: longest }, (_, index) => index + 1);
  return sizes.some((size) => value.length >= 2 * size && value.slice(size) === value.slice(0, -size));
}
