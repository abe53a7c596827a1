import { Logger } from '@nestjs/common';
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
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
 * is out of reach nobody can tell a genuine token from a forged one, so the answer is 503, neither yes nor no.
 */
export function remoteKeys(url: URL, cacheMaxAge: number, clock: Clock): JWTVerifyGetKey {
  const logger = new Logger('AuthKeys');
  let pausedUntil = 0;
  const keys = createRemoteJWKSet(url, {
    cacheMaxAge,
    cooldownDuration: COOLDOWN_MS,
    timeoutDuration: TIMEOUT_MS,
    [customFetch]: async (href, init) => {
      if (clock.now() < pausedUntil) throw new AuthError('SERVICE_UNAVAILABLE');
      return fetchKeySet(href, init);
    },
  });
  /** Once for all requests that waited for the same answer: a flood of tokens must not become one of log lines. */
  const tell = (error: unknown): void => {
    if (clock.now() < pausedUntil) return;
    pausedUntil = clock.now() + FAILURE_PAUSE_MS;
    logger.error(
      `the keys of ${url.origin} could not be had: ${error instanceof Error ? error.message : 'unknown error'}`,
    );
  };
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      if (isAboutToken(error) || error instanceof AuthError) throw error;
      tell(error);
      throw new AuthError('SERVICE_UNAVAILABLE', { cause: error });
    }
  };
}

/** The keys are there, but none, or more than one, is the token's; or the token asks for what no key set can do. */
function isAboutToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}
