import type { Type } from '@nestjs/common';
import type { BaseUserToken } from '../entities/base-user-token.entity.js';
import type { Account } from '../entities/base-user.entity.js';
import type { ModeName, ModeLetter } from './modes.js';

/** The hash function of symmetric access and refresh tokens. */
export type JwtAlgorithm = 'HS256' | 'HS384' | 'HS512';

/**
 * Options Nest must know before any factory runs: they decide which routes, providers and tables exist.
 * In `forRootAsync` they sit beside `useFactory`.
 */
export interface StructuralOptions<U extends Account = Account, T extends BaseUserToken = BaseUserToken> {
  /** The application's user entity, extending BaseUser. */
  userEntity: Type<U>;
  /** The application's token entity, extending BaseUserToken, with a `user` relation to the user entity. */
  tokenEntity: Type<T>;
  /** The preset, by letter or name. `AUTH_MODE`. @default A */
  mode?: ModeLetter | ModeName;
  /** True makes a signup an active account at once, without mail. `AUTH_AUTO_ACTIVATE`. @default by mode */
  autoActivate?: boolean;
  /** True puts links in the JSON answer of signup and reset request; never in production. `AUTH_RETURN_TOKEN_IN_RESPONSE`. @default by mode */
  returnLinkInResponse?: boolean;
  /** True makes e-mailed links open pages this back end renders. `AUTH_BACKEND_LINKS`. @default by mode */
  backendLinks?: boolean;
  /** True exports AuthService and the guard to every module of the application. @default true */
  isGlobal?: boolean;
  /** The name of the TypeORM data source that holds both entities. @default the unnamed data source */
  dataSource?: string;
}

/** Options that may come from a factory; those with an environment variable name it, and code wins over it. */
export interface RuntimeOptions {
  /** True lets the unsafe modes C and D start with NODE_ENV=production. `AUTH_ALLOW_UNSAFE_MODE`. @default false */
  allowUnsafeMode?: boolean;
  /** Origin of the back end as users see it, e.g. `https://api.example.com`; mode E builds its links on it. `AUTH_PUBLIC_URL`. @default none */
  publicUrl?: string;
  /** Where the "Go to login" button of the pages leads; no button when unset. `AUTH_LOGIN_URL`. @default none */
  loginUrl?: string;
  /** The password policy. */
  password?: Partial<AuthConfigPassword>;
  /** The activation link and its mail. */
  activation?: Partial<AuthConfigActivation>;
  /** The reset link and its mail. */
  passwordReset?: Partial<AuthConfigPasswordReset>;
  /** Access and refresh tokens, and the secret behind every key. */
  jwt?: Partial<AuthConfigJwt>;
  /** How long a sign-in lasts. */
  session?: Partial<AuthConfigSession>;
  /** How long a session's state may be remembered between requests. */
  sessionCheck?: Partial<AuthConfigSessionCheck>;
  /** Argon2id (RFC 9106) and the limiter before it. */
  hashing?: Partial<AuthConfigHashing>;
  /** The server mail leaves through, and the sender it names. */
  smtp?: Partial<AuthConfigSmtp>;
  /** What mails look like, and when left-over ones are looked for. */
  mail?: Partial<AuthConfigMail>;
  cleanup?: Partial<AuthConfigCleanup>;
  /** Least time, in milliseconds, of the part of signup, resend and reset request that depends on the address; it hides which path was taken. `AUTH_UNIFORM_ANSWER_MS`. @default 250 */
  uniformAnswerMs?: number;
}

/** What the password policy demands. Applies to signup and reset alike. */
export interface AuthConfigPassword {
  /** Shortest password, in Unicode code points. `AUTH_PASSWORD_MIN_LENGTH`. @default 12 */
  minLength: number;
  /** Longest password, in Unicode code points; also at most 1024 bytes. `AUTH_PASSWORD_MAX_LENGTH`. @default 128 */
  maxLength: number;
  /** True demands a lower case letter, an upper case letter, a digit and a symbol. `AUTH_PASSWORD_REQUIRE_COMPLEXITY`. @default false */
  requireComplexity: boolean;
  /** True refuses common passwords, and those that contain the address or the name. `AUTH_PASSWORD_BLOCK_COMMON`. @default true */
  blockCommon: boolean;
}

/** The link that proves an address. */
export interface AuthConfigActivation {
  /** Life of an activation link, in seconds. `AUTH_ACTIVATION_TTL_SECONDS`. @default 604800 */
  ttlSeconds: number;
  /** Where the activation link points, with exactly one `{token}`. `AUTH_ACTIVATION_URL_TEMPLATE`. @default http://localhost:5173/activate?token={token} outside production; none in production; derived in mode E */
  urlTemplate: string;
  /** Mode E: true makes the link show a button that activates, so that mail scanners cannot. `AUTH_ACTIVATION_CONFIRM`. @default false */
  confirm: boolean;
  /** File name of the mail template. `AUTH_ACTIVATION_TEMPLATE`. @default activation.hbs */
  template: string;
}

