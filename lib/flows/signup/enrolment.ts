import type { EntityManager } from 'typeorm';
import { AuthError } from '../../platform/common/auth.errors.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import type { Hooks } from '../../engine/hooks/hooks.js';
import type { Device } from '../../platform/common/device.js';
import type { OwnFields } from '../../platform/common/stored-fields.js';
import type { Database } from '../../platform/data/store/database.js';
import { isUniqueViolation } from '../../platform/data/store/database-errors.js';
import type { UsersStore } from '../../platform/data/store/users.store.js';
import type { IssuedTokens, TokenPair } from '../../engine/tokens/session-tokens.js';

/** An account as a signup would make it, and where the signup comes from. */
export interface Applicant {
  email: string;
  passwordHash: string;
  fields: OwnFields;
  device: Device;
}

/** What a signup tells. With mail, always the same, whether the address was new or taken. */
export interface SignupResult<T extends IssuedTokens = TokenPair> {
  /** Null in the modes with mail. */
  userId: UserId | null;
  activationRequired: boolean;
  /** Mode C: the link. */
  activationUrl: string | null;
  /** Mode D: the session of the new account. Level basic: its access token. */
  tokens: T | null;
}

/** What becomes of an applicant: an active account, or a pending one with a link. */
export abstract class Enrolment<T extends IssuedTokens = TokenPair> {
  /** @throws AuthError SIGNUP_EMAIL_TAKEN where that may be told, SIGNUP_CONFLICT where another unique column is taken */
  abstract enrol(applicant: Applicant): Promise<SignupResult<T>>;
}

/**
 * Where no mail could tell the owner instead, a taken address is said to be taken: level basic, and modes C and D, which
 * are never for production.
 */
export async function enrolOpenly<R>(
  database: Database,
  users: UsersStore,
  email: string,
  create: (manager: EntityManager) => Promise<R>,
): Promise<R> {
  try {
    return await database.transaction(create);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    const isTaken = (await users.findByEmail(email)) !== null;
    throw new AuthError(isTaken ? 'SIGNUP_EMAIL_TAKEN' : 'SIGNUP_CONFLICT', { cause: error });
  }
}

/** Writes the account, and lets the application add its own rows. */
export async function createAccount(
  manager: EntityManager,
  users: UsersStore,
  hooks: Hooks,
  { email, passwordHash, fields, device }: Applicant,
  isActive: boolean,
): Promise<UserId> {
  const userId = await users.insert(manager, { email, passwordHash, isActive }, fields);
  await hooks.within(manager, 'afterSignup', userId, { device });
  return userId;
}
