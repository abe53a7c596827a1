import type { JwtAlgorithm } from '../jwt-algorithms.js';
import { boolean, DAY, integer, type SettingGroup } from '../setting.js';

/** Access and refresh tokens, and the secret behind every key. */
export interface JwtOptions {
  /** The secret every key is derived from, at least 32 bytes; required. `JWT_SECRET`. @default none */
  secret: string;
  /** Former secrets whose tokens and links are still accepted; separated by commas or spaces. `JWT_PREVIOUS_SECRETS`. @default none */
  previousSecrets: readonly string[];
  /** How access tokens are signed: HS256, HS384, HS512, RS256 or ES256; refresh tokens stay symmetric. `JWT_ALGORITHM`. @default HS256 */
  algorithm: JwtAlgorithm;
  /** The private key of RS256 or ES256 as PEM, or as PEM in base64; required for these two. `JWT_PRIVATE_KEY`. @default none */
  privateKey: string;
  /** Public keys as PEM, one after the other, whose access tokens are accepted besides the own; the JWKS shows them. `JWT_PUBLIC_KEYS`. @default none */
  publicKeys: readonly string[];
  /** Level none: where the keys are (a JWKS) that verify tokens issued elsewhere. `JWT_JWKS_URL`. @default none */
  jwksUrl: string;
  /** Seconds for which fetched keys are kept; a key withdrawn by its owner is accepted for as long. `JWT_JWKS_CACHE_SECONDS`. @default 600 */
  jwksCacheSeconds: number;
  /** Level none: types that an access token may name besides `at+jwt`, as issuers older than RFC 9068 do, e.g. `JWT`, and `none` for no type; separated by commas or spaces. `JWT_ACCEPTED_TYPES`. @default none but `at+jwt` */
  acceptedTypes: readonly string[];
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

/** How long a sign-in lasts, and how many an account may have. */
export interface SessionOptions {
  /** Absolute life of a session, in seconds. `AUTH_SESSION_MAX_SECONDS`. @default 2592000 */
  maxSeconds: number;
  /** Live sessions an account may have; one more ends the one used least recently, and 0 sets no limit. `AUTH_SESSION_MAX_PER_ACCOUNT`. @default 50 */
  maxPerAccount: number;
  /** True answers a password change by bearer token with a new pair in place of its tokens, false with 204 and leaves them; cookies are renewed in either case. `AUTH_RENEW_SESSION_ON_PASSWORD_CHANGE`. @default false */
  renewOnPasswordChange: boolean;
}

/** How fresh the guard's view of a session is. */
export interface SessionCheckOptions {
  /** Seconds for which the guard trusts a session it has just checked; 0 checks on every request. `AUTH_SESSION_CHECK_CACHE_SECONDS`. @default 0 */
  cacheSeconds: number;
}

/** Tokens and sessions. */
export const TOKEN_SETTINGS: readonly SettingGroup[] = [
  {
    title: 'Tokens and sessions',
    settings: [
      {
        path: 'jwt.secret',
        env: 'JWT_SECRET',
        level: 'none',
        kind: 'signing-secret',
        secret: true,
        placeholder: 'change-me-to-the-output-of-openssl-rand-base64-48',
        doc: 'The secret every key is derived from, at least 32 bytes; required.',
      },
      {
        path: 'jwt.previousSecrets',
        env: 'JWT_PREVIOUS_SECRETS',
        level: 'basic',
        kind: 'signing-secrets',
        secret: true,
        default: [],
        defaultText: 'none',
        doc: 'Former secrets whose tokens and links are still accepted; separated by commas or spaces.',
      },
      {
        path: 'jwt.algorithm',
        env: 'JWT_ALGORITHM',
        level: 'none',
        kind: 'choice',
        values: ['HS256', 'HS384', 'HS512', 'RS256', 'ES256'],
        default: 'HS256',
        doc: 'How access tokens are signed: HS256, HS384, HS512, RS256 or ES256; refresh tokens stay symmetric.',
      },
      {
        path: 'jwt.privateKey',
        env: 'JWT_PRIVATE_KEY',
        level: 'basic',
        kind: 'private-key',
        secret: true,
        doc: 'The private key of RS256 or ES256 as PEM, or as PEM in base64; required for these two.',
      },
      {
        path: 'jwt.publicKeys',
        env: 'JWT_PUBLIC_KEYS',
        level: 'none',
        kind: 'public-keys',
        default: [],
        defaultText: 'none',
        doc: 'Public keys as PEM, one after the other, whose access tokens are accepted besides the own; the JWKS shows them.',
      },
      {
        path: 'jwt.jwksUrl',
        env: 'JWT_JWKS_URL',
        level: 'none',
        kind: 'key-url',
        doc: 'Level none: where the keys are (a JWKS) that verify tokens issued elsewhere.',
      },
      {
        path: 'jwt.jwksCacheSeconds',
        env: 'JWT_JWKS_CACHE_SECONDS',
        level: 'none',
        ...integer('seconds', 600, 1, DAY),
        doc: 'Seconds for which fetched keys are kept; a key withdrawn by its owner is accepted for as long.',
      },
      {
        path: 'jwt.acceptedTypes',
        env: 'JWT_ACCEPTED_TYPES',
        level: 'none',
        kind: 'token-types',
        default: [],
        defaultText: 'none but `at+jwt`',
        doc: 'Level none: types that an access token may name besides `at+jwt`, as issuers older than RFC 9068 do, e.g. `JWT`, and `none` for no type; separated by commas or spaces.',
      },
      {
        path: 'jwt.issuer',
        env: 'JWT_ISSUER',
        level: 'none',
        kind: 'text',
        default: 'nestjs-gatehouse',
        doc: '`iss` of every token; always checked.',
      },
      {
        path: 'jwt.audience',
        env: 'JWT_AUDIENCE',
        level: 'none',
        kind: 'text',
        default: 'nestjs-gatehouse',
        doc: '`aud` of every token; always checked.',
      },
      {
        path: 'jwt.accessTtlSeconds',
        env: 'JWT_ACCESS_TTL_SECONDS',
        level: 'basic',
        ...integer('seconds', 900, 1, DAY),
        doc: 'Life of an access token, in seconds.',
      },
      {
        path: 'jwt.refreshTtlSeconds',
        env: 'JWT_REFRESH_TTL_SECONDS',
        ...integer('seconds', 7 * DAY, 1, 365 * DAY),
        defaultText: '604800, or the absolute life of a session where that is shorter',
        doc: 'Idle time after which a session ends, in seconds.',
      },
      {
        path: 'jwt.refreshGraceSeconds',
        env: 'JWT_REFRESH_GRACE_SECONDS',
        ...integer('seconds', 10, 0, 300),
        defaultText: '10, or less where tokens live shorter than that',
        doc: 'Time in seconds during which a just rotated refresh token gets the same successor again; 0 is strict.',
      },
      {
        path: 'session.maxSeconds',
        env: 'AUTH_SESSION_MAX_SECONDS',
        ...integer('seconds', 30 * DAY, 1, 365 * DAY),
        doc: 'Absolute life of a session, in seconds.',
      },
      {
        path: 'session.maxPerAccount',
        env: 'AUTH_SESSION_MAX_PER_ACCOUNT',
        ...integer('sessions', 50, 0, 10_000),
        doc: 'Live sessions an account may have; one more ends the one used least recently, and 0 sets no limit.',
      },
      {
        path: 'session.renewOnPasswordChange',
        env: 'AUTH_RENEW_SESSION_ON_PASSWORD_CHANGE',
        ...boolean(false),
        doc: 'True answers a password change by bearer token with a new pair in place of its tokens, false with 204 and leaves them; cookies are renewed in either case.',
      },
      {
        path: 'sessionCheck.cacheSeconds',
        env: 'AUTH_SESSION_CHECK_CACHE_SECONDS',
        ...integer('seconds', 0, 0, 300),
        doc: 'Seconds for which the guard trusts a session it has just checked; 0 checks on every request.',
      },
    ],
  },
];
