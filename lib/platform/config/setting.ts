import type { Level } from './levels.js';

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
  | 'signing-secrets'
  | 'former-peppers'
  | 'private-key'
  | 'public-keys'
  | 'origin'
  | 'url'
  | 'host'
  | 'certificates'
  | 'key-url'
  | 'range-url'
  | 'link-template'
  | 'email-address'
  | 'file-name'
  | 'directory'
  | 'locale'
  | 'columns'
  | 'origins'
  | 'token-types'
  | 'paths'
  | 'version';

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
  /** The least level that reads it; where absent, only complete does. */
  readonly level?: Level;
  /** True for what must never be printed. */
  readonly secret?: true;
  /** What `.env.example` shows in place of a value everybody must set; refused as a value. */
  readonly placeholder?: string;
  /** The option that goes on reading what was made with a value of this one that is replaced. */
  readonly formerIn?: string;
  /** What it does, in one sentence of Markdown; the same one as in the JSDoc of the option. */
  readonly doc: string;
}

/** Settings that are documented together. */
export interface SettingGroup {
  readonly title: string;
  readonly settings: readonly Setting[];
}

/** Seconds. */
export const DAY = 86_400;

/** An integer with the unit it counts and the range it must keep. */
export function integer(unit: string, value: number, min: number, max: number) {
  return { kind: 'integer', unit, default: value, min, max } as const;
}

/** A switch. */
export function boolean(value: boolean) {
  return { kind: 'boolean', default: value } as const;
}
