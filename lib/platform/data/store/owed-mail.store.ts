import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { NEWEST_ONLY } from '../../common/purposes.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from './account-entities.js';
import { Database } from './database.js';
import { existsNewer } from './newer-link.js';
import { type OwnedToken, TokensStore } from './tokens.store.js';

/** What an attempt to send, or the claim before it, leaves in the row. */
export type MailState = Partial<Pick<OwnedToken, 'mailDueAt' | 'mailAttempts' | 'mailError'>>;

/** Mails that were never tried, or those that are to be tried again. */
export type Tries = 'first' | 'again';

/** A row that owes a mail. */
export type OwedMail = OwnedToken & {
  /** True where its link is refused by now: used, revoked, or outdated by a newer one. One that expired is not meant. */
  isPointless: boolean;
};

/** Mails that wait to be sent. */
export interface MailBacklog {
  owed: number;
  /** When the oldest of them was owed; null where none is. */
  oldestAt: Date | null;
}

/** Reads and writes of the token rows that owe a mail. Every method is one statement. */
@Injectable()
export class OwedMailStore {
  constructor(
    private readonly database: Database,
    private readonly tokens: TokensStore,
    private readonly clock: Clock,
    @Inject(ACCOUNT_ENTITIES) private readonly entities: AccountEntities,
  ) {}

  /**
   * Mails of one kind that are due, the one that waits longest first. Those that are pointless are among them, for the worker to drop:
   * left where they are, every look would pass over them again, and they would be counted as late.
   */
  async findDue(tries: Tries, limit: number): Promise<OwedMail[]> {
    const { entities, raw } = await this.database.read((manager) => {
      const query = this.tokens.owned(manager);
      const isOutdated = `token.purpose IN (:...newestOnly) AND ${existsNewer(query, this.entities.token)}`;
      return query
        .addSelect(`CASE WHEN ${isOutdated} THEN 1 ELSE 0 END`, 'is_outdated')
        .setParameters({ newestOnly: NEWEST_ONLY })
        .where('token.mailDueAt <= :now', { now: this.clock.now() })
        .andWhere(`token.mailAttempts ${tries === 'first' ? '=' : '>'} 0`)
        .orderBy('token.mailDueAt')
        .limit(limit)
        .getRawAndEntities<{ is_outdated: string | number }>();
    });
    return entities.map((row, index) => {
      const isPointless = row.usedAt !== null || row.revokedAt !== null || Number(raw[index]!.is_outdated) === 1;
      return Object.assign(this.tokens.withAccount(row), { isPointless });
    });
  }

  /**
   * How many mails are owed, due or not, and since when, by the index of what is owed.
   * @throws the driver's own error
   */
  async backlog(): Promise<MailBacklog> {
    const row = await this.database.look((manager) =>
      manager
        .createQueryBuilder(this.entities.token, 'token')
        .select('COUNT(*)', 'owed')
        .addSelect('MIN(token.createdAt)', 'oldest')
        .where('token.mailDueAt IS NOT NULL')
        .getRawOne<{ owed: string | number; oldest: string | number | null }>(),
    );
    const oldest = row?.oldest ?? null;
    return { owed: Number(row?.owed ?? 0), oldestAt: oldest === null ? null : new Date(Number(oldest)) };
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
