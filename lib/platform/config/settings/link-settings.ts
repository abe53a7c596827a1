import { boolean, DAY, integer, type SettingGroup } from '../setting.js';

/** The link that proves an address. */
export interface ActivationOptions {
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
export interface PasswordResetOptions {
  /** Life of a reset link, in seconds. `AUTH_PASSWORD_RESET_TTL_SECONDS`. @default 3600 */
  ttlSeconds: number;
  /** Where the reset link points, with exactly one `{token}`. `AUTH_PASSWORD_RESET_URL_TEMPLATE`. @default http://localhost:5173/reset-password?token={token} outside production; none in production; derived in mode E */
  urlTemplate: string;
  /** True logs the user in after a JSON reset; false answers 204. `AUTH_LOGIN_AFTER_RESET`. @default true */
  loginAfterReset: boolean;
  /** File name of the mail template. `AUTH_PASSWORD_RESET_TEMPLATE`. @default password_reset.hbs */
  template: string;
}

/** The links that prove a new address, and that take its change back. */
export interface EmailChangeOptions {
  /** Life of the link that confirms a new address, in seconds. `AUTH_EMAIL_CHANGE_TTL_SECONDS`. @default 86400 */
  ttlSeconds: number;
  /** Life of the link that takes the change back, in seconds. `AUTH_EMAIL_CHANGE_UNDO_TTL_SECONDS`. @default 604800 */
  undoTtlSeconds: number;
  /** Where the confirming link points, with exactly one `{token}`. `AUTH_EMAIL_CHANGE_URL_TEMPLATE`. @default http://localhost:5173/confirm-email?token={token} outside production; none in production; derived in mode E */
  urlTemplate: string;
  /** Where the link that takes the change back points, with exactly one `{token}`. `AUTH_EMAIL_CHANGE_UNDO_URL_TEMPLATE`. @default http://localhost:5173/undo-email-change?token={token} outside production; none in production; derived in mode E */
  undoUrlTemplate: string;
  /** File name of the mail template. `AUTH_EMAIL_CHANGE_TEMPLATE`. @default email_change.hbs */
  template: string;
}

/** The links in mails. */
export const LINK_SETTINGS: readonly SettingGroup[] = [
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
    title: 'E-mail change',
    settings: [
      {
        path: 'emailChange.ttlSeconds',
        env: 'AUTH_EMAIL_CHANGE_TTL_SECONDS',
        ...integer('seconds', DAY, 1, 7 * DAY),
        doc: 'Life of the link that confirms a new address, in seconds.',
      },
      {
        path: 'emailChange.undoTtlSeconds',
        env: 'AUTH_EMAIL_CHANGE_UNDO_TTL_SECONDS',
        ...integer('seconds', 7 * DAY, 3600, 30 * DAY),
        doc: 'Life of the link that takes the change back, in seconds.',
      },
      {
        path: 'emailChange.urlTemplate',
        env: 'AUTH_EMAIL_CHANGE_URL_TEMPLATE',
        kind: 'link-template',
        default: 'http://localhost:5173/confirm-email?token={token}',
        defaultText:
          'http://localhost:5173/confirm-email?token={token} outside production; none in production; derived in mode E',
        doc: 'Where the confirming link points, with exactly one `{token}`.',
      },
      {
        path: 'emailChange.undoUrlTemplate',
        env: 'AUTH_EMAIL_CHANGE_UNDO_URL_TEMPLATE',
        kind: 'link-template',
        default: 'http://localhost:5173/undo-email-change?token={token}',
        defaultText:
          'http://localhost:5173/undo-email-change?token={token} outside production; none in production; derived in mode E',
        doc: 'Where the link that takes the change back points, with exactly one `{token}`.',
      },
      {
        path: 'emailChange.template',
        env: 'AUTH_EMAIL_CHANGE_TEMPLATE',
        kind: 'file-name',
        default: 'email_change.hbs',
        doc: 'File name of the mail template.',
      },
    ],
  },
];
