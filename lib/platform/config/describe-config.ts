import type { AuthConfig } from './auth-config.js';
import { MODES } from './modes.js';
import type { Setting } from './setting.js';
import { settingsOf, valueAt } from './settings.js';

/** Text that can stand in a log line as it is; everything else is quoted. */
const PLAIN = /^[\w.:/?=&{}#@%+-]+$/;

/** What could break or repaint a line: control characters, bidirectional overrides, line and paragraph separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * The effective configuration as one log line, `level=complete mode=A (production) ...`: the settings
 * its level reads. Secrets are redacted, and
 * whatever the values contain, the line has no line breaks and no control characters (CWE-117: forged log entries).
 */
export function describeConfig(config: AuthConfig): string {
  const { level, mode, sendsMail } = config;
  const settings = settingsOf(level).filter(({ path }) => path !== 'level' && path !== 'mode');
  return [
    `level=${level}`,
    ...(level === 'complete' ? [`mode=${mode} (${MODES[mode].name})`, `sendsMail=${sendsMail}`] : []),
    ...settings.map((setting) => `${setting.path}=${describeValue(setting, valueAt(config, setting.path))}`),
  ].join(' ');
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function describeValue(setting: Setting, value: unknown): string {
  if (value === undefined) return '(none)';
  if (setting.secret && !isEmptyList(value)) return '[redacted]';
  if (typeof value === 'string' && PLAIN.test(value)) return value;
  return JSON.stringify(value).replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
