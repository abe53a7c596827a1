import type { Type } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { BaseAuthLimit } from '../entities/base-auth-limit.entity.js';

/** Injection token of the application's limit entity; absent where tries are counted elsewhere. */
export const LIMIT_ENTITY = Symbol('LIMIT_ENTITY');

/** Table and columns of a limit entity, as statements spell them. */
export interface LimitTable {
  readonly table: string;
  readonly id: string;
  readonly state: string;
  readonly expiresAt: string;
}

/** What the application calls its table and columns. */
export function limitTable({ connection }: EntityManager, entity: Type<BaseAuthLimit>): LimitTable {
  const metadata = connection.getMetadata(entity);
  const column = (property: string) =>
    connection.driver.escape(metadata.findColumnWithPropertyName(property)!.databaseName);
  const table = metadata.tablePath.split('.').map((part) => connection.driver.escape(part));
  return { table: table.join('.'), id: column('id'), state: column('state'), expiresAt: column('expiresAt') };
}
