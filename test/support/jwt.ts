import { createHmac, type KeyObject, sign } from 'node:crypto';

/** Header or claims of a JWT. */
export type JsonObject = Record<string, unknown>;

/** The claims of a JWT, unverified. */
export function claimsOf(token: string): JsonObject {
  return decode(token.split('.')[1]);
}

/** The header of a JWT. */
export function headerOf(token: string): JsonObject {
  return decode(token.split('.')[0]);
}

/**
 * Signs whatever it is given, as an attacker would: nothing is checked, added or pinned. A private key signs as RS256 or
 * ES256 do, anything else as HMAC does.
 */
export function forgeJwt(header: JsonObject, claims: JsonObject, key: string | KeyObject, hash = 'sha256'): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  const signature =
    typeof key === 'object' && key.type === 'private'
      ? sign(hash, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
      : createHmac(hash, key).update(signed).digest();
  return `${signed}.${signature.toString('base64url')}`;
}

/** One part of a JWT. */
export function encode(part: JsonObject): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function decode(part = ''): JsonObject {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as JsonObject;
}
