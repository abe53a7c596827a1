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

/** What the application's entity calls the properties of Account; those left out keep their name. */
export type UserColumnNames<U extends object> = { readonly [P in AccountProperty]?: Extract<keyof U, string> };

/** The same, whatever the entity. */
export type PropertyNames = Readonly<Partial<Record<AccountProperty, string>>>;
