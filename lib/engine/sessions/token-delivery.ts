import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { IssuedTokens, TokenPair } from '../tokens/session-tokens.js';
import { TokenCookies } from '../access/token-cookies.js';
import type { TokenPairBody } from './token-pair.body.js';

/**
 * Hands pairs of tokens to clients as `tokenDelivery` says: in the body of the answer, in cookies, or in both. The one
 * way a pair gets on the wire, so that no route can forget it.
 */
@Injectable()
export class TokenDelivery {
  /** @internal Nest makes it. */
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly cookies: TokenCookies,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * Puts a pair into the cookies of an answer, and returns its body. Without a session there is nothing for cookies.
   * @param response the response object of the adapter in use; other cookies on it stay
   */
  deliver(pair: IssuedTokens, response: unknown): TokenPairBody {
    if (this.config.tokenDelivery !== 'bearer' && isPair(pair)) this.setCookies(response, this.cookies.of(pair));
    const inBody = this.config.tokenDelivery !== 'cookie';
    return {
      access_token: inBody ? pair.accessToken : null,
      refresh_token: (inBody && pair.refreshToken) || null,
      token_type: pair.tokenType,
      expires_in: pair.expiresIn,
    };
  }

  /**
   * Makes the browser forget the cookies, where there can be any, whatever session they name: for an answer after which it
   * cannot live. CookieWithdrawal looks first.
   */
  withdraw(response: unknown): void {
    if (this.config.tokenDelivery !== 'bearer') this.setCookies(response, this.cookies.cleared());
  }

  private setCookies(response: unknown, cookies: readonly string[]): void {
    const { httpAdapter } = this.adapterHost;
    for (const cookie of cookies) httpAdapter.appendHeader(response, 'Set-Cookie', cookie);
  }
}

function isPair(tokens: IssuedTokens): tokens is TokenPair {
  return tokens.refreshToken !== undefined;
}
