/**
 * What a setting holds. A kind decides how the text of a variable is read, which type code must pass,
 * and which mistakes are looked for.
 */
export type SettingKind =
  | 'mode'
  | 'boolean'
  | 'integer'
  | 'text'
  | 'choice'
  | 'signing-secret'
  | 'origin'
  | 'url'
  | 'link-template'
  | 'email-address'
  | 'file-name'
  | 'directory'
  | 'locale'
  | 'columns';

/** One setting: everything the reader, the checks, the log line, `.env.example` and the documentation know of it. */
export interface Setting {
  /** The option in code, e.g. `jwt.accessTtlSeconds`. */
  readonly path: string;
  /** The environment variable; absent where only code can say it. */
  readonly env?: string;
  readonly kind: SettingKind;
  /** Used when neither code, environment nor mode says otherwise; absent for settings without a default. */
  readonly default?: string | number | boolean | readonly string[];
  /** The default in words, where a value alone would not tell it. */
  readonly defaultText?: string;
  /** What an integer counts. */
  readonly unit?: string;
  /** Least integer accepted. */
  readonly min?: number;
  /** Greatest integer accepted. */
  readonly max?: number;
  /** The values of a choice. */
  readonly values?: readonly string[];
  /** True for what must never be printed. */
  readonly secret?: true;
  /** What `.env.example` shows in place of a value everybody must set; refused as a value. */
  readonly placeholder?: string;
  /** What it does, in one sentence of Markdown; the same one as in the JSDoc of the option. */
  readonly doc: string;
}

/** Settings that are documented together. */
export interface SettingGroup {
  readonly title: string;
  readonly settings: readonly Setting[];
}

const DAY = 86_400;

/** An integer with the unit it counts and the range it must keep. */
function integer(unit: string, value: number, min: number, max: number) {
  return { kind: 'integer', unit, default: value, min, max } as const;
}

/** A switch. */
function boolean(value: boolean) {
  return { kind: 'boolean', default: value } as const;
}

