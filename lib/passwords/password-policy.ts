import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { AuthError } from '../auth.errors.js';
import { AUTH_CONFIG, type AuthConfig } from '../config/auth-config.js';
import { CommonPasswords, MIN_OWN_PART } from './common-passwords.js';
import { countCodePoints, hasTooManyBytes, isWellFormed, MAX_PASSWORD_BYTES } from './password-text.js';
import { isPredictable } from './predictable-pattern.js';

/** Whose password it is to be: what an attacker knows of the account and tries first. */
export interface PasswordOwner {
  email: string;
  name?: string | null;
}

/** Parts of an address or a name that are shorter than this are no context words: they occur in any text. */
const MIN_CONTEXT_WORD = 4;

/** From this length on, in code points, even a repetition is long enough (NIST SP 800-63B-4, 3.1.1.2). */
const LENGTH_SUFFICES = 15;

/** What `password.requireComplexity` demands, in any script. */
const COMPLEXITY: readonly (readonly [pattern: RegExp, message: string])[] = [
  [/\p{Ll}/u, 'The password must contain a lower case letter.'],
  [/\p{Lu}/u, 'The password must contain an upper case letter.'],
  [/\p{Nd}/u, 'The password must contain a digit.'],
  [/[\p{P}\p{S}\p{Zs}]/u, 'The password must contain a symbol.'],
];

/** Decides whether a password may be chosen. The same for signup, reset and change; a login never asks. */
@Injectable()
export class PasswordPolicy implements OnModuleInit {
  private common?: CommonPasswords;

  constructor(@Inject(AUTH_CONFIG) private readonly config: AuthConfig) {}

  /** Loads the list of common passwords, where they are blocked. */
  async onModuleInit(): Promise<void> {
    const { blockCommon, minLength } = this.config.password;
    if (blockCommon) this.common = await CommonPasswords.load(minLength);
  }

  /**
   * Refuses a password that breaks the policy, naming every broken rule at once and never repeating the password.
   *
   * @param field the field of the request the password came in, for the answer
   * @throws AuthError PASSWORD_REJECTED
   */
  assertAcceptable(password: string, owner: PasswordOwner, field = 'password'): void {
    const messages = this.problemsOf(password, owner);
    if (messages.length > 0) throw new AuthError('PASSWORD_REJECTED', { errors: [{ field, messages }] });
  }

  private problemsOf(password: string, owner: PasswordOwner): string[] {
    // Judged for its size only: a megabyte must not buy the work of all the other rules.
    if (hasTooManyBytes(password)) return [this.tooLong()];
    return [
      ...this.lengthProblems(password),
      ...(isWellFormed(password) ? [] : ['The password must be well-formed Unicode text.']),
      ...(this.config.password.requireComplexity ? complexityProblems(password) : []),
      ...(this.config.password.blockCommon ? this.guessProblems(password, owner) : []),
    ];
  }

  private lengthProblems(password: string): string[] {
    const { minLength, maxLength } = this.config.password;
    const length = countCodePoints(password);
    if (length < minLength) return [`The password must have at least ${minLength} characters.`];
    if (length > maxLength) return [this.tooLong()];
    return [];
  }

  private tooLong(): string {
    return `The password must have at most ${this.config.password.maxLength} characters and ${MAX_PASSWORD_BYTES} bytes.`;
  }

  private guessProblems(password: string, owner: PasswordOwner): string[] {
    // Without its list the policy would accept anything: better no answer than a wrong one.
    if (!this.common)
      throw new Error('PasswordPolicy was used before the application was initialised: call app.init().');
    return [
      ...(this.common.includes(password) ? ['The password is one of the most common ones.'] : []),
      ...(countCodePoints(password) < LENGTH_SUFFICES && isPredictable(password)
        ? ['The password is a repetition or a sequence.']
        : []),
      ...(isMadeOfContext(password, owner) ? ['The password is too close to the address or the name.'] : []),
    ];
  }
}

function complexityProblems(password: string): string[] {
  return COMPLEXITY.filter(([pattern]) => !pattern.test(password)).map(([, message]) => message);
}

/**
 * True when fewer than six characters are left of the password without the address, its parts and the parts of the name
 * (ASVS 6.2.11). A passphrase that happens to contain one of them has more left.
 */
function isMadeOfContext(password: string, owner: PasswordOwner): boolean {
  const folded = password.toLowerCase();
  const words = contextWords(owner).filter((word) => folded.includes(word));
  const rest = words.reduce((text, word) => text.replaceAll(word, ''), folded);
  return words.length > 0 && countCodePoints(rest) < MIN_OWN_PART;
}

/** The address, its local part, and the pieces of address and name, the longest first: a piece must not break a whole. */
function contextWords({ email, name }: PasswordOwner): string[] {
  const address = email.toLowerCase();
  const pieces = `${address} ${name?.toLowerCase() ?? ''}`.split(/[^\p{L}\p{M}\p{N}]+/u);
  return [address, address.replace(/@[^@]*$/, ''), ...pieces]
    .filter((word) => countCodePoints(word) >= MIN_CONTEXT_WORD)
    .sort((a, b) => b.length - a.length);
}
