import { boolean, integer, type SettingGroup } from '../setting.js';

/** What the password policy demands. Applies to signup and reset alike. */
export interface PasswordOptions {
  /** Shortest password, in Unicode code points. `AUTH_PASSWORD_MIN_LENGTH`. @default 12 */
  minLength: number;
  /** Longest password, in Unicode code points; also at most 1024 bytes. `AUTH_PASSWORD_MAX_LENGTH`. @default 128 */
  maxLength: number;
  /** True demands a lower case letter, an upper case letter, a digit and a symbol. `AUTH_PASSWORD_REQUIRE_COMPLEXITY`. @default false */
  requireComplexity: boolean;
  /** True refuses common passwords, and those that contain the address or the name. `AUTH_PASSWORD_BLOCK_COMMON`. @default true */
  blockCommon: boolean;
  /** How a password is spelt before it is counted and hashed: `nfc` takes é as one code point or two for the same letter, `none` takes it as typed. `AUTH_PASSWORD_NORMALISATION`. @default nfc */
  normalisation: 'nfc' | 'none';
  /** True refuses passwords that are known from breaches: a service is asked by the first five hex digits of the SHA-1 hash. `AUTH_PASSWORD_BREACH_CHECK`. @default false */
  breachCheck: boolean;
  /** Where the breach check asks: the address of a range interface, without the digits. `AUTH_PASSWORD_BREACH_CHECK_URL`. @default https://api.pwnedpasswords.com/range */
  breachCheckUrl: string;
  /** How long the breach check waits for an answer, in milliseconds. `AUTH_PASSWORD_BREACH_CHECK_TIMEOUT_MS`. @default 1000 */
  breachCheckTimeoutMs: number;
  /** What a breach check that fails means: `accept` (nobody is kept out, and the common passwords are refused anyway) or `refuse` (503). `AUTH_PASSWORD_BREACH_CHECK_FALLBACK`. @default accept */
  breachCheckFallback: 'accept' | 'refuse';
}

/** Argon2id (RFC 9106) and the limiter before it. */
export interface HashingOptions {
  /** Memory of one hash, in KiB. `AUTH_HASH_MEMORY_KIB`. @default 19456 */
  memoryKib: number;
  /** Passes over the memory. `AUTH_HASH_TIME_COST`. @default 2 */
  timeCost: number;
  /** Hashes computed at once; 0 means min(cores, UV_THREADPOOL_SIZE - 1). `AUTH_HASH_CONCURRENCY`. @default 0 */
  concurrency: number;
  /** Hashes that may wait, networks in turns; of one more, the newest of the network with most is answered 503. `AUTH_HASH_QUEUE`. @default 64 */
  queue: number;
  /** True verifies the bcrypt, scrypt and PBKDF2 hashes of imported users, each replaced at its owner's next login. `AUTH_IMPORTED_HASHES`. @default false */
  importedHashes: boolean;
  /** Least time of a refused password where imported hashes are on, in milliseconds; it must be above that of the slowest of them. `AUTH_IMPORTED_HASHES_FLOOR_MS`. @default 1000 */
  importedFloorMs: number;
  /** A secret of at least 32 bytes that goes into every new hash and is kept outside the database. `AUTH_PASSWORD_PEPPER`. @default none */
  pepper: string;
  /** Former peppers, which stored hashes may still have; separated by commas or spaces. `AUTH_PASSWORD_PREVIOUS_PEPPERS`. @default none */
  previousPeppers: readonly string[];
}

