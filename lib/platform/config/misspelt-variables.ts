import { editDistance, nearestName } from '../common/nearest-name.js';
import type { Level } from './levels.js';
import { SETTINGS, settingsOf } from './settings.js';
import type { StartUpProblem } from './start-up-error.js';

/** What the names of our variables begin with. */
const OURS = /^(?:AUTH|JWT|SMTP)_\w+$/i;

/** The setting of each variable. */
const KNOWN = new Map(SETTINGS.flatMap((setting) => (setting.env ? [[setting.env, setting] as const] : [])));

/** What the names in the environment, not their values, say about mistakes. */
export interface MisspeltVariables {
  readonly problems: readonly StartUpProblem[];
  readonly warnings: readonly string[];
}

/**
 * Variables with a prefix of ours that nothing reads. `AUTH_ACTIVATION_CONFIM=true` would leave the default in place without
 * a word (ASVS 13.4: what is not configured as meant), so that a name one or two letters from one of ours, which is not set
 * itself, stops the start. Others may well be the application's own: they are named, with what may have been meant.
 */
export function misspeltVariables(names: readonly string[], level: Level): MisspeltVariables {
  const unknown = names.filter((name) => OURS.test(name) && !KNOWN.has(name));
  const given = new Set(names);
  const read = new Set(settingsOf(level).map(({ env }) => env));
  // What this level does not read may have any value and any name: the environment often serves several services.
  const meant = (name: string) => [...KNOWN.keys()].find((known) => read.has(known) && isMisspelling(name, known));
  const misspelt = unknown.filter((name) => !given.has(meant(name) ?? name));
  const others = unknown.filter((name) => !misspelt.includes(name));
  return {
    problems: misspelt.map((name) => problemOf(name, meant(name) ?? name)),
    warnings: others.length > 0 ? [warningOf(others)] : [],
  };
}

function problemOf(name: string, meant: string): StartUpProblem {
  return {
    path: name,
    message: `is not a variable of this module; ${KNOWN.get(meant)?.path} would have its default, whatever this says`,
    fix: `Write ${meant}, if that is what was meant; give a variable of the application's own another name.`,
  };
}

function warningOf(names: readonly string[]): string {
  const listed = names.map((name) => (nearest(name) ? `${name} (is ${nearest(name)} meant?)` : name));
  return (
    `nothing in this module reads ${listed.join(', ')}: what was meant by it is not in force. ` +
    "Correct the name, unless the variable is the application's own."
  );
}

/** One letter too many, missing or wrong; two in a long name. Of a short word another letter makes another: MODE and CODE. */
function isMisspelling(name: string, known: string): boolean {
  const edits = editDistance(name.toUpperCase(), known);
  const isShort = known.length - known.indexOf('_') <= 5;
  if (isShort && name.length === known.length) return edits === 0;
  return edits <= (known.length < 14 ? 1 : 2);
}

/** What other programs call it (`SMTP_USER`, `SMTP_PASS`) is often how ours begins. */
function nearest(name: string): string | undefined {
  const upper = name.toUpperCase();
  const [prefix = ''] = upper.split('_');
  const known = [...KNOWN.keys()].filter((each) => each.startsWith(`${prefix}_`));
  const close = nearestName(upper, known);
  const isClose = close !== undefined && editDistance(upper, close) <= 4 && upper.length > 10;
  return known.find((each) => each.startsWith(upper)) ?? (isClose ? close : undefined);
}
