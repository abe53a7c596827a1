/**
 * False where the signature is not spelt as base64url alone spells it (RFC 4648, section 3.5): unused bits of the last
 * character are set, or there is padding. Decoders ignore both, and one token would have several texts.
 */
export function hasOneSpelling(token: string): boolean {
  const signature = token.slice(token.lastIndexOf('.') + 1);
  return Buffer.from(signature, 'base64url').toString('base64url') === signature;
}
