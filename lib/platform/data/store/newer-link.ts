import type { EntityTarget, SelectQueryBuilder } from 'typeorm';
import type { BaseUserToken } from '../entities/base-user-token.entity.js';

/**
 * SQL that is true of a row under the alias `token` after which another link of its kind was asked for, and neither used nor
 * ended since; by the clocks of the instances that made them. Where only the newest works, this outdates the link, and the
 * mail that may still be owed.
 */
export function existsNewer(query: SelectQueryBuilder<BaseUserToken>, entity: EntityTarget<BaseUserToken>): string {
  const newer = query
    .subQuery()
    .select('1')
    .from(entity, 'newer')
    .where('newer.user = token.user AND newer.purpose = token.purpose')
    .andWhere('newer.usedAt IS NULL AND newer.revokedAt IS NULL')
    .andWhere('(newer.createdAt > token.createdAt OR (newer.createdAt = token.createdAt AND newer.id > token.id))');
  return `EXISTS ${newer.getQuery()}`;
}
