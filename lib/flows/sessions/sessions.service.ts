import { Injectable } from '@nestjs/common';
import { SessionEnder } from '../../engine/sessions/session-ender.js';
import { AuthError } from '../../platform/common/auth.errors.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { EventLog } from '../../engine/events/event-log.js';
import type { Device } from '../../platform/common/device.js';
import { Database } from '../../platform/data/store/database.js';
import { SessionsStore } from '../../platform/data/store/sessions.store.js';

/** A signed-in device, as its user recognises it. */
export interface SessionInfo {
  id: string;
  createdAt: Date;
  /** When its refresh token last rotated, or else when it began. */
  lastUsedAt: Date;
  ip: string | null;
  userAgent: string | null;
}

/** As the module writes its keys. PostgreSQL would fail on other text, and take upper case for the same key. */
const SESSION_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The devices a user is signed in on, to be seen and ended one by one (ASVS 7.5.2). */
@Injectable()
export class SessionListService {
  constructor(
    private readonly database: Database,
    private readonly sessions: SessionsStore,
    private readonly ender: SessionEnder,
    private readonly events: EventLog,
  ) {}

  /** The live sessions of a user, the one used last first. */
  async list(userId: UserId): Promise<SessionInfo[]> {
    const rows = await this.sessions.findLive(userId);
    return rows
      .map(({ id, createdAt, lastUsedAt, ip, userAgent }) => ({
        id,
        createdAt,
        lastUsedAt: lastUsedAt ?? createdAt,
        ip,
        userAgent,
      }))
      .sort((one, other) => other.lastUsedAt.getTime() - one.lastUsedAt.getTime());
  }

  /**
   * Ends one session of a user. Its owner is a condition of the statement, so that an id is no more than a name: who
   * learns a stranger's can do nothing with it, nor find out that it exists (IDOR; ASVS 8.2.2).
   * @throws AuthError SESSION_NOT_FOUND for an unknown, malformed, foreign or ended session alike
   */
  async end(userId: UserId, sessionId: string, device: Device): Promise<void> {
    if (!SESSION_ID.test(sessionId)) throw new AuthError('SESSION_NOT_FOUND');
    const isEnded = await this.database.write((manager) => this.ender.end(manager, sessionId, userId));
    if (!isEnded) throw new AuthError('SESSION_NOT_FOUND');
    await this.events.record('session_expired', { userId, sessionId, device, reason: 'ended' });
  }
}
