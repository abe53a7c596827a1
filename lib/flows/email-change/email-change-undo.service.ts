import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../platform/common/clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { Device } from '../../platform/common/device.js';
import { LinkIssuer } from '../../engine/links/link-issuer.js';
import { Links } from '../../engine/mail/links.js';
import { UNUSABLE_PASSWORD_HASH } from '../../engine/passwords/password-hasher.js';
import { TokensStore } from '../../platform/data/store/tokens.store.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import { type EmailChangeLink, EmailChangeLinks } from './email-change.links.js';
import { Traced } from '../../platform/common/traced.js';

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
    private readonly changeLinks: EmailChangeLinks,
    private readonly users: UsersStore,
    private readonly tokens: TokensStore,
    private readonly linkIssuer: LinkIssuer,
    private readonly links: Links,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * Gives the account back to the address the link was mailed to, whatever address it has by now. The password no longer
   * works, every session and every link but older undo links die, and the restored address is mailed a reset link.
   * @throws AuthError EMAIL_CHANGE_INVALID_TOKEN for an unknown, used, expired or foreign link and a taken address alike
   */
  @Traced('email_change.undo')
  async undo(token: string, device: Device): Promise<EmailChangeUndoResult> {
    const reset = this.linkIssuer.issue('password-reset', this.config.passwordReset.ttlSeconds);
    const { address: email } = await this.changeLinks.redeem('email-change-undo', token, device, {
      // Whatever address the account has by now: a hijacker who keeps changing it must not keep the owner out.
      change: (manager, { user, address }) => {
        const emailVerifiedAt = new Date(this.clock.now());
        const changes = { email: address, emailVerifiedAt, passwordHash: UNUSABLE_PASSWORD_HASH };
        return this.users.update(manager, user.id, changes, 'active');
      },
      finish: async (manager, link) => {
        await this.revokeSince(manager, link);
        const { id } = link.user;
        const facts = { userId: id, device, reason: 'email-change-undo' };
        await this.linkIssuer.give(manager, (users) => users.where({ id }), reset, facts);
      },
    });
    return { email, resetUrl: this.config.returnLinkInResponse ? (this.links.of(reset) ?? null) : null };
  }

  /** The old address of a live link, without consuming it; undefined for any other link. */
  inspect(token: string): Promise<string | undefined> {
    return this.changeLinks.inspect('email-change-undo', token);
  }

  /** Ends the way back of this change and of those after it: the mailboxes they lead to are not the owner's. */
  private async revokeSince(manager: EntityManager, { user, generation }: EmailChangeLink): Promise<void> {
    await this.tokens
      .update(manager)
      .set({ revokedAt: new Date(this.clock.now()), mailDueAt: null, payload: null })
      .where('user = :userId AND revokedAt IS NULL', { userId: user.id })
      .andWhere("purpose = 'email-change-undo' AND generation >= :generation", { generation })
      .execute();
  }
}
