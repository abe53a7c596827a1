import { Inject, Injectable } from '@nestjs/common';
import { AuthError } from '../../platform/common/auth.errors.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { BreachCheck } from './breach-check.js';
import { CommonPasswords, MIN_OWN_PART } from './common-passwords.js';
import type { TextKey } from '../texts/languages/en.js';
import { translate } from '../texts/translate.js';
import {
  countCodePoints,
  hasTooManyBytes,
  isStable,
  isWellFormed,
  MAX_PASSWORD_BYTES,
  spell,
} from './password-text.js';
import { isPredictable } from '../../platform/common/predictable-pattern.js';

/** Whose password it is to be: what an attacker knows of the account and tries first. */
export interface PasswordOwner {
  email: string;
  name?: string | null;
  username?: string | null;
}

/** Parts of an address, a username or a name that are shorter than this are no context words: they occur in any text. */
const MIN_CONTEXT_WORD = 4;

/** From this length on, in code points, even a repetition is long enough (NIST SP 800-63B-4, 3.1.1.2). */
const LENGTH_SUFFICES = 15;

/** A rule that a password breaks: a text of the catalogue, and the values in it. */
export interface BrokenRule {
  readonly key: Extract<TextKey, `password.${string}`>;
  readonly values?: Readonly<Record<string, number>>;
}

/** PASSWORD_REJECTED, with the rules themselves: a page words them in its reader's language. */
export class PasswordRejected extends AuthError {
  constructor(
    readonly broken: readonly BrokenRule[],
    field: string,
  ) {
    const messages = broken.map(({ key, values }) => translate('en', key, values));
    super('PASSWORD_REJECTED', { errors: [{ field, messages }] });
  }
}

/** What `password.requireComplexity` demands, in any script. */
const COMPLEXITY: readonly (readonly [pattern: RegExp, broken: BrokenRule])[] = [
  [/\p{Ll}/u, { key: 'password.no_lower_case' }],
  [/\p{Lu}/u, { key: 'password.no_upper_case' }],
  [/\p{Nd}/u, { key: 'password.no_digit' }],
  [/[\p{P}\p{S}\p{Zs}]/u, { key: 'password.no_symbol' }],
];

/** Decides whether a password may be chosen. The same for signup, reset and change; a login never asks. */
@Injectable()
export class PasswordPolicy {
  private list?: CommonPasswords;

  constructor(
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
    private readonly breaches: BreachCheck,
  ) {}

  /**
   * Refuses a password that breaks the policy, naming every broken rule at once and never repeating the password. Whether
   * it is known from a breach is asked last, and only of one that breaks no other rule: of a password that is refused
   * anyway not even a part of its hash is sent. Never inside a transaction, which would wait for the network.
   *
   * @param field the field of the request the password came in, for the answer
   * @throws AuthError PASSWORD_REJECTED; SERVICE_UNAVAILABLE with `password.breachCheckFallback: 'refuse'`
   */
  async assertAcceptable(typed: string, owner: PasswordOwner, field = 'password'): Promise<void> {
    const password = spell(typed, this.config.password.normalisation);
    const broken = this.brokenBy(password, owner);
    if (broken.length > 0) throw new PasswordRejected(broken, field);
    if (await this.breaches.finds(password)) throw new PasswordRejected([{ key: 'password.breached' }], field);
  }

  private brokenBy(password: string, owner: PasswordOwner): BrokenRule[] {
    // Judged for its size only: a megabyte must not buy the work of all the other rules.
    if (hasTooManyBytes(password)) return [this.tooLong()];
    return [
      ...this.lengthRules(password),
      ...this.formRules(password),
      ...(this.config.password.requireComplexity ? complexityRules(password) : []),
      ...(this.config.password.blockCommon ? this.guessRules(password, owner) : []),
    ];
  }

  private formRules(password: string): BrokenRule[] {
    return brokenWhere([
      [!isWellFormed(password), 'password.ill_formed'],
      [this.config.password.normalisation !== 'none' && !isStable(password), 'password.unassigned'],
    ]);
  }

  private lengthRules(password: string): BrokenRule[] {
    const { minLength, maxLength } = this.config.password;
    const length = countCodePoints(password);
    if (length < minLength) return [{ key: 'password.too_short', values: { min: minLength } }];
    return length > maxLength ? [this.tooLong()] : [];
  }

  private tooLong(): BrokenRule {
    return {
      key: 'password.too_long',
      values: { max: this.config.password.maxLength, bytes: MAX_PASSWORD_BYTES },
    };
  }

  /** Loaded for the first password that is judged, which waits for it: without its list the policy would accept anything. */
  private get common(): CommonPasswords {
    return (this.list ??= CommonPasswords.load(this.config.password.minLength));
  }

  private guessRules(password: string, owner: PasswordOwner): BrokenRule[] {
    return brokenWhere([
      [this.common.includes(password), 'password.common'],
      [countCodePoints(password) < LENGTH_SUFFICES && isPredictable(password), 'password.predictable'],
      [isMadeOfContext(password, owner), 'password.context'],
    ]);
  }
}

function brokenWhere(rules: readonly (readonly [isBroken: boolean, key: BrokenRule['key']])[]): BrokenRule[] {
  return rules.filter(([isBroken]) => isBroken).map(([, key]) => ({ key }));
}

function complexityRules(password: string): BrokenRule[] {
  return COMPLEXITY.filter(([pattern]) => !pattern.test(password)).map(([, broken]) => broken);
}

/**
 * True when fewer than six characters are left of the password without the address, the username, their parts and the
 * parts of the name (ASVS 6.2.11). A passphrase that happens to contain one of them has more left.
 */
function isMadeOfContext(password: string, owner: PasswordOwner): boolean {
  const folded = fold(password);
  const words = contextWords(owner).filter((word) => folded.includes(word));
  const rest = words.reduce((text, word) => text.replaceAll(word, ''), folded);
  return words.length > 0 && countCodePoints(rest) < MIN_OWN_PART;
}

/**
 * The address, its local part, the username, and the pieces of them and of the name, the longest first: a piece must not
 * break a whole.
 */
function contextWords({ email, name, username }: PasswordOwner): string[] {
  const address = fold(email);
  const handle = fold(username ?? '');
  const pieces = `${address} ${handle} ${fold(name ?? '')}`.split(/[^\p{L}\p{M}\p{N}]+/u);
  return [address, address.replace(/@[^@]*$/, ''), handle, ...pieces]
    .filter((word) => countCodePoints(word) >= MIN_CONTEXT_WORD)
    .sort((a, b) => b.length - a.length);
}

/** To compare by: a name in one spelling must be found in a password in the other. */
function fold(text: string): string {
  return text.normalize('NFC').toLowerCase();
}
