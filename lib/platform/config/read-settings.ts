import { editDistance } from '../common/nearest-name.js';
import { isRecord } from '../common/plain-object.js';
import { problemAt } from './config-problem.js';
import { hasLevel, type Level } from './levels.js';
import { MODES, type ModeLetter } from './modes.js';
import { pemBlocks } from './pem.js';
import type { Setting, SettingKind } from './setting.js';
import { CODE_ONLY_OPTIONS, SETTINGS, valueAt } from './settings.js';
import type { StartUpProblem } from './start-up-error.js';
import type { Finding } from './finding.js';
import { checkValue } from './value-checks.js';

/** Looks a variable up; undefined or an empty string means that it is not set. */
export type ReadEnvironment = (name: string) => string | undefined;

/** Looks a variable of the process up, for what must be known before any factory has run. */
export function processEnvironment(name: string): string | undefined {
  return process.env[name];
}

/** What code and environment say, before any preset or default. */
export interface Reading {
  /** By option path; only what was given and is in order. */
  readonly values: ReadonlyMap<string, unknown>;
  readonly problems: readonly StartUpProblem[];
}

/** Kinds that hold several values, and what the values are. */
const LISTS: ReadonlyMap<SettingKind, string> = new Map([
  ['columns', "column names, e.g. ['firstName']"],
  ['origins', "origins, e.g. ['https://app.example.com']"],
  ['token-types', "types, e.g. ['JWT']"],
  ['signing-secrets', 'secrets'],
  ['former-peppers', 'secrets'],
  ['public-keys', 'keys as PEM'],
]);

type Read = { readonly value: unknown } | Finding;

/** Reads those settings: code first, then the environment. A variable that code overrules is not looked at. */
export function readSettings(
  settings: readonly Setting[],
  options: object,
  env: ReadEnvironment,
  production: boolean,
): Reading {
  const values = new Map<string, unknown>();
  const problems: StartUpProblem[] = [];
  for (const setting of settings) {
    const read = readSetting(setting, options, env);
    if (!read) continue;
    const findings = 'value' in read ? checkValue(setting, read.value, production) : [read];
    problems.push(...findings.map(({ message, fix }) => problemAt(setting.path, message, fix)));
    if ('value' in read && findings.length === 0) values.set(setting.path, normalise(setting, read.value));
  }
  return { values, problems };
}

/** Keys no setting has, at any depth: a mistyped option must not be ignored silently. */
export function findUnknownOptions(options: object): readonly StartUpProblem[] {
  return Object.entries(options).flatMap(([key, value]: [string, unknown]) => {
    if (!GROUPS.has(key)) return KNOWN.has(key) ? [] : [unknownOption(key)];
    if (value === undefined) return [];
    if (!isRecord(value)) {
      return [{ path: key, message: 'is not an object of options', fix: `Pass an object, e.g. ${exampleOf(key)}.` }];
    }
    return Object.keys(value)
      .map((name) => `${key}.${name}`)
      .filter((path) => !KNOWN.has(path))
      .map(unknownOption);
  });
}

/** Options in code that the level, stated beside them, does not read: one of the two is not what was meant. */
export function findIdleOptions(options: object, level: Level): readonly StartUpProblem[] {
  return SETTINGS.filter((setting) => !hasLevel(level, setting.level))
    .filter(({ path }) => valueAt(options, path) !== undefined)
    .map(({ path, level: least = 'complete' }) =>
      problemAt(path, `means nothing at level ${level}, and would be ignored`, `Remove it, or use level ${least}.`),
    );
}

const GROUPS = new Set(SETTINGS.filter(({ path }) => path.includes('.')).map(({ path }) => path.replace(/\..*/, '')));
const KNOWN = new Set([...SETTINGS.map(({ path }) => path), ...CODE_ONLY_OPTIONS]);

function readSetting(setting: Setting, options: object, env: ReadEnvironment): Read | undefined {
  const inCode = valueAt(options, setting.path);
  if (inCode !== undefined) return readCode(setting, inCode);
  // ConfigService hands out numbers and booleans where the application's own validation schema made them.
  const text = setting.env ? String(env(setting.env) ?? '') : '';
  return text === '' ? undefined : readText(setting, text);
}

