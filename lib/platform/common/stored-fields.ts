/** The application's own columns of a user, by property of the entity. */
export type OwnFields = Readonly<Record<string, unknown>>;

/** Own fields as the JSON of an activation link keeps them, until the link makes them an account. */
export interface StoredFields {
  /** Columns of the user entity, as the signup stated them. */
  fields: Record<string, unknown>;
  /** What the values were that JSON has no form for; absent where there were none. */
  types?: Record<string, StoredType>;
}

interface StoredForm<T> {
  is(value: unknown): value is T;
  toJson(value: T): string;
  fromJson(text: string): T;
}

const STORED_FORMS = {
  date: form(
    (value): value is Date => value instanceof Date,
    (date) => date.toISOString(),
    (text) => new Date(text),
  ),
  bigint: form((value): value is bigint => typeof value === 'bigint', String, BigInt),
  bytes: form(
    (value): value is Uint8Array => value instanceof Uint8Array,
    (bytes) => Buffer.from(bytes).toString('base64'),
    (text) => Buffer.from(text, 'base64'),
  ),
};

type StoredType = keyof typeof STORED_FORMS;

/**
 * Makes own fields fit for JSON. The types stand beside the values, not inside them, so that nothing a client sends as
 * JSON can pass for one of them.
 */
export function storeFields(own: OwnFields): StoredFields {
  const fields: Record<string, unknown> = {};
  const types: Record<string, StoredType> = {};
  for (const [name, value] of Object.entries(own)) {
    const [type, stored] = Object.entries(STORED_FORMS).find(([, { is }]) => is(value)) ?? [];
    fields[name] = stored ? stored.toJson(value as never) : value;
    if (type) types[name] = type as StoredType;
  }
  return Object.keys(types).length > 0 ? { fields, types } : { fields };
}

/** The own fields as the signup stated them: dates are dates again. */
export function restoreFields({ fields, types = {} }: StoredFields): OwnFields {
  const restore = ([name, value]: [string, unknown]) => {
    const type = types[name];
    return [name, type ? STORED_FORMS[type].fromJson(value as string) : value] as const;
  };
  return Object.fromEntries(Object.entries(fields).map(restore));
}

function form<T>(
  is: (value: unknown) => value is T,
  toJson: (value: T) => string,
  fromJson: (text: string) => T,
): StoredForm<T> {
  return { is, toJson, fromJson };
}
