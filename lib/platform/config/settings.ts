import { isRecord } from '../common/plain-object.js';
import { hasLevel, type Level } from './levels.js';
import type { Setting, SettingGroup } from './setting.js';
import { DELIVERY_SETTINGS } from './settings/delivery-settings.js';
import { LIMIT_SETTINGS } from './settings/limit-settings.js';
import { LINK_SETTINGS } from './settings/link-settings.js';
import { MAIL_SETTINGS } from './settings/mail-settings.js';
import { MODE_SETTINGS } from './settings/mode-settings.js';
import { OPERATION_SETTINGS } from './settings/operation-settings.js';
import { PASSWORD_SETTINGS } from './settings/password-settings.js';
import { ROUTE_SETTINGS } from './settings/route-settings.js';
import { TOKEN_SETTINGS } from './settings/token-settings.js';

/** Every setting with an environment variable or a default, in the order in which they are documented. */
export const SETTING_GROUPS: readonly SettingGroup[] = [
  ...MODE_SETTINGS,
  ...ROUTE_SETTINGS,
  ...PASSWORD_SETTINGS,
  ...LINK_SETTINGS,
  ...TOKEN_SETTINGS,
  ...DELIVERY_SETTINGS,
  ...MAIL_SETTINGS,
  ...LIMIT_SETTINGS,
  ...OPERATION_SETTINGS,
];

/** Every setting, in the same order. */
export const SETTINGS: readonly Setting[] = SETTING_GROUPS.flatMap((group) => group.settings);

/**
 * The settings a level reads. The others may have any value in the environment, which often serves several services.
 */
export function settingsOf(level: Level): readonly Setting[] {
  return SETTINGS.filter((setting) => hasLevel(level, setting.level));
}

/** Options that only code can give, because they name classes or wire modules. */
export const CODE_ONLY_OPTIONS = [
  'userEntity',
  'tokenEntity',
  'userColumns',
  'signupDto',
  'profileDto',
  'userResponse',
  'isGlobal',
  'dataSource',
  'eventEntity',
  'limitEntity',
  'limitStore',
  'hooks',
  'breachedPasswords',
  'imports',
] as const;

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
