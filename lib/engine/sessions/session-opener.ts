import type { EntityManager } from 'typeorm';
import type { Account, UserId } from '../../platform/data/entities/base-user.entity.js';
import type { Device } from '../../platform/common/device.js';
import type { IssuedTokens, SessionSnapshot, TokenPair } from '../tokens/session-tokens.js';

/**
 * How a proof of identity becomes tokens. Level complete opens a session, a row; level basic hands out an access token
 * and keeps nothing.
 */
export abstract class SessionOpener<T extends IssuedTokens = TokenPair> {
  /** Inside a flow's transaction, for a user that the transaction has just written. */
  abstract open(manager: EntityManager, userId: UserId, device: Device): Promise<SessionSnapshot>;

  /** For a password that was just verified; undefined where the account changed meanwhile. */
  abstract openWithPassword(account: Account, device: Device): Promise<SessionSnapshot | undefined>;

  /** The tokens, with the claims the application adds. Never inside a transaction: its hook may ask the database. */
  abstract pair(session: SessionSnapshot): Promise<T>;
}