function readCode(setting: Setting, value: unknown): Read {
  if (setting.kind === 'mode') return readMode(typeof value === 'string' ? value : '', (name) => name);
  if (setting.kind === 'boolean' && typeof value !== 'boolean') {
    return { message: 'is not a boolean', fix: 'Pass true or false, without quotes.' };
  }
  if (setting.kind === 'integer' && typeof value !== 'number') {
    return { message: 'is not a number', fix: `Pass a whole number (${setting.unit}), without quotes.` };
  }
  if (LISTS.has(setting.kind) && !isListOfText(value)) {
    return { message: 'is not a list of strings', fix: `Pass an array of ${LISTS.get(setting.kind)}.` };
  }
  if (setting.kind === 'paths' && !isRecord(value)) {
    return { message: 'is not an object of paths', fix: "Pass an object, e.g. { login: 'auth/sign-in' }." };
  }
  const holdsText = !['boolean', 'integer', 'paths'].includes(setting.kind) && !LISTS.has(setting.kind);
  if (holdsText && typeof value !== 'string') return { message: 'is not a string', fix: 'Pass a string.' };
  return value === '' ? { message: 'is empty', fix: 'Give it a value, or leave it out.' } : { value };
}

function readText(setting: Setting, text: string): Read {
  if (setting.kind === 'mode') return readMode(text, (name) => name.toLowerCase());
  if (setting.kind === 'boolean') {
    if (/^(true|1|yes|on)$/i.test(text)) return { value: true };
    if (/^(false|0|no|off)$/i.test(text)) return { value: false };
    return { message: 'is neither true nor false', fix: 'Set it to true or false (or 1, 0, yes, no, on, off).' };
  }
  if (setting.kind === 'integer' && !/^(0|[1-9]\d*)$/.test(text)) {
    return {
      message: 'is not a plain decimal number; guessing at signs, units or exponents would hide a mistake',
      fix: `Set it to digits only: ${setting.unit}, from ${setting.min} to ${setting.max}.`,
    };
  }
  // PEM blocks have spaces in them, and say by themselves where they end.
  if (setting.kind === 'public-keys') return { value: [text] };
  if (LISTS.has(setting.kind)) return { value: text.split(/[\s,]+/).filter(Boolean) };
  return { value: setting.kind === 'integer' ? Number(text) : text };
}

function isListOfText(value: unknown): boolean {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

function readMode(text: string, fold: (name: string) => string): Read {
  const letters = Object.keys(MODES) as ModeLetter[];
  const mode = letters.find((letter) => [letter, MODES[letter].name].some((name) => fold(name) === fold(text)));
  const choices = letters.map((letter) => `${letter} (${MODES[letter].name})`).join(', ');
  return mode ? { value: mode } : { message: 'is not a mode', fix: `Use one of ${choices}, by letter or name.` };
}

/** One form for what may be written in several; lists and objects are copied, so that freezing them leaves the caller's alone. */
function normalise(setting: Setting, value: unknown): unknown {
  if (setting.kind === 'origin') return new URL(String(value)).origin;
  if (setting.kind === 'origins') return (value as string[]).map((origin) => new URL(origin).origin);
  if (isRecord(value)) return { ...value };
  if (setting.kind === 'private-key') return pemBlocks(String(value))?.[0]?.pem;
  if (setting.kind === 'public-keys') {
    return (value as string[]).flatMap((text) => pemBlocks(text) ?? []).map(({ pem }) => pem);
  }
  return Array.isArray(value) ? [...(value as unknown[])] : value;
}

function unknownOption(path: string): StartUpProblem {
  const near = nearestOption(path);
  const fix = near ? `Write ${near}, if that is what was meant.` : 'Remove it; the documentation lists every option.';
  return { path, message: 'is not an option, and would be ignored', fix };
}

/** The known option a mistyped one is closest to; undefined where none is close. */
function nearestOption(path: string): string | undefined {
  const limit = path.length < 12 ? Math.min(2, path.length / 2) : 3;
  const scored = [...KNOWN, ...GROUPS].map((name) => ({
    name,
    // A right name in the wrong group is one mistake.
    score: Math.min(
      editDistance(plain(path), plain(name)),
      editDistance(plain(lastPart(path)), plain(lastPart(name))) + 1,
    ),
  }));
  const best = scored.reduce((a, b) => (b.score < a.score ? b : a));
  return best.score <= limit ? best.name : undefined;
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

/** The name without the marks people disagree about: case, dots, underscores, dashes. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function exampleOf(group: string): string {
  return `{ ${SETTINGS.find(({ path }) => path.startsWith(`${group}.`))?.path.slice(group.length + 1)}: ... }`;
}
