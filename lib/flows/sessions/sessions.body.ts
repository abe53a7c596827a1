import { EXAMPLE_INSTANT, jsonBody } from '../../platform/http/answer.js';
import { INSTANT } from '../../platform/http/schema.js';
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

export const SESSION_BODY = jsonBody<SessionBody>({
  name: 'Session',
  fields: {
    id: { type: 'string' },
    created_at: INSTANT,
    last_used_at: { ...INSTANT, description: 'Moves with each refresh.' },
    ip: { type: 'string', nullable: true },
    user_agent: { type: 'string', nullable: true },
    current: { type: 'boolean', description: 'True for the session of the request itself.' },
  },
  example: {
    id: '018f0000-0000-7000-8000-000000000002',
    created_at: EXAMPLE_INSTANT,
    last_used_at: EXAMPLE_INSTANT,
    ip: '192.0.2.1',
    user_agent: 'Mozilla/5.0',
    current: true,
  },
});

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
