import { Logger } from '@nestjs/common';
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import { AuthError } from '../../platform/common/auth.errors.js';
import type { Clock } from '../../platform/common/clock.js';
import { fetchKeySet } from './fetch-key-set.js';

/** How long the key server may take for the whole of its answer, in milliseconds. */
const TIMEOUT_MS = 3_000;

/** For how long an unknown key id, and a key server that failed, is not asked about again; in milliseconds. */
const COOLDOWN_MS = 30_000;
const FAILURE_PAUSE_MS = 2_000;

/**
 * The keys of a JWKS (RFC 7517), fetched when first needed and kept for `cacheMaxAge`. An unknown key id makes it look
 * again, but once in {@link COOLDOWN_MS}: made-up ids must not turn this server against the key server. While that one
 * is out of reach nobody can tell a genuine token from a forged one, so the answer is 503, neither yes nor no (an AuthError).
 * Whatever else it throws is about the token, or about the one key it names.
 */
export function remoteKeys(url: URL, cacheMaxAge: number, clock: Clock): JWTVerifyGetKey {
  const logger = new Logger('AuthKeys');
  let pausedUntil = 0;
  return createRemoteJWKSet(url, {
    cacheMaxAge,
    cooldownDuration: COOLDOWN_MS,
    timeoutDuration: TIMEOUT_MS,
    // Called once for all requests that wait for the same answer: a flood of tokens does not become one of log lines.
    [customFetch]: async (href, init) => {
      if (clock.now() < pausedUntil) throw new AuthError('SERVICE_UNAVAILABLE');
      try {
        return await fetchKeySet(href, init);
      } catch (error) {
        pausedUntil = clock.now() + FAILURE_PAUSE_MS;
        const reason = error instanceof Error ? error.message : 'unknown error';
        logger.error(`the keys of ${url.origin} could not be had: ${reason}`);
        throw new AuthError('SERVICE_UNAVAILABLE', { cause: error });
      }
    },
  });
}
