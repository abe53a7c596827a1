import type { AuthConfig } from '../config/auth-config.js';
import type { UserId } from '../data/entities/base-user.entity.js';
import type { OwnResponse } from './own-bodies.js';
import type { BodyFields, FieldSchema } from './schema.js';

/** What an endpoint answers with: a JSON object, a list of them, a page, or nothing at all. */
export type Answer = JsonBody | JsonList | typeof PAGE | typeof NOTHING;

/** What the example of a body may depend on in one application. */
export interface AnswerFacts {
  readonly config: AuthConfig;
  /** The key of a user, of the type that keys have. */
  readonly userId: UserId;
  /** True where users have a name. */
  readonly hasName: boolean;
  /** True where users may have a username. */
  readonly hasUsername: boolean;
}

/** A JSON object, as the document describes it. */
export interface JsonBody {
  readonly kind: 'json';
  /** The name of its schema. */
  readonly name: string;
  readonly mediaType: string;
  readonly fields: Readonly<Record<string, FieldSchema>>;
  /** No value in it could be taken for a real secret. */
  readonly example: (facts: AnswerFacts) => unknown;
  /** The class of the application that takes its place, where there is one. */
  readonly own?: OwnResponse;
}

/** A list of JSON objects. */
export interface JsonList {
  readonly kind: 'list';
  readonly of: JsonBody;
}

/** A page for people, where the back end renders them (mode E). */
export const PAGE = { kind: 'page' } as const;

/** No body. */
export const NOTHING = { kind: 'nothing' } as const;

/** An instant of an example. */
export const EXAMPLE_INSTANT = '2026-01-31T12:00:00.000Z';

/** How a flow describes a body it answers with. */
interface BodyWords<T> extends Pick<JsonBody, 'name' | 'own'> {
  readonly fields: BodyFields<T>;
  readonly example: T | ((facts: AnswerFacts) => T);
  /** @default application/json */
  readonly mediaType?: string;
}

/** A body by its interface: what the interface has is described, and nothing else. */
export function jsonBody<T extends object>(words: BodyWords<T>): JsonBody {
  const { example, mediaType = 'application/json' } = words;
  return {
    ...words,
    kind: 'json',
    mediaType,
    example: typeof example === 'function' ? (example as (facts: AnswerFacts) => T) : () => example,
  };
}

export function listOf(body: JsonBody): JsonList {
  return { kind: 'list', of: body };
}
