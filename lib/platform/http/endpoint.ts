import type { Type } from '@nestjs/common';
import type { AuthErrorCode } from '../common/auth.errors.js';
import type { Level } from '../config/levels.js';
import type { Answer } from './answer.js';
import type { OwnRequest } from './own-bodies.js';

/**
 * What body an endpoint takes. Every JSON endpoint takes `application/json` only, so that no HTML form of another
 * site can reach it; `json-or-form` takes a form as well where the back end renders the pages (mode E).
 */
export type Accepts = 'json' | 'form' | 'json-or-form' | 'none';

/**
 * The tokens an endpoint looks for beside the body: it demands an access token, or a refresh token in the cookie may
 * replace that of the body, or either may.
 */
export type Credentials = 'access' | 'refresh' | 'either';

/** What a flow states of an endpoint. */
export interface EndpointFacts {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the application's global prefix, without a leading slash; a parameter is `:name`. */
  readonly path: string;
  /** The path in the preset `forge`. @default the same */
  readonly forgePath?: string;
  /** Status of a success. */
  readonly status: number;
  readonly accepts: Accepts;
  /** What it does, in one sentence of Markdown. */
  readonly summary: string;
  /** Each field of the body, in one line of Markdown. */
  readonly request: Readonly<Record<string, string>>;
  /** What a success answers, in Markdown. */
  readonly answer: string;
  /** The class that checks the body; by name where the application may bring its own, null where no field is read. */
  readonly body: Type<object> | OwnRequest | null;
  /** What it answers besides errors, by status: several where the request decides. */
  readonly answers: Readonly<Record<number, Answer | readonly Answer[]>>;
  /** What must, or may, prove who asks. @default nothing */
  readonly credentials?: Credentials;
  /** True where its answers can set or clear the cookies of a session. */
  readonly setsCookies?: true;
  /** True where a success leaves the device cookie, however tokens are delivered. */
  readonly leavesDeviceCookie?: true;
  /** Every code it can answer. */
  readonly errors: readonly AuthErrorCode[];
  /** The least level that mounts it; where absent, only complete does. */
  readonly level?: Level;
  /** True for routes that exist only where the back end renders the pages (mode E). */
  readonly pages?: true;
  /** Seconds for which anybody may keep the answer; without it nobody may. */
  readonly cacheSeconds?: number;
}

/** One endpoint of the module: what the controllers serve, the input gate checks and the reference documents. */
export interface Endpoint extends EndpointFacts {
  /** Its name: by it an application moves it, or switches it off. */
  readonly key: string;
  /** The flow it belongs to: the name of its folder. */
  readonly flow: string;
}

/** Endpoints by their names. */
export type Endpoints<K extends string = string> = Readonly<Record<K, Endpoint>>;

/** The endpoints of a flow, each with its name. */
export function endpoints<K extends string>(flow: string, facts: Readonly<Record<K, EndpointFacts>>): Endpoints<K> {
  const entries = Object.entries<EndpointFacts>(facts).map(([key, each]) => [key, { ...each, key, flow }] as const);
  return Object.fromEntries(entries) as Endpoints<K>;
}

/** Whatever takes a body can meet these. */
export const UNREADABLE = [
  'INPUT_MALFORMED',
  'INPUT_TOO_LARGE',
  'INPUT_TOO_SLOW',
  'INPUT_UNSUPPORTED_TYPE',
  'INPUT_CROSS_SITE',
] as const;

/** Whatever reads fields can meet these. */
export const UNUSABLE = ['INPUT_INVALID', ...UNREADABLE] as const;

/** Whatever asks for a signed-in user can meet these. */
export const SIGNED_OUT = ['ACCESS_UNAUTHENTICATED', 'ACCESS_INVALID_TOKEN'] as const;

/** Whatever changes something for a signed-in user can meet these; the last one where cookies carry the tokens. */
export const UNPROVED = [...SIGNED_OUT, 'ACCESS_INVALID_CSRF_TOKEN'] as const;

/** Whatever opens a session when its own work is done can meet these; the work stays done. */
export const NO_SESSION = ['LOGIN_REFUSED', 'SESSION_INVALID_TOKEN'] as const;

/** Whatever looks into the database can meet these. */
export const FAULTS = ['SERVICE_BUSY', 'SERVICE_FAILED', 'SERVICE_UNAVAILABLE'] as const;