/** The password policy and the hash. */
export const PASSWORD_SETTINGS: readonly SettingGroup[] = [
  {
    title: 'Passwords',
    settings: [
      {
        path: 'password.minLength',
        env: 'AUTH_PASSWORD_MIN_LENGTH',
        level: 'basic',
        ...integer('code points', 12, 8, 1024),
        doc: 'Shortest password, in Unicode code points.',
      },
      {
        path: 'password.maxLength',
        env: 'AUTH_PASSWORD_MAX_LENGTH',
        level: 'basic',
        ...integer('code points', 128, 64, 1024),
        doc: 'Longest password, in Unicode code points; also at most 1024 bytes.',
      },
      {
        path: 'password.requireComplexity',
        env: 'AUTH_PASSWORD_REQUIRE_COMPLEXITY',
        level: 'basic',
        ...boolean(false),
        doc: 'True demands a lower case letter, an upper case letter, a digit and a symbol.',
      },
      {
        path: 'password.blockCommon',
        env: 'AUTH_PASSWORD_BLOCK_COMMON',
        level: 'basic',
        ...boolean(true),
        doc: 'True refuses common passwords, and those that contain the address or the name.',
      },
      {
        path: 'password.normalisation',
        env: 'AUTH_PASSWORD_NORMALISATION',
        level: 'basic',
        kind: 'choice',
        values: ['nfc', 'none'],
        default: 'nfc',
        doc: 'How a password is spelt before it is counted and hashed: `nfc` takes é as one code point or two for the same letter, `none` takes it as typed.',
      },
      {
        path: 'password.breachCheck',
        env: 'AUTH_PASSWORD_BREACH_CHECK',
        level: 'basic',
        ...boolean(false),
        doc: 'True refuses passwords that are known from breaches: a service is asked by the first five hex digits of the SHA-1 hash.',
      },
      {
        path: 'password.breachCheckUrl',
        env: 'AUTH_PASSWORD_BREACH_CHECK_URL',
        level: 'basic',
        kind: 'range-url',
        default: 'https://api.pwnedpasswords.com/range',
        doc: 'Where the breach check asks: the address of a range interface, without the digits.',
      },
      {
        path: 'password.breachCheckTimeoutMs',
        env: 'AUTH_PASSWORD_BREACH_CHECK_TIMEOUT_MS',
        level: 'basic',
        ...integer('milliseconds', 1000, 50, 10_000),
        doc: 'How long the breach check waits for an answer, in milliseconds.',
      },
      {
        path: 'password.breachCheckFallback',
        env: 'AUTH_PASSWORD_BREACH_CHECK_FALLBACK',
        level: 'basic',
        kind: 'choice',
        values: ['accept', 'refuse'],
        default: 'accept',
        doc: 'What a breach check that fails means: `accept` (nobody is kept out, and the common passwords are refused anyway) or `refuse` (503).',
      },
    ],
  },
  {
    title: 'Hashing',
    settings: [
      {
        path: 'hashing.memoryKib',
        env: 'AUTH_HASH_MEMORY_KIB',
        level: 'basic',
        ...integer('KiB', 19_456, 8, 1_048_576),
        doc: 'Memory of one hash, in KiB.',
      },
      {
        path: 'hashing.timeCost',
        env: 'AUTH_HASH_TIME_COST',
        level: 'basic',
        ...integer('passes', 2, 1, 64),
        doc: 'Passes over the memory.',
      },
      {
        path: 'hashing.concurrency',
        env: 'AUTH_HASH_CONCURRENCY',
        level: 'basic',
        ...integer('hashes', 0, 0, 64),
        doc: 'Hashes computed at once; 0 means min(cores, UV_THREADPOOL_SIZE - 1).',
      },
      {
        path: 'hashing.queue',
        env: 'AUTH_HASH_QUEUE',
        level: 'basic',
        ...integer('hashes', 64, 0, 10_000),
        doc: 'Hashes that may wait, networks in turns; of one more, the newest of the network with most is answered 503.',
      },
      {
        path: 'hashing.importedHashes',
        env: 'AUTH_IMPORTED_HASHES',
        level: 'basic',
        ...boolean(false),
        doc: "True verifies the bcrypt, scrypt and PBKDF2 hashes of imported users, each replaced at its owner's next login.",
      },
      {
        path: 'hashing.importedFloorMs',
        env: 'AUTH_IMPORTED_HASHES_FLOOR_MS',
        level: 'basic',
        ...integer('milliseconds', 1_000, 0, 10_000),
        doc: 'Least time of a refused password where imported hashes are on, in milliseconds; it must be above that of the slowest of them.',
      },
      {
        path: 'hashing.pepper',
        env: 'AUTH_PASSWORD_PEPPER',
        level: 'basic',
        kind: 'signing-secret',
        secret: true,
        formerIn: 'hashing.previousPeppers (AUTH_PASSWORD_PREVIOUS_PEPPERS)',
        doc: 'A secret of at least 32 bytes that goes into every new hash and is kept outside the database.',
      },
      {
        path: 'hashing.previousPeppers',
        env: 'AUTH_PASSWORD_PREVIOUS_PEPPERS',
        level: 'basic',
        kind: 'former-peppers',
        secret: true,
        default: [],
        defaultText: 'none',
        doc: 'Former peppers, which stored hashes may still have; separated by commas or spaces.',
      },
    ],
  },
];
