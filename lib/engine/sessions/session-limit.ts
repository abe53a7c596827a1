import { Inject, Injectable } from '@nestjs/common';
import type { Device } from '../../platform/common/device.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { Database } from '../../platform/data/store/database.js';
import { SessionsStore } from '../../platform/data/store/sessions.store.js';
import { EventLog } from '../events/event-log.js';
import { SessionEnder } from './session-ender.js';

/**
 * Sessions of one account that may be under way in all instances without seeing each other: each needs a connection of its
 * own to the database. Were there ever more of them, the next login would end what they left beyond the limit.
 */
const UNSEEN = 32;

/**
 * The number of sessions an account may have at once (ASVS 7.1.2). Sessions that nobody remembers are sessions nobody
 * misses when they are stolen: without an end to their number each lives as long as somebody uses it.
 *
 * It is kept after a session was opened, never as a condition of opening it. A condition would have to lock the account
 * until the commit, and two logins that overlap would still not count each other. Counted after the commit, the last of any
 * number of logins, in any number of processes, sees all the others; and whoever knows the password is never kept out by
 * sessions that somebody else has opened.
 */
@Injectable()
export class SessionLimit {
  constructor(
    private readonly database: Database,
    private readonly sessions: SessionsStore,
    private readonly ender: SessionEnder,
    private readonly events: EventLog,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * Ends the sessions beyond the limit, those first that were used least recently. One plain read where there are none.
   * @param device the one that has just signed in, and so is the cause
   * @param others how many sessions the account had besides it, where that is known: far below the limit there is nothing to
   * read
   */
  async keep(userId: UserId, device: Device, others = Infinity): Promise<void> {
    const { maxPerAccount } = this.config.session;
    if (maxPerAccount === 0 || others + UNSEEN < maxPerAccount) return;
    for (const sessionId of await this.sessions.findBeyond(userId, maxPerAccount)) {
      // One row and one commit each: logins that end the same ones can wait for each other, but never in a circle.
      const isEnded = await this.database.write((manager) => this.ender.end(manager, sessionId));
      if (isEnded) await this.events.record('session_expired', { userId, sessionId, device, reason: 'limit' });
    }
  }
}
