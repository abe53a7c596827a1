import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../platform/common/clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { TokenPurpose } from '../../platform/data/entities/base-user-token.entity.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { type NewToken, TokensStore } from '../../platform/data/store/tokens.store.js';
import type { UserQuery } from '../../platform/data/store/user-query.js';
import { OutboxWorker } from './outbox-worker.js';

/** Mails without a link of their own. */
export type NoticePurpose = Extract<
  TokenPurpose,
  'account-exists' | 'password-changed-notice' | 'session-reuse-notice'
>;

/** How long a notice is worth sending. */
const NOTICE_LIFE_MS = 7 * 24 * 3600 * 1000;

/**
 * The token table is the outbox: a flow writes the row that owes a mail in its own transaction, and wakes the worker
 * after the commit. So a mail is owed exactly when the change it tells of is durable, and no answer waits for SMTP.
 */
@Injectable()
export class Outbox {
  constructor(
    private readonly tokens: TokensStore,
    private readonly worker: OutboxWorker,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** When a mail of a new row falls due: at once, or never in a mode without mail. */
  due(): Date | null {
    return this.config.sendsMail ? new Date(this.clock.now()) : null;
  }

  /** Writes a row that owes a notice. */
  async owe(manager: EntityManager, userId: UserId, purpose: NoticePurpose): Promise<void> {
    if (this.config.sendsMail) await this.tokens.insert(manager, userId, this.notice(purpose));
  }

  /**
   * The same to whomever `owner` (a query over users under the alias `user`) finds.
   * @returns false where that is nobody
   */
  async oweTo(
    manager: EntityManager,
    owner: (users: UserQuery) => UserQuery,
    purpose: NoticePurpose,
  ): Promise<boolean> {
    return !this.config.sendsMail || this.tokens.insertFor(manager, owner, this.notice(purpose));
  }

  /** Tells the worker that a committed row is due. Returns at once. */
  wake(): void {
    this.worker.wake();
  }

  private notice(purpose: NoticePurpose): NewToken {
    const createdAt = new Date(this.clock.now());
    const expiresAt = new Date(createdAt.getTime() + NOTICE_LIFE_MS);
    return { purpose, createdAt, expiresAt, mailDueAt: createdAt };
  }
}
