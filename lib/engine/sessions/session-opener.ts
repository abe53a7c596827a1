import type { ProvenState } from '../../platform/data/store/account-state.js';
import type { Device } from '../../platform/common/device.js';
import type { SignInWay } from '../hooks/auth-hooks.js';
import type { IssuedTokens, SessionSnapshot, TokenPair } from '../tokens/session-tokens.js';

/** A session that may be opened. */
export interface Opening {
  /** What must be true of the account at the moment of writing. */
  readonly stillHolds: ProvenState;
  /** How the owner proved who they are, by the names of RFC 8176. */
  readonly amr: readonly string[];
  readonly via: SignInWay;
  readonly device: Device;
}

/**
 * What a level makes of a decision to let somebody in: complete opens a session, a row; basic hands out an access token
 * and keeps nothing.
 */
export abstract class SessionOpener<T extends IssuedTokens = TokenPair> {
  /** In one statement; undefined where the account changed meanwhile. */
  abstract write(opening: Opening): Promise<SessionSnapshot | undefined>;

  /** The tokens, with the claims the application adds. Never inside a transaction: its hook may ask the database. */
  abstract issue(session: SessionSnapshot): Promise<T>;
}
