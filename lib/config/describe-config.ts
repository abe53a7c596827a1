import type { AuthConfig } from './auth-config.js';
import { MODES } from './modes.js';
import type { Setting } from './setting.js';
import { SETTINGS, valueAt } from './settings.js';

/** Text that can stand in a log line as it is; everything else is quoted. */
const PLAIN = /^[\w.:/?=&{}#@%+-]+$/;

/** What could break or repaint a line: control characters, bidirectional overrides, line and paragraph separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * The effective configuration as one log line, `mode=A (production) autoActivate=false ...`. Secrets are redacted, and
 * whatever the values contain, the line has no line breaks and no control characters (CWE-117: forged log entries).
 */
export function describeConfig(config: AuthConfig): string {
  const settings = SETTINGS.filter((setting) => setting.path !== 'mode');
  return [
    `mode=${config.mode} (${MODES[config.mode].name})`,
    `sendsMail=${config.sendsMail}`,
    ...settings.map((setting) => `${setting.path}=${describeValue(setting, valueAt(config, setting.path))}`),
  ].join(' ');
}

function describeValue(setting: Setting, value: unknown): string {
  if (value === undefined) return '(none)';
  if (setting.secret) return '[redacted]';
  if (typeof value === 'string' && PLAIN.test(value)) return value;
  return JSON.stringify(value).replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
