import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { HmacAlgorithm, JwtAlgorithm } from '../../platform/config/jwt-algorithms.js';

/** One key of JWTs. It serves a single algorithm (RFC 8725, section 3.1): a token cannot choose another for it. */
export interface JwtKey {
  /** Names the key in the header of a token; tells nothing about it. */
  readonly kid: string;
  readonly algorithm: JwtAlgorithm;
  readonly verifies: KeyObject;
  /** Absent where only the public half is known. */
  readonly signs?: KeyObject;
}

/** A key for each HMAC. */
export type HmacKeys = Readonly<Record<HmacAlgorithm, JwtKey>>;

/** The keys of one JWT_SECRET, each for a single purpose (RFC 8725, section 3.5). */
export interface Keys {
  /** Sign access tokens, unless a private key does. */
  readonly access: HmacKeys;
  /** Sign refresh tokens. */
  readonly refresh: HmacKeys;
  /** Makes link tokens. */
  readonly link: KeyObject;
  /** Makes CSRF tokens. */
  readonly csrf: KeyObject;
  /** Makes pseudonyms in the audit trail. */
  readonly audit: KeyObject;
  /** Makes the keys of limits. */
  readonly limit: KeyObject;
  /** Makes device cookies. */
  readonly device: KeyObject;
}

/** 512 bits: as long as the widest HMAC in use asks for (RFC 7518, section 3.2). */
const KEY_BYTES = 64;

/** 96 bits: no two keys of a ring share a name by chance. */
const KID_BYTES = 12;

/**
 * Derives independent keys from one secret with HKDF-SHA-256 (RFC 5869), so that a token of one kind never verifies
 * as another, nor as a token that the application signs with the bare secret. KeyObjects are made once, because
 * jsonwebtoken spends 40 times the cost of a signature on building one from a string.
 */
export function deriveKeys(secret: string): Keys {
  const derive = (label: string, length = KEY_BYTES) =>
    Buffer.from(hkdfSync('sha256', secret, '', `nestjs-gatehouse ${label}`, length));
  const key = (label: string) => createSecretKey(derive(label));
  const jwtKey = (kind: string, algorithm: HmacAlgorithm): JwtKey => {
    const secretKey = key(`${kind} ${algorithm}`);
    const kid = derive(`${kind} ${algorithm} kid`, KID_BYTES).toString('base64url');
    return Object.freeze({ kid, algorithm, verifies: secretKey, signs: secretKey });
  };
  const jwtKeys = (kind: string): HmacKeys =>
    Object.freeze({
      HS256: jwtKey(kind, 'HS256'),
      HS384: jwtKey(kind, 'HS384'),
      HS512: jwtKey(kind, 'HS512'),
    });
  return Object.freeze({
    access: jwtKeys('access'),
    refresh: jwtKeys('refresh'),
    link: key('link'),
    csrf: key('csrf'),
    audit: key('audit'),
    limit: key('limit'),
    device: key('device'),
  });
}
