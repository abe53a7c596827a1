import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import type { BaseUserToken } from '../entities/base-user-token.entity.js';
import type { UserId } from '../entities/base-user.entity.js';
import { UserColumns } from '../entities/user-columns.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from './account-entities.js';
import { Database } from './database.js';

/** A session and what decides over its user; drivers differ in how they return integers and booleans. */
export interface SessionRow {
  id: string;
  user_id: UserId;
  expires_at: string | number;
  revoked_at: string | number | null;
  email_verified_at: string | number | null;
  is_active: boolean | number;
}

/** Reads and writes of the token rows that are sessions. Every method is one statement. */
@Injectable()
export class SessionsStore {
  /** The guard's statement, by number of sessions. */
  private readonly statements = new Map<number, string>();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly columns: UserColumns,
    @Inject(ACCOUNT_ENTITIES) private readonly entities: AccountEntities,
  ) {}

  /**
   * What the guard must know of sessions and their users, by primary key. Written once for each number of sessions,
   * because TypeORM's find costs several times the query itself.
   */
  findStates(ids: readonly string[]): Promise<SessionRow[]> {
    // Filled up to a power of two, so that drivers and databases that keep statements prepared see few of them.
    const size = 2 ** Math.ceil(Math.log2(ids.length));
    const parameters = Array.from({ length: size }, (_, index) => ids[index] ?? ids[0]!);
    const statement = this.statements.get(size) ?? this.compose(parameters);
    this.statements.set(size, statement);
    return this.database.read((manager) => manager.query<SessionRow[]>(statement, parameters));
  }

  /** The live sessions of a user. */
  findLive(userId: UserId): Promise<BaseUserToken[]> {
    return this.database.read((manager) =>
      manager
        .createQueryBuilder(this.entities.token, 'token')
        .where('token.user = :userId', { userId })
        .andWhere("token.purpose = 'session' AND token.revokedAt IS NULL")
        .andWhere('token.expiresAt > :now', { now: this.clock.now() })
        .getMany(),
    );
  }

  /**
   * Ends one live session of a user, who is a condition of the statement: an id is no more than a name.
   * @returns false where the user has no such session
   */
  end(userId: UserId, sessionId: string): Promise<boolean> {
    const endedAt = new Date(this.clock.now());
    return this.database.write(async (manager) => {
      const { affected } = await manager
        .createQueryBuilder()
        .update(this.entities.token)
        .set({ revokedAt: endedAt })
        .where('id = :sessionId AND user = :userId', { sessionId, userId })
        .andWhere("purpose = 'session' AND revokedAt IS NULL AND expiresAt > :now", { now: endedAt.getTime() })
        .execute();
      return affected === 1;
    });
  }

  private compose(ids: string[]): string {
    const translate = (path: string) => this.columns.translate(path);
    return this.database.dataSource
      .createQueryBuilder(this.entities.token, 'session')
      .innerJoin('session.user', 'user')
      .select('session.id', 'id')
      .addSelect(translate('user.id'), 'user_id')
      .addSelect('session.expiresAt', 'expires_at')
      .addSelect('session.revokedAt', 'revoked_at')
      .addSelect(translate('user.emailVerifiedAt'), 'email_verified_at')
      .addSelect(translate('user.isActive'), 'is_active')
      .where("session.id IN (:...ids) AND session.purpose = 'session'", { ids })
      .getQueryAndParameters()[0];
  }
}
