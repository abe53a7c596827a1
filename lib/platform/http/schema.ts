/**
 * A schema of OpenAPI 3.0, in the words the module has a use for. A type of its own: that of @nestjs/swagger would make an
 * optional peer a needed one.
 */
export interface Schema {
  /** `user-id` stands for the type that the keys of this application's users have. */
  readonly type?: 'string' | 'integer' | 'boolean' | 'object' | 'array' | 'user-id';
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly nullable?: boolean;
  readonly description?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
}

/** A field of a body, which may be absent. */
export type FieldSchema = Schema & { readonly optional?: true };

/** What is said of a field: `nullable` exactly where its type has null, `optional` exactly where it may be absent. */
type FieldOf<T, K extends keyof T> = Schema &
  (null extends T[K] ? { nullable: true } : { nullable?: never }) &
  (object extends Pick<T, K> ? { optional: true } : { optional?: never });

/** A schema per field of a body, neither more nor fewer: a field that is not described does not compile. */
export type BodyFields<T> = { readonly [K in keyof T]-?: FieldOf<T, K> };

/** An instant on the wire, ISO 8601. */
export const INSTANT = { type: 'string', format: 'date-time' } as const;

/** The key of a user. */
export const USER_ID = { type: 'user-id' } as const;
