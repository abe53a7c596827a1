import type { Type } from '@nestjs/common';

/**
 * The classes of the bodies whose fields the application may choose: its own, or the bundled ones. For validation and
 * documentation alike; provided per module, so two applications in one process never see each other's.
 */
export interface OwnBodies {
  /** Body of `POST signup`. */
  readonly signup: Type<object>;
  /** Body of `PATCH me`, which may leave out any field, and of `PUT me`. */
  readonly profile: Type<object>;
  /** What `GET`, `PATCH` and `PUT me` answer; undefined for the bundled fields. */
  readonly userResponse: Type<object> | undefined;
}

/** The answers among them. */
export type OwnResponse = 'userResponse';

/** The requests among them. */
export type OwnRequest = Exclude<keyof OwnBodies, OwnResponse>;

/** Injection token of {@link OwnBodies}. */
export const OWN_BODIES = Symbol('OWN_BODIES');
