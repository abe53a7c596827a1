import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { EventLog } from '../../engine/events/event-log.js';
import { Hooks } from '../../engine/hooks/hooks.js';
import { MailedLinks, type OwnedLink, takenAs } from '../../engine/links/mailed-links.js';
import { UNUSABLE_PASSWORD_HASH } from '../../engine/passwords/password-hasher.js';
import { SessionEnder } from '../../engine/sessions/session-ender.js';
import { Clock } from '../../platform/common/clock.js';
import { Traced } from '../../platform/common/traced.js';
import { LinksStore } from '../../platform/data/store/links.store.js';
import { PendingAccountsStore } from '../../platform/data/store/pending-accounts.store.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import type { Device } from '../../platform/common/device.js';
import type { EmailChangeState } from './email-change.service.js';

type UndoLink = OwnedLink<'email-change-undo'>;

/** What an undone change tells. */
export interface EmailChangeUndoResult {
  /** The address the account has again. */
  email: string;
  /** Mode C: the link to set a new password; else null. */
  resetUrl: string | null;
}

/**
 * The way back: every change leaves a link in the mailbox of the address it took away. Whoever changed the address knew
 * the password, so undoing it takes the password away as well, and only the old mailbox can set another.
 *
 * Of two such links the older one wins. Somebody who takes an account over may change its address again and again; each
 * change puts one more link into a mailbox of theirs, and none of them can touch the one that lies in the owner's.
 */
@Injectable()
export class EmailChangeUndoService {
  constructor(
    private readonly users: UsersStore,
    private readonly pending: PendingAccountsStore,
    private readonly linkRows: LinksStore,
    private readonly links: MailedLinks,
    private readonly ender: SessionEnder,
    private readonly hooks: Hooks,
    private readonly events: EventLog,
    private readonly clock: Clock,
  ) {}

  /**
   * Gives the account back to the address the link was mailed to, whatever address it has by now. The password no longer
   * works, every session and every link but older undo links die, and the restored address is mailed a reset link.
   * @throws AuthError EMAIL_CHANGE_ALREADY_DONE for a link that did it before; EMAIL_CHANGE_INVALID_TOKEN for an unknown,
   * expired or foreign link and a taken address alike
   */
  @Traced('email_change.undo')
  async undo(token: string, device: Device): Promise<EmailChangeUndoResult> {
    const reset = this.links.newLink('password-reset');
    const { payload } = await this.links
      .redeem('email-change-undo', token, {
        worksFor: ['active'],
        change: (manager, link) => this.giveBack(manager, link),
        finish: async (manager, { user, generation }) => {
          const { id } = user;
          await this.ender.endEverything(manager, id);
          await this.linkRows.revokeUndosSince(manager, id, generation);
          const facts = { userId: id, device, reason: 'email-change-undo' };
          await this.links.give(manager, (users) => users.where({ id }), reset, facts);
          await this.tell(manager, user, device);
        },
      })
      .catch(takenAs('EMAIL_CHANGE_INVALID_TOKEN'));
    return { email: payload!.address, resetUrl: this.links.shown(reset) };
  }

  /** What a link can still do; looking uses nothing up. */
  async inspect(token: string): Promise<EmailChangeState> {
    const found = await this.links.inspect('email-change-undo', token, ['active']);
    if (found.state === 'invalid') return found;
    return { state: found.state, address: found.link.payload!.address };
  }

  /** Whatever address the account has by now: a hijacker who keeps changing it must not keep the owner out. */
  private async giveBack(manager: EntityManager, { user, payload }: UndoLink): Promise<boolean> {
    if (!payload) return false;
    const { address } = payload;
    await this.pending.makeWay(manager, address);
    const emailVerifiedAt = new Date(this.clock.now());
    const changes = { email: address, emailVerifiedAt, passwordHash: UNUSABLE_PASSWORD_HASH };
    return this.users.update(manager, user.id, changes, 'active');
  }

  private async tell(manager: EntityManager, user: UndoLink['user'], device: Device): Promise<void> {
    const { id: userId, email: previousEmail } = user;
    const facts = { userId, device, reason: 'email-change-undo', attributes: ['email'] };
    await this.events.record('user_updated', facts, manager);
    await this.hooks.within(manager, 'afterEmailChange', userId, { device, previousEmail, via: 'email-change-undo' });
  }
}
