import type { EntityMetadata } from 'typeorm';

/** The properties of a user that flows set, never a request (mass assignment). */
export const ACCOUNT_PROPERTIES = [
  'id',
  'email',
  'passwordHash',
  'isActive',
  'emailVerifiedAt',
  'createdAt',
  'updatedAt',
] as const;

/** The name of a property that the module owns. */
export type AccountProperty = (typeof ACCOUNT_PROPERTIES)[number];

type Column = EntityMetadata['columns'][number];

/** The application's own columns of its user entity, by property. */
export function ownColumns(user: EntityMetadata): ReadonlyMap<string, Column> {
  const owned: readonly string[] = ACCOUNT_PROPERTIES;
  const own = user.columns.filter(({ propertyPath }) => !owned.includes(propertyPath));
  return new Map(own.map((column) => [column.propertyName, column]));
}
