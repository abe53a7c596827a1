import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../platform/common/clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { Database } from '../../platform/data/store/database.js';
import { type NewToken, TokensStore } from '../../platform/data/store/tokens.store.js';
import type { NoticeName } from '../../platform/common/purposes.js';
import { OutboxWorker } from './outbox-worker.js';

/** How long a notice is worth sending. */
const NOTICE_LIFE_MS = 7 * 24 * 3600 * 1000;

/**
 * The token table is the outbox: a flow writes the row that owes a mail in its own transaction, and the worker is woken
 * when that is committed. So a mail is owed exactly when the change it tells of is durable, and no answer waits for SMTP.
 */
@Injectable()
export class Outbox {
  constructor(
    private readonly database: Database,
    private readonly tokens: TokensStore,
    private readonly worker: OutboxWorker,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** When a mail of a new row falls due: at once, or never in a mode without mail. */
  due(): Date | null {
    return this.config.sendsMail ? new Date(this.clock.now()) : null;
  }

  /**
   * Writes a row that owes a notice.
   * @param address where it goes also when the account has another one by the time it is sent: a thief who changes password and
   * address must not be the one who is told. Undefined for the address of that time
   */
  async owe(manager: EntityManager, userId: UserId, purpose: NoticeName, address?: string): Promise<void> {
    if (!this.config.sendsMail) return;
    const payload = address === undefined ? null : { address };
    await this.tokens.insert(manager, userId, { ...this.notice(purpose), payload });
    this.wakeAfter(manager);
  }

  /**
   * The same where a stranger is the cause, by {@link TokensStore.insertAlone}: outside any transaction, and the owner of the
   * account does not wait for it.
   * @param userId undefined for nobody
   * @returns false where there is no such account
   */
  async oweAlone(userId: UserId | undefined, purpose: NoticeName): Promise<boolean> {
    if (!this.config.sendsMail) return true;
    return this.database.write(async (manager) => {
      if (!(await this.tokens.insertAlone(manager, userId, this.notice(purpose)))) return false;
      this.wakeAfter(manager);
      return true;
    });
  }

  /** Makes the worker look for owed mail as soon as what `manager` writes is committed. */
  wakeAfter(manager: EntityManager): void {
    this.database.afterCommit(manager, () => this.worker.wake());
  }

  private notice(purpose: NoticeName): NewToken {
    const createdAt = new Date(this.clock.now());
    const expiresAt = new Date(createdAt.getTime() + NOTICE_LIFE_MS);
    return { purpose, createdAt, expiresAt, mailDueAt: createdAt };
  }
}
