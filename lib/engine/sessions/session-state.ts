import type { SessionPayload } from '../../platform/data/entities/base-user-token.entity.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import type { SessionRow } from '../../platform/data/store/sessions.store.js';

/** What the guard must know of a live session and its user on every request. */
export interface SessionState extends SessionPayload {
  userId: UserId;
  isEmailVerified: boolean;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/** What a row says; undefined where the session has ended or the user is not active. */
export function stateOfRow(row: SessionRow): SessionState | undefined {
  if (row.revoked_at !== null || !row.is_active) return undefined;
  return {
    userId: row.user_id,
    isEmailVerified: row.email_verified_at !== null,
    expiresAt: Number(row.expires_at),
    // A session that began before sessions kept how: its user has proved something when it began.
    ...(row.payload === null
      ? { amr: [], authenticatedAt: Number(row.created_at) }
      : (JSON.parse(row.payload) as SessionPayload)),
  };
}
