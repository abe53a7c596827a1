import { boolean, DAY, integer, type SettingGroup } from './setting.js';

/** What an account and its links are like. */
export const ACCOUNT_SETTINGS: readonly SettingGroup[] = [
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
];