/** The link that sets a new password. */
export interface AuthConfigPasswordReset {
  /** Life of a reset link, in seconds. `AUTH_PASSWORD_RESET_TTL_SECONDS`. @default 3600 */
  ttlSeconds: number;
  /** Where the reset link points, with exactly one `{token}`. `AUTH_PASSWORD_RESET_URL_TEMPLATE`. @default http://localhost:5173/reset-password?token={token} outside production; none in production; derived in mode E */
  urlTemplate: string;
  /** True logs the user in after a JSON reset; false answers 204. `AUTH_LOGIN_AFTER_RESET`. @default true */
  loginAfterReset: boolean;
  /** File name of the mail template. `AUTH_PASSWORD_RESET_TEMPLATE`. @default password_reset.hbs */
  template: string;
}

/** Access and refresh tokens, and the secret behind every key. */
export interface AuthConfigJwt {
  /** The secret every key is derived from, at least 32 bytes; required. `JWT_SECRET`. @default none */
  secret: string;
  /** HMAC of access and refresh tokens: HS256, HS384 or HS512. `JWT_ALGORITHM`. @default HS256 */
  algorithm: JwtAlgorithm;
  /** `iss` of every token; always checked. `JWT_ISSUER`. @default nestjs-gatehouse */
  issuer: string;
  /** `aud` of every token; always checked. `JWT_AUDIENCE`. @default nestjs-gatehouse */
  audience: string;
  /** Life of an access token, in seconds. `JWT_ACCESS_TTL_SECONDS`. @default 900 */
  accessTtlSeconds: number;
  /** Idle time after which a session ends, in seconds. `JWT_REFRESH_TTL_SECONDS`. @default 604800, or the absolute life of a session where that is shorter */
  refreshTtlSeconds: number;
  /** Time in seconds during which a just rotated refresh token gets the same successor again; 0 is strict. `JWT_REFRESH_GRACE_SECONDS`. @default 10, or less where tokens live shorter than that */
  refreshGraceSeconds: number;
}

/** How long a sign-in lasts. */
export interface AuthConfigSession {
  /** Absolute life of a session, in seconds. `AUTH_SESSION_MAX_SECONDS`. @default 2592000 */
  maxSeconds: number;
}

/** How fresh the guard's view of a session is. */
export interface AuthConfigSessionCheck {
  /** Seconds for which the guard trusts a session it has just checked; 0 checks on every request. `AUTH_SESSION_CHECK_CACHE_SECONDS`. @default 0 */
  cacheSeconds: number;
}

/** Argon2id (RFC 9106) and the limiter before it. */
export interface AuthConfigHashing {
  /** Memory of one hash, in KiB. `AUTH_HASH_MEMORY_KIB`. @default 19456 */
  memoryKib: number;
  /** Passes over the memory. `AUTH_HASH_TIME_COST`. @default 2 */
  timeCost: number;
  /** Hashes computed at once; 0 means min(cores, UV_THREADPOOL_SIZE - 1). `AUTH_HASH_CONCURRENCY`. @default 0 */
  concurrency: number;
  /** Hashes that may wait; one more is answered 503 with Retry-After. `AUTH_HASH_QUEUE`. @default 64 */
  queue: number;
}

/** The server mail leaves through, and the sender it names. */
export interface AuthConfigSmtp {
  /** Host of the SMTP server; required where mail is sent. `SMTP_HOST`. @default none */
  host: string;
  /** Port of the SMTP server. `SMTP_PORT`. @default 587, or 465 with SMTP_SECURE=true */
  port: number;
  /** User name; no authentication when unset. `SMTP_USERNAME`. @default none */
  username: string;
  /** Password of that user. `SMTP_PASSWORD`. @default none */
  password: string;
  /** True speaks TLS from the first byte; false upgrades with STARTTLS where offered. `SMTP_SECURE`. @default false */
  secure: boolean;
  /** True sends neither mail nor password to a server that does not offer STARTTLS. `SMTP_REQUIRE_TLS`. @default true in production with SMTP_USERNAME, else false */
  requireTls: boolean;
  /** Sender address; required where mail is sent. `SMTP_FROM_ADDR`. @default no-reply@example.com outside production */
  fromAddress: string;
  /** Sender name. `SMTP_FROM_NAME`. @default none */
  fromName: string;
}

/** What mails look like, and when left-over ones are looked for. */
export interface AuthConfigMail {
  /** Directory whose files shadow the bundled templates one by one, per locale or flat. `AUTH_TEMPLATE_DIR`. @default none */
  templateDir: string;
  /** Language of mails. `AUTH_DEFAULT_LOCALE`. @default en */
  defaultLocale: string;
  /** Columns of the user entity the templates may show besides id, email and name. @default none */
  userFields: readonly string[];
  /** Seconds between two looks for mail that a crash, a restart or another instance left. `AUTH_MAIL_POLL_SECONDS`. @default 5 */
  pollSeconds: number;
}

export interface AuthConfigCleanup {
  /** Seconds between two rounds that delete rows which expired a day ago; 0 leaves them to the application. `AUTH_CLEANUP_INTERVAL_SECONDS`. @default 3600 */
  intervalSeconds: number;
}

/** Everything an application passes to `AuthModule.forRoot`. */
export type AuthModuleOptions<U extends Account = Account, T extends BaseUserToken = BaseUserToken> = StructuralOptions<
  U,
  T
> &
  RuntimeOptions;
