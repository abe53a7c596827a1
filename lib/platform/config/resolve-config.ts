import type { AuthConfig } from './auth-config.js';
import { checkConfig, configWarnings } from './config-checks.js';
import type { Level } from './levels.js';
import { MODES, type ModeLetter } from './modes.js';
import { findIdleOptions, findUnknownOptions, type ReadEnvironment, readSettings } from './read-settings.js';
import { settingAt, SETTINGS, settingsOf, valueAt } from './settings.js';
import { AuthStartUpError, type StartUpProblem } from './start-up-error.js';

/** Level, mode and flags: what Nest must know before any factory runs. */
export type ResolvedFlags = Pick<
  AuthConfig,
  'level' | 'mode' | 'autoActivate' | 'returnLinkInResponse' | 'backendLinks' | 'sendsMail'
>;

/** A configuration fit for use, and what the log should say about it. */
export interface ResolvedConfig {
  readonly config: AuthConfig;
  readonly warnings: readonly string[];
}

/** A configuration with everything that is wrong with it; `config` is absent where anything is. */
export interface ExaminedConfig {
  readonly config?: AuthConfig;
  readonly warnings: readonly string[];
  readonly problems: readonly StartUpProblem[];
}

/** Links are assumed to lead to a front end of this machine in development only. */
const LINK_TEMPLATES = SETTINGS.filter(({ kind }) => kind === 'link-template').map(({ path }) => path);

const FLAGS = new Set(['level', 'mode', 'autoActivate', 'returnLinkInResponse', 'backendLinks']);
const ROUTE_SETTINGS = ['routes.preset', 'routes.paths', 'routes.version'].map(settingAt);

/**
 * Level, mode and flags alone, so that routes and providers can be chosen before any factory has run.
 * Never throws: a wrong value counts as unset here (level complete and mode A, the strictest), and {@link resolveConfig}, to which the same
 * options go, reports it together with everything else.
 *
 * @param options the structural options, or all of them
 * @param env looks a variable up
 */
export function resolveFlags(options: object, env: ReadEnvironment): ResolvedFlags {
  const settings = settingsOf(resolveLevel(options, env)).filter(({ path }) => FLAGS.has(path));
  return flagsOf(readSettings(settings, options, env, false).values);
}

function resolveLevel(options: object, env: ReadEnvironment): Level {
  return flagsOf(readSettings([settingAt('level')], options, env, false).values).level;
}

/** Likewise where the endpoints are, so that controllers can be mounted before any factory has run. Never throws. */
export function resolveRoutes(options: object, env: ReadEnvironment): AuthConfig['routes'] {
  const { values } = readSettings(ROUTE_SETTINGS, options, env, false);
  const draft: Record<string, unknown> = {};
  for (const { path, default: usual } of ROUTE_SETTINGS) place(draft, path, values.get(path) ?? usual);
  return draft['routes'] as AuthConfig['routes'];
}

/**
 * The effective configuration: option in code > environment variable > mode preset > default, deep frozen.
 * What was passed is never changed.
 *
 * @param options structural options and runtime options together
 * @param env looks a variable up; an empty string counts as unset
 * @param production true with NODE_ENV=production
 * @throws AuthStartUpError with every problem found
 */
export function resolveConfig(options: object, env: ReadEnvironment, production: boolean): ResolvedConfig {
  const { config, warnings, problems } = examineConfig(options, env, production);
  if (!config) throw new AuthStartUpError(problems);
  return { config, warnings };
}

/** Like {@link resolveConfig}, for callers who have problems of their own to report in the same error. Never throws. */
export function examineConfig(options: object, env: ReadEnvironment, production: boolean): ExaminedConfig {
  const level = resolveLevel(options, env);
  const reading = readSettings(settingsOf(level), options, env, production);
  const config = draftConfig(reading.values, production);
  const broken = new Set(reading.problems.map((problem) => problem.path));
  const problems = [
    ...findUnknownOptions(options),
    ...(valueAt(options, 'level') === level ? findIdleOptions(options, level) : []),
    ...reading.problems,
    ...checkConfig({ config, production, broken }),
  ];
  if (problems.length > 0) return { problems, warnings: [] };
  return { config: deepFreeze(config), problems, warnings: configWarnings(config, production) };
}

function flagsOf(given: ReadonlyMap<string, unknown>): ResolvedFlags {
  const level = (given.get('level') ?? settingAt('level').default) as Level;
  // Below level complete nothing is mailed, and an account is active at once: the flags of mode D.
  const mode = (given.get('mode') ?? (level === 'complete' ? settingAt('mode').default : 'D')) as ModeLetter;
  const { sendsMail, ...preset } = MODES[mode];
  const flag = (path: 'autoActivate' | 'returnLinkInResponse' | 'backendLinks') =>
    (given.get(path) as boolean | undefined) ?? preset[path];
  return {
    level,
    mode,
    autoActivate: flag('autoActivate'),
    returnLinkInResponse: flag('returnLinkInResponse'),
    backendLinks: flag('backendLinks'),
    sendsMail,
  };
}

/** The configuration as it would be; whether it may be used is for the checks to say. */
function draftConfig(given: ReadonlyMap<string, unknown>, production: boolean): AuthConfig {
  const flags = flagsOf(given);
  const defaults = new Map<string, unknown>([
    ...SETTINGS.map((setting) => [setting.path, setting.default] as const),
    ...dependentDefaults(given, flags, production),
  ]);
  const draft: Record<string, unknown> = { ...flags };
  for (const { path } of SETTINGS) place(draft, path, given.get(path) ?? defaults.get(path));
  // The paths of the table are the properties of AuthConfig; a unit test holds the two together.
  return draft as unknown as AuthConfig;
}

/** Defaults that follow from other settings, so that setting one of them never contradicts a default. */
function dependentDefaults(
  given: ReadonlyMap<string, unknown>,
  flags: ResolvedFlags,
  production: boolean,
): (readonly [path: string, value: unknown])[] {
  const seconds = (path: string) => Number(given.get(path) ?? defaultNumber(path));
  const idle = Math.min(defaultNumber('jwt.refreshTtlSeconds'), seconds('session.maxSeconds'));
  const shortest = Math.min(seconds('jwt.accessTtlSeconds'), Number(given.get('jwt.refreshTtlSeconds') ?? idle));
  const links = production || flags.backendLinks ? LINK_TEMPLATES : [];
  return [
    ...Object.entries(flags),
    ...links.map((path) => [path, undefined] as const),
    ['smtp.fromAddress', production ? undefined : 'no-reply@example.com'],
    // A stripped STARTTLS offer would have the password sent in clear.
    ['smtp.requireTls', production && given.has('smtp.username') && given.get('smtp.ignoreTls') !== true],
    ['smtp.port', given.get('smtp.secure') === true ? 465 : defaultNumber('smtp.port')],
    ['jwt.refreshTtlSeconds', idle],
    ['jwt.refreshGraceSeconds', Math.min(defaultNumber('jwt.refreshGraceSeconds'), shortest - 1)],
  ];
}

function defaultNumber(path: string): number {
  return Number(settingAt(path).default);
}

/** Puts a value where its path says, making the objects on the way; nothing where there is no value. */
function place(root: Record<string, unknown>, path: string, value: unknown): void {
  const [group, name] = path.split('.');
  if (group === undefined || value === undefined) return;
  if (name === undefined) root[group] = value;
  else root[group] = { ...(root[group] as object | undefined), [name]: value };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
