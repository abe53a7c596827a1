import { latePackages } from '../../platform/common/late-packages.js';
import { countCodePoints } from './password-text.js';

/**
 * A password whose own part, beside what an attacker tries first, is shorter than this has no strength of its own.
 * In code points.
 */
export const MIN_OWN_PART = 6;

/**
 * The list of common passwords of zxcvbn (ASVS 6.2.4), about 49,000 of them, reduced to those that can matter under
 * the configured minimum length.
 */
export class CommonPasswords {
  private constructor(private readonly passwords: ReadonlySet<string>) {}

  /** Loads the list; `minLength` is the shortest password the policy accepts, in code points. */
  static load(minLength: number): CommonPasswords {
    const { dictionary } = latePackages.commonPasswords();
    const shortest = minLength - MIN_OWN_PART;
    return new CommonPasswords(
      new Set(dictionary['passwords-common'].filter((password) => password.length > shortest)),
    );
  }

  /**
   * True for a common password in any case, and for one that is merely decorated: with fewer than six characters that
   * are no letters around it (`Football2024!`).
   */
  includes(password: string): boolean {
    const folded = password.toLowerCase();
    if (this.passwords.has(folded)) return true;
    const core = /\p{L}.*\p{L}/su.exec(folded)?.[0];
    return (
      core !== undefined && countCodePoints(folded) - countCodePoints(core) < MIN_OWN_PART && this.passwords.has(core)
    );
  }
}
