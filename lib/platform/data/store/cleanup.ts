import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../../config/auth-config.js';
import type { BaseUserToken } from '../entities/base-user-token.entity.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from './account-entities.js';
import { Database } from './database.js';

/** Rows looked at per statement: small, so that nobody waits for a lock. */
const BATCH = 500;

/** How long an expired row is kept, to tell "already active" from "unknown" and for questions. In milliseconds. */
const RETENTION_MS = 24 * 3600 * 1000;

/**
 * Deletes sessions, links and notices that expired a day ago. Nothing depends on it: an expired row is refused
 * whether it is still there or not, and a row that could tell a replay from a genuine token has not expired.
 */
@Injectable()
export class Cleanup implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('AuthCleanup');
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    @Inject(ACCOUNT_ENTITIES) private readonly entities: AccountEntities,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  onApplicationBootstrap(): void {
    const { intervalSeconds } = this.config.cleanup;
    if (intervalSeconds > 0) this.timer = setInterval(() => void this.run(), intervalSeconds * 1000).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /**
   * Walks the table along its time-ordered key, up to rows too young to have expired.
   * @returns how many rows were deleted
   */
  async run(): Promise<number> {
    const before = this.clock.now() - RETENTION_MS;
    let deleted = 0;
    try {
      for (let batch = await this.batchAfter(null); batch.length > 0; batch = await this.batchAfter(batch.at(-1)!.id)) {
        deleted += await this.deleteExpired(batch, before);
        if (batch.at(-1)!.createdAt.getTime() > before) break;
      }
    } catch {
      // The cause is in the log already; the next round tries again.
      this.logger.warn('could not delete expired rows');
    }
    return deleted;
  }

  private batchAfter(id: string | null): Promise<BaseUserToken[]> {
    return this.database.read((manager) => {
      const query = manager
        .createQueryBuilder(this.entities.token, 'token')
        .select(['token.id', 'token.createdAt', 'token.expiresAt'])
        .orderBy('token.id')
        .limit(BATCH);
      return (id === null ? query : query.where('token.id > :id', { id })).getMany();
    });
  }

  private async deleteExpired(batch: BaseUserToken[], before: number): Promise<number> {
    const ids = batch.filter(({ expiresAt }) => expiresAt.getTime() < before).map(({ id }) => id);
    if (ids.length === 0) return 0;
    await this.database.write((manager) =>
      manager.createQueryBuilder().delete().from(this.entities.token).whereInIds(ids).execute(),
    );
    return ids.length;
  }
}
