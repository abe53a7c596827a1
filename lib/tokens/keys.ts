import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/** The keys of one JWT_SECRET, each for a single purpose (RFC 8725, section 3.5). */
export interface Keys {
  /** Signs access tokens. */
  readonly access: KeyObject;
  /** Signs refresh tokens. */
  readonly refresh: KeyObject;
  /** Makes link tokens. */
  readonly link: KeyObject;
  /** Makes CSRF tokens. */
  readonly csrf: KeyObject;
}

/** 512 bits: as long as the widest HMAC in use asks for (RFC 7518, section 3.2). */
const KEY_BYTES = 64;

/**
 * Derives independent keys from one secret with HKDF-SHA-256 (RFC 5869), so that a token of one kind never verifies
 * as another, nor as a token that the application signs with the bare secret. KeyObjects are made once, because
 * jsonwebtoken spends 40 times the cost of a signature on building one from a string.
 */
export function deriveKeys(secret: string): Keys {
  const derive = (label: string) =>
    createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `nestjs-gatehouse ${label}`, KEY_BYTES)));
  return Object.freeze({
    access: derive('access'),
    refresh: derive('refresh'),
    link: derive('link'),
    csrf: derive('csrf'),
  });
}
