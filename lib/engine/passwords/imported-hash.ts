import { pbkdf2, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** Compares a password with one stored hash. Rejects only where the computation itself failed. */
export type ImportedHash = (password: string) => Promise<boolean>;

/** A hash as its text states it: how to compute it again, and what must come out. */
interface Derivation {
  derive(password: string, length: number): Promise<Buffer>;
  readonly hash: Buffer;
}

const deriveScrypt = promisify(scrypt as (...parameters: ScryptParameters) => void);
const derivePbkdf2 = promisify(pbkdf2);

type ScryptParameters = [
  password: string,
  salt: Buffer,
  length: number,
  cost: { N: number; r: number; p: number; maxmem: number },
  done: (error: Error | null, key: Buffer) => void,
];

/**
 * The greatest costs that are verified, each about a second on a machine of today: a damaged or planted row must not occupy
 * a thread for minutes, nor whoever guesses at one account with a dear hash all of them. Above what the OWASP Password
 * Storage Cheat Sheet and the defaults of Django and Werkzeug ask for. The bytes of scrypt are those of all lanes together.
 */
const MAX = { bcryptCost: 14, scryptBytes: 256 * 1024 * 1024, pbkdf2Iterations: 3_000_000 };

/** 29 characters of parameters and salt, 31 of hash. Version b is what a and y became when their bugs were mended. */
const BCRYPT = /^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;

/** How each system writes the other two: `PHC` is the common form, Django and Werkzeug have their own. */
const FORMATS: readonly (readonly [RegExp, (parts: string[]) => Derivation | undefined])[] = [
  [
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/.]+)\$([A-Za-z0-9+/.]+)$/,
    ([ln, r, p, salt, hash]) => viaScrypt(2 ** Number(ln), r, p, base64(salt), base64(hash)),
  ],
  [
    /^\$pbkdf2(?:-(sha1|sha256|sha512))?\$(?:i=)?(\d{1,8})(?:,l=\d+)?\$([A-Za-z0-9+/.]+)\$([A-Za-z0-9+/.]+)$/,
    ([digest, iterations, salt, hash]) => viaPbkdf2(digest, iterations, base64(salt), base64(hash)),
  ],
  [
    /^scrypt\$(\d{1,9})\$([^$]+)\$(\d{1,3})\$(\d{1,3})\$([A-Za-z0-9+/]+=*)$/,
    ([n, salt, r, p, hash]) => viaScrypt(Number(n), r, p, text(salt), base64(hash)),
  ],
  [
    /^pbkdf2_(sha1|sha256)\$(\d{1,8})\$([^$]+)\$([A-Za-z0-9+/]+=*)$/,
    ([digest, iterations, salt, hash]) => viaPbkdf2(digest, iterations, text(salt), base64(hash)),
  ],
  [
    /^scrypt:(\d{1,9}):(\d{1,3}):(\d{1,3})\$([^$]+)\$([\da-f]+)$/,
    ([n, r, p, salt, hash]) => viaScrypt(Number(n), r, p, text(salt), hex(hash)),
  ],
  [
    /^pbkdf2:(sha1|sha256|sha512):(\d{1,8})\$([^$]+)\$([\da-f]+)$/,
    ([digest, iterations, salt, hash]) => viaPbkdf2(digest, iterations, text(salt), hex(hash)),
  ],
];

/**
 * Reads a hash that another system made: bcrypt (`$2a$`, `$2b$`, `$2y$`), scrypt (RFC 7914) or PBKDF2 (RFC 8018), in the
 * forms of PHC, Django and Werkzeug. They are verified only; none is ever made.
 *
 * bcrypt looks at the first 72 bytes of a password, so it accepts whatever agrees with them, until its owner's next login
 * makes an Argon2id hash of the whole.
 *
 * @returns undefined for any other text, and for costs beyond reason
 */
export function readImportedHash(stored: string): ImportedHash | undefined {
  const cost = BCRYPT.exec(stored)?.[1];
  if (cost) return Number(cost) <= MAX.bcryptCost ? (password) => verifyBcrypt(stored, password) : undefined;
  for (const [format, read] of FORMATS) {
    const parts = format.exec(stored)?.slice(1);
    if (parts) return comparing(read(parts));
  }
  return undefined;
}

/** True for a hash that only the bcrypt engine can verify. */
export function isBcrypt(stored: string): boolean {
  return BCRYPT.test(stored);
}

/** Loads the bcrypt engine; rejects where its package, or the binary for this platform, is not installed. */
export const loadBcrypt = () => import('@node-rs/bcrypt');

async function verifyBcrypt(stored: string, password: string): Promise<boolean> {
  const { verify } = await loadBcrypt();
  return verify(password, stored);
}

function comparing(derivation: Derivation | undefined): ImportedHash | undefined {
  // Shorter than 128 bits, the text is damaged or was cut off: somebody else's password could match.
  if (!derivation || derivation.hash.length < 16) return undefined;
  const { derive, hash } = derivation;
  return async (password) => timingSafeEqual(await derive(password, hash.length), hash);
}

function viaScrypt(
  N: number,
  blockSize: string | undefined,
  lanes: string | undefined,
  salt: Buffer,
  hash: Buffer,
): Derivation | undefined {
  const [r, p] = [Number(blockSize), Number(lanes)];
  const memory = 128 * N * r;
  const isSound = Number.isInteger(Math.log2(N)) && N > 1 && r > 0 && p > 0;
  if (!isSound || memory * p > MAX.scryptBytes) return undefined;
  // OpenSSL counts the lanes and its own working space as well.
  const cost = { N, r, p, maxmem: memory + 128 * r * (p + 2) + 1024 };
  return { derive: (password, length) => deriveScrypt(password, salt, length, cost), hash };
}

function viaPbkdf2(
  digest: string | undefined,
  count: string | undefined,
  salt: Buffer,
  hash: Buffer,
): Derivation | undefined {
  const iterations = Number(count);
  if (iterations < 1 || iterations > MAX.pbkdf2Iterations) return undefined;
  return { derive: (password, length) => derivePbkdf2(password, salt, iterations, length, digest ?? 'sha1'), hash };
}

/** With the dot that passlib writes for a plus, and with or without padding. */
function base64(part = ''): Buffer {
  return Buffer.from(part.replaceAll('.', '+'), 'base64');
}

function hex(part = ''): Buffer {
  return Buffer.from(part, 'hex');
}

function text(part = ''): Buffer {
  return Buffer.from(part);
}
