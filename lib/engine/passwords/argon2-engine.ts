import { parsePhc } from './argon2-phc.js';

/** The cost of one Argon2id hash; parallelism is always 1. */
export interface Argon2Cost {
  /** Memory, in KiB; at least 8. */
  memoryKib: number;
  /** Passes over the memory; at least 1. */
  timeCost: number;
}

/** The secret value K of Argon2 (RFC 9106, section 3.1): a pepper. */
export type Argon2Secret = Buffer | undefined;

/** One implementation of Argon2 (RFC 9106). Both of ours write the same PHC strings and verify each other's. */
export interface Argon2Engine {
  /** The package that computes. */
  readonly name: '@node-rs/argon2' | 'argon2';
  /** Hashes with Argon2id, version 19, a random salt of 16 bytes; gives a PHC string. */
  hash(password: string, cost: Argon2Cost, secret?: Argon2Secret): Promise<string>;
  /**
   * True when the hash was made of this password. A string that is no Argon2 hash is false, never an error; an error
   * means that the computation itself failed (no memory), which must not read as a wrong password.
   */
  verify(phc: string, password: string, secret?: Argon2Secret): Promise<boolean>;
}

/** Loads an engine; rejects where its package, or the binary for this platform, is not installed. */
export type Argon2Loader = () => Promise<Argon2Engine>;

/** Loads `@node-rs/argon2`, the faster engine: an optional dependency, as it has no binary for some platforms. */
export const loadNodeRsArgon2: Argon2Loader = async () => {
  const { hash, verify } = await import('@node-rs/argon2');
  return {
    name: '@node-rs/argon2',
    // Argon2id, version 19 and 32 bytes of output are its defaults; its enums exist at compile time only.
    hash: (password, { memoryKib, timeCost }, secret) =>
      hash(password, { memoryCost: memoryKib, timeCost, parallelism: 1, secret }),
    verify: async (phc, password, secret) => parsePhc(phc) !== undefined && verify(phc, password, { secret }),
  };
};

/** Loads `argon2`, the fallback: the reference implementation in C. */
export const loadReferenceArgon2: Argon2Loader = async () => {
  const { argon2id, hash, verify } = await import('argon2');
  return {
    name: 'argon2',
    hash: (password, { memoryKib, timeCost }, secret) =>
      hash(password, { type: argon2id, memoryCost: memoryKib, timeCost, parallelism: 1, secret }),
    verify: async (phc, password, secret) => parsePhc(phc) !== undefined && verify(phc, password, { secret }),
  };
};

/**
 * The first engine that loads.
 *
 * @throws Error naming the packages to install when none does
 */
export async function loadArgon2Engine(
  loaders: readonly Argon2Loader[] = [loadNodeRsArgon2, loadReferenceArgon2],
): Promise<Argon2Engine> {
  const causes: unknown[] = [];
  for (const load of loaders) {
    try {
      return await load();
    } catch (cause) {
      causes.push(cause);
    }
  }
  throw new AggregateError(
    causes,
    'No Argon2 implementation could be loaded, so no password can be hashed. ' +
      'Install @node-rs/argon2, or argon2 with a compiler for its native part.',
  );
}
