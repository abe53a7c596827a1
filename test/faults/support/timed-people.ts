import type { DataSourceOptions } from 'typeorm';

/** What a measured process is told. */
export interface TimedAppOptions {
  database: DataSourceOptions;
  smtpPort: number;
  /** How many active accounts there are beside one of each state. */
  known: number;
  /** Milliseconds; the default of the module where absent. */
  uniformAnswerMs?: number;
  /** Milliseconds; imported hashes are off where absent. */
  importedFloorMs?: number;
  /** A bcrypt and an Argon2i hash of some password. */
  importedHashes: readonly [bcrypt: string, argon2i: string];
  /** True takes out what makes times equal: the positive control. */
  withoutEqualiser?: boolean;
}

export const OWN_PASSWORD = 'correct horse battery staple';

/** One account of each state, and what else is asked for by name. */
export const ADDRESSES = {
  active: 'active@example.com',
  pending: 'pending@example.com',
  deactivated: 'deactivated@example.com',
  deleted: 'deleted@example.com',
  passwordless: 'passwordless@example.com',
  bcrypt: 'bcrypt@example.com',
  argon2i: 'argon2i@example.com',
  /** No account has it; another one has asked to move to it. */
  elsewhere: 'elsewhere@example.com',
  /** Whose address is asked to be changed. */
  mover: 'mover@example.com',
} as const;

/** One of many active accounts. */
export const KNOWN = (index: number): string => `known-${index}@example.com`;

let last = 0;

/** An address that nobody has, another one each time. */
export const newAddress = (): string => `nobody-${process.pid}-${last++}@example.com`;
