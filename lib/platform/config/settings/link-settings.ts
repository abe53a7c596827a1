import { type LinkPurpose, linkPurpose, type MailedLinkPurpose } from '../../common/purposes.js';
import { boolean, integer, type Setting, type SettingGroup } from '../setting.js';

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
  /** Where the link that confirms a new address points, with exactly one `{token}`. `AUTH_EMAIL_CHANGE_URL_TEMPLATE`. @default http://localhost:5173/confirm-email?token={token} outside production; none in production; derived in mode E */
  urlTemplate: string;
  /** Where the link that takes the change back points, with exactly one `{token}`. `AUTH_EMAIL_CHANGE_UNDO_URL_TEMPLATE`. @default http://localhost:5173/undo-email-change?token={token} outside production; none in production; derived in mode E */
  undoUrlTemplate: string;
  /** File name of the mail template. `AUTH_EMAIL_CHANGE_TEMPLATE`. @default email_change.hbs */
  template: string;
}

/** What the options of links have besides what the table of purposes says of every link. */
const ACTIVATION_CONFIRM: Setting = {
  path: 'activation.confirm',
  env: 'AUTH_ACTIVATION_CONFIRM',
  ...boolean(false),
  doc: 'Mode E: true makes the link show a button that activates, so that mail scanners cannot.',
};

const LOGIN_AFTER_RESET: Setting = {
  path: 'passwordReset.loginAfterReset',
  env: 'AUTH_LOGIN_AFTER_RESET',
  ...boolean(true),
  doc: 'True logs the user in after a JSON reset; false answers 204.',
};

/** The links in mails: life, address and template of each, by the table of purposes. */
export const LINK_SETTINGS: readonly SettingGroup[] = [
  { title: 'Activation', settings: settingsOf(['activation'], ACTIVATION_CONFIRM) },
  { title: 'Password reset', settings: settingsOf(['password-reset'], LOGIN_AFTER_RESET) },
  { title: 'E-mail change', settings: settingsOf(['email-change', 'email-change-undo']) },
];

function settingsOf(purposes: readonly LinkPurpose[], ...others: Setting[]): Setting[] {
  const links = purposes.map(linkPurpose);
  return [...links.map(ttlSetting), ...links.map(urlSetting), ...others, ...links.flatMap(templateSetting)];
}

function ttlSetting({ ttl: { path, env, seconds, min, max }, name }: MailedLinkPurpose): Setting {
  return { path, env, ...integer('seconds', seconds, min, max), doc: `Life of ${name}, in seconds.` };
}

function urlSetting({ url: { path, env, frontEndPath }, name }: MailedLinkPurpose): Setting {
  const inDevelopment = `http://localhost:5173/${frontEndPath}?token={token}`;
  return {
    path,
    env,
    kind: 'link-template',
    default: inDevelopment,
    defaultText: `${inDevelopment} outside production; none in production; derived in mode E`,
    doc: `Where ${name.replace(/^an? /, 'the ')} points, with exactly one \`{token}\`.`,
  };
}

function templateSetting({ template, mail }: MailedLinkPurpose): Setting[] {
  return template
    ? [{ ...template, kind: 'file-name', default: mail.template, doc: 'File name of the mail template.' }]
    : [];
}
