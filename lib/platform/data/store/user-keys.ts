import type { EntityMetadata, InsertQueryBuilder, ObjectLiteral } from 'typeorm';
import type { UserId } from '../entities/base-user.entity.js';

/** True where the database counts the users, false where the module makes their keys. */
export function isCounted({ primaryColumns }: EntityMetadata): boolean {
  return primaryColumns.some((key) => key.isGenerated && key.generationStrategy !== 'uuid');
}

/** A key as the entity has it, from the text a token carries. */
export function keyFromText({ primaryColumns: [key] }: EntityMetadata, text: string): UserId {
  // Drivers give integers as numbers, but a bigint, which may not fit into one, as text.
  const isNumber = key?.type === Number || /^(int|integer|int4|smallint|mediumint)$/.test(String(key?.type));
  return isNumber ? Number(text) : text;
}

/** Adds one user and returns the key that the database counted. */
export async function insertCounted(
  statement: InsertQueryBuilder<ObjectLiteral>,
  metadata: EntityMetadata,
): Promise<UserId> {
  const { driver } = metadata.connection;
  const key = metadata.primaryColumns[0]!.propertyName;
  if (driver.isReturningSqlSupported('insert')) statement.returning([key]);
  // Or TypeORM reads the row again where INSERT cannot return it; the driver tells the new key by itself.
  const { raw } = (await statement.updateEntity(false).execute()) as { raw: unknown };
  return driver.createGeneratedMap(metadata, Array.isArray(raw) ? raw[0] : raw, 0, 1)?.[key] as UserId;
}
