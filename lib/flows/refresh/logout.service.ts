import { Injectable } from '@nestjs/common';
import { EventLog } from '../../engine/events/event-log.js';
import { SessionEnder } from '../../engine/sessions/session-ender.js';
import { SessionTokens } from '../../engine/tokens/session-tokens.js';
import { AuthError } from '../../platform/common/auth.errors.js';
import { Traced } from '../../platform/common/traced.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { Database } from '../../platform/data/store/database.js';
import type { Device } from '../../platform/common/device.js';

/** Logout: the session of a request ends, or every session of its user. */
@Injectable()
export class LogoutService {
  constructor(
    private readonly database: Database,
    private readonly sessionTokens: SessionTokens,
    private readonly ender: SessionEnder,
    private readonly events: EventLog,
  ) {}

  /**
   * Ends the session of a refresh token, or of an access token where the other is missing or no good.
   * @throws AuthError SESSION_INVALID_TOKEN where neither is genuine; ending an ended session is no error
   */
  @Traced('logout')
  async logout(credentials: { refreshToken?: string; accessToken?: string }, device: Device): Promise<void> {
    const { refreshToken, accessToken } = credentials;
    const claims =
      (refreshToken && this.sessionTokens.verifyRefresh(refreshToken)) ||
      (accessToken && this.sessionTokens.verifyAccess(accessToken));
    if (!claims) throw new AuthError('SESSION_INVALID_TOKEN');
    const { sub: userId, sid: sessionId } = claims;
    const isEnded = await this.database.write((manager) => this.ender.end(manager, sessionId));
    if (isEnded) await this.events.record('session_expired', { userId, sessionId, device, reason: 'logout' });
  }

  /** Ends every session of a user, on every device. */
  @Traced('logout_all')
  async logoutAll(userId: UserId, device: Device): Promise<void> {
    await this.database.write((manager) => this.ender.endAll(manager, userId));
    await this.events.record('session_expired', { userId, device, reason: 'logout-all' });
  }
}
