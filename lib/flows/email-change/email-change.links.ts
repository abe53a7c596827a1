import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuthError } from '../../platform/common/auth.errors.js';
import type { Account } from '../../platform/data/entities/base-user.entity.js';
import { EventLog } from '../../engine/events/event-log.js';
import { Hooks } from '../../engine/hooks/hooks.js';
import type { Device } from '../../platform/common/device.js';
import { Outbox } from '../../engine/mail/outbox.js';
import { SessionService } from '../../engine/sessions/session.service.js';
import { Database } from '../../platform/data/store/database.js';
import { isUniqueViolation } from '../../platform/data/store/database-errors.js';
import { TokensStore } from '../../platform/data/store/tokens.store.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import { LinkTokens } from '../../engine/tokens/link-tokens.js';

/** The two links of a change: to the new address, and back to the old one. */
export type EmailChangePurpose = 'email-change' | 'email-change-undo';

/** A live link and its account. */
export interface EmailChangeLink {
  /** The account as it was found, under the address it had. */
  readonly user: Account;
  /** The address the link was mailed to. */
  readonly address: string;
  /** Which change of the account the link belongs to. */
  readonly generation: number;
}

/** What a link does when it is followed; all of it happens, or nothing. */
export interface Redemption {
  /** Refuses by throwing, before anything is written. */
  ask?(link: EmailChangeLink): Promise<void>;
  /** Changes the account; false where it no longer is as the link expects. */
  change(manager: EntityManager, link: EmailChangeLink): Promise<boolean>;
  /** Writes what the change leads to, when all that was valid before has ended. */
  finish(manager: EntityManager, link: EmailChangeLink): Promise<void>;
}

/** What confirming and undoing share: a link proves the address it was mailed to, once. */
@Injectable()
export class EmailChangeLinks {
  constructor(
    private readonly database: Database,
    private readonly tokens: TokensStore,
    private readonly users: UsersStore,
    private readonly linkTokens: LinkTokens,
    private readonly sessions: SessionService,
    private readonly outbox: Outbox,
    private readonly hooks: Hooks,
    private readonly events: EventLog,
  ) {}

  /** The address a live link stands for, without consuming it; undefined for any other link. */
  async inspect(purpose: EmailChangePurpose, token: string): Promise<string | undefined> {
    return (await this.liveLink(purpose, token))?.address;
  }

  /**
   * Consumes the link, changes the account and ends every session and link of it. Where the address was taken meanwhile,
   * the link stays as it was.
   * @throws AuthError EMAIL_CHANGE_INVALID_TOKEN for an unknown, used, expired or foreign link and a taken address alike;
   * whatever `ask` throws, which leaves the link as it was too
   */
  async redeem(
    purpose: EmailChangePurpose,
    token: string,
    device: Device,
    { ask, change, finish }: Redemption,
  ): Promise<EmailChangeLink> {
    const link = await this.liveLink(purpose, token);
    if (!link) throw new AuthError('EMAIL_CHANGE_INVALID_TOKEN');
    const { user, address, tokenHash } = link;
    await ask?.(link);
    try {
      await this.database.transaction(async (manager) => {
        await this.users.removePending(manager, address);
        // The account first, then its rows: two links of one account wait for each other instead of deadlocking.
        const isFirst = (await change(manager, link)) && (await this.tokens.consume(manager, purpose, tokenHash));
        if (!isFirst) throw new AuthError('EMAIL_CHANGE_INVALID_TOKEN');
        await this.sessions.endEverything(manager, user.id);
        await finish(manager, link);
        await this.tell(manager, user, purpose, device);
      });
    } catch (error) {
      throw isUniqueViolation(error) ? new AuthError('EMAIL_CHANGE_INVALID_TOKEN', { cause: error }) : error;
    }
    this.sessions.forget(user.id);
    this.outbox.wake();
    return link;
  }

  /** Inside the transaction that gave the account another address; `user` is as it was before. */
  async tell(manager: EntityManager, user: Account, purpose: EmailChangePurpose, device: Device): Promise<void> {
    const { id: userId, email: previousEmail } = user;
    await this.events.record('user_updated', { userId, device, reason: purpose, attributes: ['email'] }, manager);
    await this.hooks.within(manager, 'afterEmailChange', userId, { device, previousEmail, via: purpose });
  }

  private async liveLink(
    purpose: EmailChangePurpose,
    token: string,
  ): Promise<(EmailChangeLink & { tokenHash: string }) | undefined> {
    const tokenHash = this.linkTokens.hash(purpose, token);
    const link = tokenHash && (await this.tokens.findByHash(purpose, tokenHash));
    if (!link || !link.payload || !this.tokens.isLive(link) || !link.user.isActive) return undefined;
    const { user, payload, generation } = link;
    return { user, address: payload.address, generation, tokenHash };
  }
}
