import type { Normalisation } from './password-text.js';

/** What a stored Argon2 hash says about how it was made. */
export interface Argon2Parameters {
  variant: 'argon2d' | 'argon2i' | 'argon2id';
  /** Version of the algorithm: 19 (0x13) is RFC 9106; 16 (0x10) is the one before. */
  version: number;
  /** Memory, in KiB. */
  memoryKib: number;
  /** Passes over the memory. */
  timeCost: number;
  parallelism: number;
  /** Names the pepper the hash was made with (PHC `keyid`); undefined without one. */
  pepperId?: string;
  /** The spelling of the password that was hashed: `nfc` where the string says so (`norm=nfc`), else as it was typed. */
  normalisation: Normalisation;
}

const PHC =
  /^\$(argon2(?:d|i|id))\$v=(16|19)\$m=([1-9]\d{0,8}),t=([1-9]\d{0,8}),p=([1-9]\d{0,2})(?:,keyid=([A-Za-z0-9+/]{1,11}))?(?:,norm=(nfc))?\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/**
 * Reads a PHC string, the standard text form of an Argon2 hash:
 * `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`, with two more parameters where they apply:
 * `,keyid=<pepper>` and `,norm=nfc`.
 *
 * @returns undefined for everything an Argon2 engine could not verify: another algorithm, a damaged string, parameters
 * below the minimum of RFC 9106 (section 3.1), a salt or hash of impossible length
 */
export function parsePhc(phc: string): Argon2Parameters | undefined {
  const match = PHC.exec(phc);
  if (!match) return undefined;
  const [, variant, version, memory, time, lanes, pepperId, normalisation = 'none', salt = '', hash = ''] = match;
  const memoryKib = Number(memory);
  const parallelism = Number(lanes);
  const readable =
    memoryKib >= 8 * parallelism && parallelism <= 255 && decodesTo(salt, 8, 48) && decodesTo(hash, 12, 64);
  return readable
    ? {
        variant: variant as Argon2Parameters['variant'],
        version: Number(version),
        memoryKib,
        timeCost: Number(time),
        parallelism,
        ...(pepperId && { pepperId }),
        normalisation: normalisation as Normalisation,
      }
    : undefined;
}

/**
 * The string with what engines do not write: which pepper they computed with, and how the password was spelt. The hash of
 * a password that is plain ASCII has no mark for its spelling: it is the string that every other implementation writes.
 */
export function withMarks(
  phc: string,
  { pepperId, normalisation }: Pick<Argon2Parameters, 'pepperId' | 'normalisation'>,
): string {
  const marks = [pepperId && `,keyid=${pepperId}`, normalisation !== 'none' && `,norm=${normalisation}`];
  return phc.replace(/(,p=\d+)\$/, `$1${marks.filter(Boolean).join('')}$$`);
}

/** The string without them, as engines read it. */
export function withoutMarks(phc: string): string {
  return phc.replace(/(,p=\d+),[^$]+/, '$1');
}

/** True for canonical base64 without padding, of `min` to `max` bytes. */
function decodesTo(base64: string, min: number, max: number): boolean {
  const bytes = Buffer.from(base64, 'base64');
  return bytes.length >= min && bytes.length <= max && bytes.toString('base64').replace(/={1,2}$/, '') === base64;
}
