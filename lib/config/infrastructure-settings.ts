import { boolean, DAY, integer, type SettingGroup } from './setting.js';

/** Tokens, hashes, mail and what runs behind the flows. */
export const INFRASTRUCTURE_SETTINGS: readonly SettingGroup[] = [
  {
    title: 'Tokens and sessions',
    settings: [
      {
        path: 'jwt.secret',
        env: 'JWT_SECRET',
        kind: 'signing-secret',
        secret: true,
        placeholder: 'change-me-to-the-output-of-openssl-rand-base64-48',
        doc: 'The secret every key is derived from, at least 32 bytes; required.',
      },
      {
        path: 'jwt.algorithm',
        env: 'JWT_ALGORITHM',
        kind: 'choice',
        values: ['HS256', 'HS384', 'HS512'],
        default: 'HS256',
        doc: 'HMAC of access and refresh tokens: HS256, HS384 or HS512.',
      },
      {
        path: 'jwt.issuer',
        env: 'JWT_ISSUER',
        kind: 'text',
        default: 'nestjs-gatehouse',
        doc: '`iss` of every token; always checked.',
      },
      {
        path: 'jwt.audience',
        env: 'JWT_AUDIENCE',
        kind: 'text',
        default: 'nestjs-gatehouse',
        doc: '`aud` of every token; always checked.',
      },
      {
        path: 'jwt.accessTtlSeconds',
        env: 'JWT_ACCESS_TTL_SECONDS',
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
        path: 'sessionCheck.cacheSeconds',
        env: 'AUTH_SESSION_CHECK_CACHE_SECONDS',
        ...integer('seconds', 0, 0, 300),
        doc: 'Seconds for which the guard trusts a session it has just checked; 0 checks on every request.',
      },
    ],
  },
  {
    title: 'Hashing',
    settings: [
      {
        path: 'hashing.memoryKib',
        env: 'AUTH_HASH_MEMORY_KIB',
        ...integer('KiB', 19_456, 8, 1_048_576),
        doc: 'Memory of one hash, in KiB.',
      },
      {
        path: 'hashing.timeCost',
        env: 'AUTH_HASH_TIME_COST',
        ...integer('passes', 2, 1, 64),
        doc: 'Passes over the memory.',
      },
      {
        path: 'hashing.concurrency',
        env: 'AUTH_HASH_CONCURRENCY',
        ...integer('hashes', 0, 0, 64),
        doc: 'Hashes computed at once; 0 means min(cores, UV_THREADPOOL_SIZE - 1).',
      },
      {
        path: 'hashing.queue',
        env: 'AUTH_HASH_QUEUE',
        ...integer('hashes', 64, 0, 10_000),
        doc: 'Hashes that may wait; one more is answered 503 with Retry-After.',
      },
    ],
  },
  {
    title: 'SMTP',
    settings: [
      {
        path: 'smtp.host',
        env: 'SMTP_HOST',
        kind: 'text',
        doc: 'Host of the SMTP server; required where mail is sent.',
      },
      {
        path: 'smtp.port',
        env: 'SMTP_PORT',
        ...integer('port', 587, 1, 65_535),
        defaultText: '587, or 465 with SMTP_SECURE=true',
        doc: 'Port of the SMTP server.',
      },
      {
        path: 'smtp.username',
        env: 'SMTP_USERNAME',
        kind: 'text',
        secret: true,
        doc: 'User name; no authentication when unset.',
      },
      { path: 'smtp.password', env: 'SMTP_PASSWORD', kind: 'text', secret: true, doc: 'Password of that user.' },
      {
        path: 'smtp.secure',
        env: 'SMTP_SECURE',
        ...boolean(false),
        doc: 'True speaks TLS from the first byte; false upgrades with STARTTLS where offered.',
      },
      {
        path: 'smtp.requireTls',
        env: 'SMTP_REQUIRE_TLS',
        kind: 'boolean',
        defaultText: 'true in production with SMTP_USERNAME, else false',
        doc: 'True sends neither mail nor password to a server that does not offer STARTTLS.',
      },
      {
        path: 'smtp.fromAddress',
        env: 'SMTP_FROM_ADDR',
        kind: 'email-address',
        defaultText: 'no-reply@example.com outside production',
        doc: 'Sender address; required where mail is sent.',
      },
      { path: 'smtp.fromName', env: 'SMTP_FROM_NAME', kind: 'text', doc: 'Sender name.' },
    ],
  },
  {
    title: 'Mail',
    settings: [
      {
        path: 'mail.templateDir',
        env: 'AUTH_TEMPLATE_DIR',
        kind: 'directory',
        doc: 'Directory whose files shadow the bundled templates one by one, per locale or flat.',
      },
      {
        path: 'mail.defaultLocale',
        env: 'AUTH_DEFAULT_LOCALE',
        kind: 'locale',
        default: 'en',
        doc: 'Language of mails.',
      },
      {
        path: 'mail.userFields',
        kind: 'columns',
        default: [],
        defaultText: 'none',
        doc: 'Columns of the user entity the templates may show besides id, email and name.',
      },
      {
        path: 'mail.pollSeconds',
        env: 'AUTH_MAIL_POLL_SECONDS',
        ...integer('seconds', 5, 1, 3600),
        doc: 'Seconds between two looks for mail that a crash, a restart or another instance left.',
      },
    ],
  },
  {
    title: 'Answers',
    settings: [
      {
        path: 'uniformAnswerMs',
        env: 'AUTH_UNIFORM_ANSWER_MS',
        ...integer('milliseconds', 250, 0, 10_000),
        doc: 'Least time, in milliseconds, of the part of signup, resend and reset request that depends on the address; it hides which path was taken.',
      },
    ],
  },
  {
    title: 'Cleanup',
    settings: [
      {
        path: 'cleanup.intervalSeconds',
        env: 'AUTH_CLEANUP_INTERVAL_SECONDS',
        ...integer('seconds', 3600, 0, 604_800),
        doc: 'Seconds between two rounds that delete rows which expired a day ago; 0 leaves them to the application.',
      },
    ],
  },
];
