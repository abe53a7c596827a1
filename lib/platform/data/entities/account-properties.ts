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

/** The properties that have a meaning here: the module's, and the username, which is the application's own to let users write. */
export const NAMED_PROPERTIES = [...ACCOUNT_PROPERTIES, 'username'] as const;

/** The name of a property that the application's entity may call otherwise. */
export type NamedProperty = (typeof NAMED_PROPERTIES)[number];

/** What the application's entity calls the properties of Account; those left out keep their name. */
export type UserColumnNames<U extends object> = { readonly [P in NamedProperty]?: Extract<keyof U, string> };

/** The same, whatever the entity. */
export type PropertyNames = Readonly<Partial<Record<NamedProperty, string>>>;
