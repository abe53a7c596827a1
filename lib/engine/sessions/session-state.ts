import type { ObjectLiteral } from 'typeorm';
import type { BaseUserToken, SessionPayload } from '../../platform/data/entities/base-user-token.entity.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import type { UserColumns } from '../../platform/data/entities/user-columns.js';
import type { SessionRow } from '../../platform/data/store/sessions.store.js';

/** What the guard must know of a live session and its user on every request. */
export interface SessionState extends SessionPayload {
  userId: UserId;
  isEmailVerified: boolean;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/** A session whose user was found along with it: the application's own entity, of this request alone. */
export interface SessionWithUser extends SessionState {
  user?: object;
}

/** What a row says; undefined where the session has ended or the user is not active. */
export function stateOfRow(row: SessionRow): SessionState | undefined {
  if (row.revoked_at !== null || !row.is_active) return undefined;
  return {
    userId: row.user_id,
    isEmailVerified: row.email_verified_at !== null,
    expiresAt: Number(row.expires_at),
    ...(row.payload === null ? beganAt(Number(row.created_at)) : (JSON.parse(row.payload) as SessionPayload)),
  };
}

/** Like {@link stateOfRow}, of a session that was loaded with its user. */
export function stateOfEntity(session: BaseUserToken, columns: UserColumns): SessionState | undefined {
  const { id, emailVerifiedAt, isActive } = columns.toAccount(session.user as ObjectLiteral);
  if (session.revokedAt !== null || !isActive) return undefined;
  return {
    userId: id,
    isEmailVerified: Boolean(emailVerifiedAt),
    expiresAt: session.expiresAt.getTime(),
    ...((session.payload as SessionPayload | null) ?? beganAt(session.createdAt.getTime())),
  };
}

/** A session that began before sessions kept how: its user has proved something when it began. */
function beganAt(authenticatedAt: number): SessionPayload {
  return { amr: [], authenticatedAt };
}
