import { decodeProtectedHeader, type JWTPayload } from 'jose';
import type { AccessClaims } from '../tokens/session-tokens.js';

/** What an access token says it is (RFC 9068, section 2.1), and how the configuration spells "no type". */
const ACCESS_TYPE = 'at+jwt';
const NO_TYPE = 'none';

/** Hashes of what is issued beside an ID token (OpenID Connect Core 1.0, section 3.1.3.6): no access token has them. */
const ONLY_IN_ID_TOKENS = ['at_hash', 'c_hash'];

/** The types that pass: that of RFC 9068, and what the configuration adds. */
export function acceptedTypes(others: readonly string[]): ReadonlySet<string> {
  return new Set([ACCESS_TYPE, ...others.map(typeName)]);
}

/**
 * True for a header that an access token can have. Looked at before any key is: a token of another kind, signed by the same
 * key, must not open a route (RFC 8725, section 3.11), nor one whose header is not of the types RFC 7515 demands. `crit`
 * names what a verifier must understand, and this one understands nothing of the kind.
 */
export function isAccessHeader(token: string, types: ReadonlySet<string>): boolean {
  const { typ, alg, kid, cty, crit }: Record<string, unknown> = decodeProtectedHeader(token);
  if (typeof alg !== 'string' || crit !== undefined) return false;
  if (![typ, kid, cty].every((value) => value === undefined || typeof value === 'string')) return false;
  return types.has(typ === undefined ? NO_TYPE : typeName(String(typ)));
}

/**
 * True for claims of an access token whose values have the types of RFC 7519, section 4.1. jose has compared `iss` and `aud`,
 * but a list of audiences that has ours in it may hold anything else.
 */
export function isAccess(claims: JWTPayload): claims is AccessClaims {
  const { sub, aud, jti }: Record<string, unknown> = claims;
  const audiences = Array.isArray(aud) ? aud : [aud];
  return (
    isText(sub) &&
    audiences.every(isText) &&
    (jti === undefined || typeof jti === 'string') &&
    [claims.exp, claims.nbf ?? 0, claims.iat ?? 0].every(Number.isFinite) &&
    !ONLY_IN_ID_TOKENS.some((name) => Object.hasOwn(claims, name))
  );
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** Case does not matter in a media type, and `application/` may be left out (RFC 7515, section 4.1.9). */
function typeName(typ: string): string {
  return typ.toLowerCase().replace(/^application\//, '');
}
