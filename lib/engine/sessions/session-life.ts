import type { AuthConfig } from '../../platform/config/auth-config.js';

/**
 * When a session ends: after its idle time from the last rotation, but never past its absolute life (ASVS 7.3.1, 7.3.2).
 */
export function expiryOf({ jwt, session }: AuthConfig, startedAt: Date, rotatedAt: Date): Date {
  return new Date(
    Math.min(rotatedAt.getTime() + jwt.refreshTtlSeconds * 1000, startedAt.getTime() + session.maxSeconds * 1000),
  );
}
