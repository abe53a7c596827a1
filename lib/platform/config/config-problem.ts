import type { AuthConfig } from './auth-config.js';
import { settingAt } from './settings.js';
import type { StartUpProblem } from './start-up-error.js';

/** What the checks look at: the configuration as it would be, and what is already known to be wrong in it. */
export interface ConfigUnderCheck {
  readonly config: AuthConfig;
  /** True with NODE_ENV=production. */
  readonly production: boolean;
  /** Paths whose own value was refused; the draft holds their defaults, about which nobody wants to hear. */
  readonly broken: ReadonlySet<string>;
}

/** What a check says: a problem, or that there is none. */
export type Problem = StartUpProblem | false;

/** A problem of the setting at `path`, with the name of its variable. */
export function problemAt(path: string, message: string, fix: string): StartUpProblem {
  const { env } = settingAt(path);
  return { path, ...(env && { env }), message, fix };
}
