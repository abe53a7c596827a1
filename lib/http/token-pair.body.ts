import type { TokenPair } from '../tokens/session-tokens.js';

/** A JWT pair on the wire (RFC 6749, section 5.1). */
export interface TokenPairBody {
  access_token: string;
  refresh_token: string;
  token_type: 'Bearer';
  /** Seconds. */
  expires_in: number;
}

/** Translates a pair to its wire form. */
export function toTokenPairBody(pair: TokenPair): TokenPairBody {
  return {
    access_token: pair.accessToken,
    refresh_token: pair.refreshToken,
    token_type: pair.tokenType,
    expires_in: pair.expiresIn,
  };
}