/** Every setting with an environment variable or a default, in the order in which they are documented. */
export const SETTING_GROUPS: readonly SettingGroup[] = [
  {
    title: 'Mode',
    settings: [
      { path: 'mode', env: 'AUTH_MODE', kind: 'mode', default: 'A', doc: 'The preset, by letter or name.' },
      {
        path: 'autoActivate',
        env: 'AUTH_AUTO_ACTIVATE',
        kind: 'boolean',
        defaultText: 'by mode',
        doc: 'True makes a signup an active account at once, without mail.',
      },
      {
        path: 'returnLinkInResponse',
        env: 'AUTH_RETURN_TOKEN_IN_RESPONSE',
        kind: 'boolean',
        defaultText: 'by mode',
        doc: 'True puts links in the JSON answer of signup and reset request; never in production.',
      },
      {
        path: 'backendLinks',
        env: 'AUTH_BACKEND_LINKS',
        kind: 'boolean',
        defaultText: 'by mode',
        doc: 'True makes e-mailed links open pages this back end renders.',
      },
      {
        path: 'allowUnsafeMode',
        env: 'AUTH_ALLOW_UNSAFE_MODE',
        ...boolean(false),
        doc: 'True lets the unsafe modes C and D start with NODE_ENV=production.',
      },
    ],
  },
  {
    title: 'Addresses',
    settings: [
      {
        path: 'publicUrl',
        env: 'AUTH_PUBLIC_URL',
        kind: 'origin',
        doc: 'Origin of the back end as users see it, e.g. `https://api.example.com`; mode E builds its links on it.',
      },
      {
        path: 'loginUrl',
        env: 'AUTH_LOGIN_URL',
        kind: 'url',
        doc: 'Where the "Go to login" button of the pages leads; no button when unset.',
      },
    ],
  },
  {
    title: 'Passwords',
    settings: [
      {
        path: 'password.minLength',
        env: 'AUTH_PASSWORD_MIN_LENGTH',
        ...integer('code points', 12, 8, 1024),
        doc: 'Shortest password, in Unicode code points.',
      },
      {
        path: 'password.maxLength',
        env: 'AUTH_PASSWORD_MAX_LENGTH',
        ...integer('code points', 128, 64, 1024),
        doc: 'Longest password, in Unicode code points; also at most 1024 bytes.',
      },
      {
        path: 'password.requireComplexity',
        env: 'AUTH_PASSWORD_REQUIRE_COMPLEXITY',
        ...boolean(false),
        doc: 'True demands a lower case letter, an upper case letter, a digit and a symbol.',
      },
      {
        path: 'password.blockCommon',
        env: 'AUTH_PASSWORD_BLOCK_COMMON',
        ...boolean(true),
        doc: 'True refuses common passwords, and those that contain the address or the name.',
      },
    ],
  },
  {
    title: 'Activation',
    settings: [
      {
        path: 'activation.ttlSeconds',
        env: 'AUTH_ACTIVATION_TTL_SECONDS',
        ...integer('seconds', 7 * DAY, 1, 30 * DAY),
        doc: 'Life of an activation link, in seconds.',
      },
      {
        path: 'activation.urlTemplate',
        env: 'AUTH_ACTIVATION_URL_TEMPLATE',
        kind: 'link-template',
        default: 'http://localhost:5173/activate?token={token}',
        defaultText:
          'http://localhost:5173/activate?token={token} outside production; none in production; derived in mode E',
        doc: 'Where the activation link points, with exactly one `{token}`.',
      },
      {
        path: 'activation.confirm',
        env: 'AUTH_ACTIVATION_CONFIRM',
        ...boolean(false),
        doc: 'Mode E: true makes the link show a button that activates, so that mail scanners cannot.',
      },
      {
        path: 'activation.template',
        env: 'AUTH_ACTIVATION_TEMPLATE',
        kind: 'file-name',
        default: 'activation.hbs',
        doc: 'File name of the mail template.',
      },
    ],
  },
  {
    title: 'Password reset',
    settings: [
      {
        path: 'passwordReset.ttlSeconds',
        env: 'AUTH_PASSWORD_RESET_TTL_SECONDS',
        ...integer('seconds', 3600, 1, 7 * DAY),
        doc: 'Life of a reset link, in seconds.',
      },
      {
        path: 'passwordReset.urlTemplate',
        env: 'AUTH_PASSWORD_RESET_URL_TEMPLATE',
        kind: 'link-template',
        default: 'http://localhost:5173/reset-password?token={token}',
        defaultText:
          'http://localhost:5173/reset-password?token={token} outside production; none in production; derived in mode E',
        doc: 'Where the reset link points, with exactly one `{token}`.',
      },
      {
        path: 'passwordReset.loginAfterReset',
        env: 'AUTH_LOGIN_AFTER_RESET',
        ...boolean(true),
        doc: 'True logs the user in after a JSON reset; false answers 204.',
      },
      {
        path: 'passwordReset.template',
        env: 'AUTH_PASSWORD_RESET_TEMPLATE',
        kind: 'file-name',
        default: 'password_reset.hbs',
        doc: 'File name of the mail template.',
      },
    ],
  },
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

/** Every setting, in the same order. */
export const SETTINGS: readonly Setting[] = SETTING_GROUPS.flatMap((group) => group.settings);

/** Options that only code can give, because they name classes or wire modules. */
export const CODE_ONLY_OPTIONS = ['userEntity', 'tokenEntity', 'isGlobal', 'dataSource'] as const;

/** The setting of that path. Throws on a path that is not in the table: a mistake in this package. */
export function settingAt(path: string): Setting {
  const setting = SETTINGS.find((candidate) => candidate.path === path);
  if (!setting) throw new Error(`There is no setting ${path}`);
  return setting;
}

/** The default of a setting in words. */
export function describeDefault(setting: Setting): string {
  return setting.defaultText ?? (setting.default === undefined ? 'none' : String(setting.default));
}

/** What an object nested like the options holds at that path; undefined where any part is missing. */
export function valueAt(root: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), root);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
