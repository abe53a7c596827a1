import type { SessionInfo } from './sessions.service.js';

/** A session on the wire: nothing in it opens anything. */
export interface SessionBody {
  id: string;
  /** ISO 8601. */
  created_at: string;
  /** ISO 8601; moves with each refresh. */
  last_used_at: string;
  ip: string | null;
  user_agent: string | null;
  /** True for the session of the request itself. */
  current: boolean;
}

/** The wire form of a session, seen from the session `currentId`. */
export function toSessionBody(session: SessionInfo, currentId: string | undefined): SessionBody {
  return {
    id: session.id,
    created_at: session.createdAt.toISOString(),
    last_used_at: session.lastUsedAt.toISOString(),
    ip: session.ip,
    user_agent: session.userAgent,
    current: session.id === currentId,
  };
}
