import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { type LinkPurpose, linkPurpose } from '../../common/purposes.js';
import type { SignupPayload } from '../entities/base-user-token.entity.js';
import type { UserId } from '../entities/base-user.entity.js';
import { UserColumns } from '../entities/user-columns.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from './account-entities.js';
import { Database } from './database.js';
import { existsNewer } from './newer-link.js';
import { type OwnedToken, TokensStore } from './tokens.store.js';

/** Reads and writes of the token rows that mailed links redeem. Every method is one statement. */
@Injectable()
export class LinksStore {
  constructor(
    private readonly database: Database,
    private readonly tokens: TokensStore,
    private readonly clock: Clock,
    private readonly columns: UserColumns,
    @Inject(ACCOUNT_ENTITIES) private readonly entities: AccountEntities,
  ) {}

  /**
   * The row of a link with its user, live or not. Where only the newest link of its kind works, an older one that was never
   * used is not found: that is asked here, so that a request for another link need not touch those before it.
   */
  find<P extends LinkPurpose>(purpose: P, tokenHash: string): Promise<OwnedToken<P> | null> {
    return this.database.read((manager) => {
      const query = this.tokens.owned(manager).where({ tokenHash, purpose });
      if (linkPurpose(purpose).isNewestOnly) {
        query.andWhere(`(token.usedAt IS NOT NULL OR NOT ${existsNewer(query, this.entities.token)})`);
      }
      return this.tokens.findOwned(query) as Promise<OwnedToken<P> | null>;
    });
  }

  /**
   * One winner: of any number of parallel requests with the same link, exactly one gets true. What the row carried goes,
   * such as the password hash of a signup; the address stays, which tells whether what the link has done is still so.
   */
  async consume(manager: EntityManager, purpose: LinkPurpose, tokenHash: string): Promise<boolean> {
    const now = new Date(this.clock.now());
    const result = await this.tokens
      .update(manager)
      .set({ usedAt: now, mailDueAt: null, ...(linkPurpose(purpose).outcome !== 'address' && { payload: null }) })
      .where({ tokenHash, purpose })
      .andWhere('usedAt IS NULL AND revokedAt IS NULL')
      .andWhere('expiresAt > :now', { now: now.getTime() })
      .execute();
    return result.affected === 1;
  }

  /** What the signups that wait for an address have stated, two at most: the question is whether there is more than one. */
  async waitingSignups(email: string): Promise<SignupPayload[]> {
    const rows = await this.database.read((manager) =>
      this.tokens
        .owned(manager)
        .select('token.payload', 'payload')
        .distinct()
        .where({ purpose: 'activation' })
        .andWhere(this.columns.translate('user.email = :email AND token.payload IS NOT NULL'), { email })
        .limit(2)
        .getRawMany<{ payload: string }>(),
    );
    return rows.map(({ payload }) => JSON.parse(payload) as SignupPayload);
  }

  /** One more than the highest generation of a user's rows of one kind: an order that no clock of any instance can upset. */
  async nextGeneration(manager: EntityManager, userId: UserId, purpose: LinkPurpose): Promise<number> {
    const row = await manager
      .createQueryBuilder(this.entities.token, 'token')
      .select('MAX(token.generation)', 'last')
      .where('token.user = :userId AND token.purpose = :purpose', { userId, purpose })
      .getRawOne<{ last: number | null }>();
    return (row?.last ?? 0) + 1;
  }

  /** Ends what could still undo a change of address, from that change on: the mailboxes those links lead to are not the owner's. */
  async revokeUndosSince(manager: EntityManager, userId: UserId, generation: number): Promise<void> {
    await this.tokens
      .update(manager)
      .set({ revokedAt: new Date(this.clock.now()), mailDueAt: null, payload: null })
      .where('user = :userId AND usedAt IS NULL AND revokedAt IS NULL', { userId })
      .andWhere("purpose = 'email-change-undo' AND generation >= :generation", { generation })
      .execute();
  }
}
