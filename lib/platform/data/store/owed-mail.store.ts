import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from './account-entities.js';
import { Database } from './database.js';
import { type OwnedToken, TokensStore } from './tokens.store.js';

/** What an attempt to send, or the claim before it, leaves in the row. */
export type MailState = Partial<Pick<OwnedToken, 'mailDueAt' | 'mailAttempts' | 'mailError'>>;

/** Reads and writes of the token rows that owe a mail. Every method is one statement. */
@Injectable()
export class OwedMailStore {
  constructor(
    private readonly database: Database,
    private readonly tokens: TokensStore,
    private readonly clock: Clock,
    @Inject(ACCOUNT_ENTITIES) private readonly entities: AccountEntities,
  ) {}

  /** Mails that are due, the one that waits longest first. */
  async findDue(limit: number): Promise<OwnedToken[]> {
    const rows = await this.database.read((manager) =>
      this.tokens
        .owned(manager)
        .where('token.mailDueAt <= :now', { now: this.clock.now() })
        .orderBy('token.mailDueAt')
        .limit(limit)
        .getMany(),
    );
    return rows.map((row) => this.tokens.withAccount(row));
  }

  /**
   * Changes a row if it is due at the instant it was found with: of many workers that claim a mail one wins.
   * @returns false where another one was quicker
   */
  settle(id: string, dueAt: Date, state: MailState): Promise<boolean> {
    return this.database.write(async (manager) => {
      const statement = manager.createQueryBuilder().update(this.entities.token).set(state);
      return (await statement.where({ id, mailDueAt: dueAt }).execute()).affected === 1;
    });
  }
}
