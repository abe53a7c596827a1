import type { ModuleMetadata, Type } from '@nestjs/common';
import type { UserColumnNames } from '../../platform/data/entities/account-properties.js';
import type { LimitStore } from '../../platform/common/limit.js';
import type { BaseAuthLimit } from '../../platform/data/entities/base-auth-limit.entity.js';
import type { BaseAuthEvent } from '../../platform/data/entities/base-auth-event.entity.js';
import type { BaseUserToken } from '../../platform/data/entities/base-user-token.entity.js';
import type { Account } from '../../platform/data/entities/base-user.entity.js';
import type { AuthHooks } from '../../engine/hooks/auth-hooks.js';
import type { BreachedPasswords } from '../../engine/passwords/breached-passwords.js';
import type { SignupDto } from '../../flows/signup/signup.dto.js';
import type { TokenDeliveryMode } from '../../platform/config/settings/delivery-settings.js';
import type { Level } from '../../platform/config/levels.js';
import type { ModeName, ModeLetter } from '../../platform/config/modes.js';
import type { RouteOptions } from './route-options.js';
import type { StatedGroups } from '../../platform/config/option-groups.js';

/**
 * Options Nest must know before any factory runs: they decide which routes, providers and tables exist.
 * In `forRootAsync` they sit beside `useFactory`. Which of them a level demands: {@link LevelOptions}.
 */
export interface StructuralOptions<U extends object = Account, T extends BaseUserToken = BaseUserToken> {
  /** How much of the module is mounted: none, basic or complete. `AUTH_LEVEL`. @default complete */
  level?: Level;
  /** The application's user entity, one that extends BaseUser or any other with `userColumns`; needed at levels basic and complete. */
  userEntity?: Type<U>;
  /** What a user entity that does not extend BaseUser calls the properties of Account. @default the same names */
  userColumns?: UserColumnNames<U>;
  /** The application's token entity, extending BaseUserToken, with a `user` relation to the user entity; needed at level complete. */
  tokenEntity?: Type<T>;
  /** The preset, by letter or name. `AUTH_MODE`. @default A */
  mode?: ModeLetter | ModeName;
  /** True makes a signup an active account at once, without mail. `AUTH_AUTO_ACTIVATE`. @default by mode */
  autoActivate?: boolean;
  /** True puts links in the JSON answer of signup and reset request; never in production. `AUTH_RETURN_TOKEN_IN_RESPONSE`. @default by mode */
  returnLinkInResponse?: boolean;
  /** True makes e-mailed links open pages this back end renders. `AUTH_BACKEND_LINKS`. @default by mode */
  backendLinks?: boolean;
  /** The body of signup: a class that extends SignupDto with columns of the user entity. @default SignupDto */
  signupDto?: Type<SignupDto>;
  /** The body of `PATCH me` and `PUT me`: a class with columns of the user entity that users write themselves. @default ProfileDto */
  profileDto?: Type<object>;
  /** What `GET`, `PATCH` and `PUT me` answer: a class with properties of the user entity that carry `@Expose()`. @default the fields of docs/profile.md */
  userResponse?: Type<object>;
  /** Where the endpoints are. */
  routes?: Partial<RouteOptions>;
  /** True exports AuthService and the guard to every module of the application. @default true */
  isGlobal?: boolean;
  /** The name of the TypeORM data source that holds both entities. @default the unnamed data source */
  dataSource?: string;
  /** The application's event entity, extending BaseAuthEvent: the audit trail. @default none */
  eventEntity?: Type<BaseAuthEvent>;
  /** The application's limit entity, extending BaseAuthLimit: all instances count tries together. @default each counts in its memory */
  limitEntity?: Type<BaseAuthLimit>;
  /** Where tries are counted instead: RedisLimits, or a LimitStore of the application's own. @default the limit entity */
  limitStore?: LimitStore;
  /** The application's class of hooks, extending AuthHooks; made by the module, with what global modules and `imports` provide. @default none */
  hooks?: Type<AuthHooks<NoInfer<U>>>;
  /** The application's own class for the breach check, extending BreachedPasswords; made like the hooks. @default the range interface of `password.breachCheckUrl` */
  breachedPasswords?: Type<BreachedPasswords>;
  /** Modules whose providers the hooks, or the factory, inject. @default none */
  imports?: ModuleMetadata['imports'];
}

/** Level complete: every flow, on both of the application's entities. */
export interface CompleteOptions<
  U extends object = Account,
  T extends BaseUserToken = BaseUserToken,
> extends StructuralOptions<U, T> {
  level?: 'complete';
  userEntity: Type<U>;
  tokenEntity: Type<T>;
}

/** Level basic: no mail, hence no mode, and no token table. */
export interface BasicOptions<U extends object = Account> extends Omit<
  StructuralOptions<U>,
  'tokenEntity' | 'mode' | 'autoActivate' | 'returnLinkInResponse' | 'backendLinks'
> {
  level: 'basic';
  userEntity: Type<U>;
}

/** Level none: the guard alone; no entity, and no data source. */
export interface NoneOptions extends Pick<StructuralOptions, 'isGlobal' | 'imports'> {
  level: 'none';
}

/** The names must be given for an entity that lacks a property of Account. */
type Mapping<U extends object> = U extends Account ? unknown : Required<Pick<StructuralOptions<U>, 'userColumns'>>;

/** The structural options, by level. */
export type LevelOptions<U extends object = Account, T extends BaseUserToken = BaseUserToken> =
  (CompleteOptions<U, T> & Mapping<U>) | (BasicOptions<U> & Mapping<U>) | NoneOptions;

/** Options that may come from a factory; those with an environment variable name it, and code wins over it. */
export interface RuntimeOptions extends StatedGroups {
  /** True lets the unsafe modes C and D start with NODE_ENV=production. `AUTH_ALLOW_UNSAFE_MODE`. @default false */
  allowUnsafeMode?: boolean;
  /** Origin of the back end as users see it, e.g. `https://api.example.com`; mode E builds its links on it. `AUTH_PUBLIC_URL`. @default none */
  publicUrl?: string;
  /** Where the "Go to login" button of the pages leads; no button when unset. `AUTH_LOGIN_URL`. @default none */
  loginUrl?: string;
  /** How tokens reach the client and come back: bearer (JSON and Authorization header), cookie, or both. `AUTH_TOKEN_DELIVERY`. @default bearer */
  tokenDelivery?: TokenDeliveryMode;
  /** Origins besides its own whose pages may act with the cookies, e.g. `https://app.example.com`; in a variable, separated by commas. `AUTH_TRUSTED_ORIGINS`. @default none */
  trustedOrigins?: readonly string[];
  /** Least time, in milliseconds, of the part of signup, resend, reset and e-mail change request that depends on the address; it hides which path was taken. `AUTH_UNIFORM_ANSWER_MS`. @default 250 */
  uniformAnswerMs?: number;
  /** True looks at the tables when the application starts, and refuses to start where one, a column of it, or a right to it is missing. `AUTH_CHECK_TABLES`. @default true */
  checkTables?: boolean;
}

/** Everything an application passes to `AuthModule.forRoot`. */
export type AuthModuleOptions<U extends object = Account, T extends BaseUserToken = BaseUserToken> = LevelOptions<
  U,
  T
> &
  RuntimeOptions;
