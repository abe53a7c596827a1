import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnModuleInit, Optional } from '@nestjs/common';
import { AuthError } from '../../platform/common/auth.errors.js';
import type { Device } from '../../platform/common/device.js';
import { networkOf } from '../../platform/common/network-address.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { HashTimes } from './hash-times.js';
import { type Argon2Engine, loadArgon2Engine } from './argon2-engine.js';
import { parsePhc, withMarks, withoutMarks } from './argon2-phc.js';
import { HashLimiter } from './hash-limiter.js';
import { isBcrypt, loadBcrypt, readImportedHash } from './imported-hash.js';
import { Peppers } from './peppers.js';
import { countCodePoints, hasTooManyBytes, isAscii, isWellFormed, type Normalisation, spell } from './password-text.js';

/**
 * Stands where the hash of a password would, and no password matches it: an account that only a reset link opens.
 * Refusing it costs as much time as refusing a wrong password.
 */
export const UNUSABLE_PASSWORD_HASH = '!';

/** Where a hash names no pepper. */
const NO_PEPPER = { secret: undefined };

/** A password in every spelling a hash may have been made of. */
type Spellings = Readonly<Record<Normalisation, string>>;

/** Compares a password with one stored hash. */
type Comparison = (password: Spellings) => Promise<boolean>;

/** The engine, and the hash that stands in for the one an unknown account does not have. */
interface Prepared {
  engine: Argon2Engine;
  standIn: string;
}

/**
 * Hashes and verifies passwords with Argon2id (RFC 9106; ASVS 11.4.2), every computation through one {@link HashLimiter}.
 * Passwords are never trimmed, cut or folded (ASVS 6.2.8); letters that Unicode spells in two ways are hashed in one
 * (`password.normalisation`).
 */
@Injectable()
export class PasswordHasher implements OnModuleInit {
  private readonly logger = new Logger('AuthPasswords');
  private readonly limiter: HashLimiter;
  private readonly peppers: Peppers;
  private prepared?: Promise<Prepared>;
  private hasToldOfFloor = false;
  private hasBcrypt = true;

  constructor(
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
    @Optional() times?: HashTimes,
  ) {
    this.limiter = new HashLimiter(config.hashing, times);
    this.peppers = new Peppers(config.hashing.pepper, config.hashing.previousPeppers);
  }

  /** Loads the engines, without which there is no start. The stand-in hash is made beside the rest of the start. */
  async onModuleInit(): Promise<void> {
    await loadArgon2Engine();
    // Whoever verifies a password before it is made waits for it, and tries again where that failed.
    this.prepare().catch(() => undefined);
    if (this.config.hashing.importedHashes) await this.loadBcrypt();
  }

  /**
   * Gives the PHC string to store.
   *
   * @param device where it comes from: networks take turns where hashes wait
   * @throws AuthError PASSWORD_REJECTED for a password that could never be verified (the policy refuses it earlier),
   * SERVICE_BUSY when too many hashes wait
   */
  async hash(typed: string, device?: Device): Promise<string> {
    const normalisation = this.normalisationOf(typed);
    const password = spell(typed, normalisation);
    if (!this.isPossible(password)) throw new AuthError('PASSWORD_REJECTED');
    const { engine } = await this.prepare();
    const { current } = this.peppers;
    const phc = await this.limiter.run(
      () => engine.hash(password, this.config.hashing, current?.secret),
      partyOf(device),
    );
    return withMarks(phc, { pepperId: current?.id, normalisation });
  }

  /**
   * True when the stored hash was made of this password. Costs exactly one Argon2 computation, whether the account is
   * known, unknown (undefined) or has a stored hash that nothing can read: answering an unknown address faster would
   * tell which addresses have an account. A hash stored under other parameters takes another time until its owner's
   * next login renews it. An imported hash costs its own algorithm instead, and then every refusal waits for
   * `importedFloorMs`.
   *
   * The password is compared in the spelling that the hash says it was made of, so that a hash from before the option was
   * set goes on working, at the price of that one computation.
   *
   * A password that no account can have, being longer than the policy's maximum or ill-formed, is false without a
   * computation. That depends on the input alone, so it tells nothing about accounts. Lowering `password.maxLength`
   * therefore shuts out whoever has a longer password, until a reset.
   *
   * @param device where it comes from: networks take turns where hashes wait
   * @throws AuthError SERVICE_BUSY when too many hashes wait
   */
  async verify(stored: string | undefined, typed: string, device?: Device): Promise<boolean> {
    const password: Spellings = { none: typed, nfc: spell(typed, 'nfc') };
    if (!this.isPossible(password.none) && !this.isPossible(password.nfc)) return false;
    const { engine, standIn } = await this.prepare();
    const comparison = stored === undefined ? undefined : this.comparisonWith(stored, engine);
    let begun = 0;
    const matches = await this.limiter.run(() => {
      begun = performance.now();
      return comparison ? comparison(password) : engine.verify(standIn, password.nfc);
    }, partyOf(device));
    const isCorrect = comparison !== undefined && matches;
    if (!isCorrect && this.config.hashing.importedHashes) await this.untilUniform(begun);
    return isCorrect;
  }

  /** Undefined for a stored hash that nothing here can read. */
  private comparisonWith(stored: string, engine: Argon2Engine): Comparison | undefined {
    const parameters = parsePhc(stored);
    if (!parameters) return this.importedComparison(stored);
    const { pepperId, normalisation } = parameters;
    const pepper = pepperId === undefined ? NO_PEPPER : this.peppers.find(pepperId);
    if (pepper) return (password) => engine.verify(withoutMarks(stored), password[normalisation], pepper.secret);
    this.logger.error(
      'A stored hash needs a pepper that is not configured (hashing.previousPeppers): nobody can log in with it.',
    );
    return undefined;
  }

  /**
   * No other system says how it spelt: compared as typed. Without its package a bcrypt hash is one that nothing can read: a
   * failure would tell which addresses have one.
   */
  private importedComparison(stored: string): Comparison | undefined {
    if (!this.config.hashing.importedHashes) return undefined;
    if (!this.hasBcrypt && isBcrypt(stored)) {
      this.logger.error('A stored hash needs @node-rs/bcrypt, which cannot be loaded: nobody can log in with it.');
      return undefined;
    }
    const compare = readImportedHash(stored);
    return compare && (({ none }) => compare(none));
  }

  /**
   * An imported hash takes another time than the stand-in: refusals are answered on a clock, or they would tell which
   * addresses were imported. Counted from when the computation began, so that a queue before it cannot eat the time up. It
   * takes no thread, and no place in the queue. A computation that outlasts the clock is told, once: the operator alone
   * knows whether the machine was busy, or the hashes are dear.
   */
  private async untilUniform(begun: number): Promise<void> {
    const { importedFloorMs } = this.config.hashing;
    const left = begun + importedFloorMs - performance.now();
    if (left > 0) return delay(left);
    if (this.hasToldOfFloor) return;
    this.hasToldOfFloor = true;
    this.logger.warn(
      `A refused password took ${Math.round(importedFloorMs - left)} ms, longer than hashing.importedFloorMs: such answers tell ` +
        'which addresses have an imported hash. Raise it (AUTH_IMPORTED_HASHES_FLOOR_MS).',
    );
  }

  /**
   * True when a stored hash is weaker than one made today: less memory, fewer passes, an old version, another algorithm,
   * another pepper, or the spelling a password was typed in where it has several.
   * Only a login knows the password, so it is the moment to renew the hash.
   */
  needsRehash(phc: string, typed: string): boolean {
    const stored = parsePhc(phc);
    if (!stored) return true;
    const { memoryKib, timeCost } = this.config.hashing;
    return (
      stored.variant !== 'argon2id' ||
      stored.version !== 19 ||
      stored.memoryKib < memoryKib ||
      stored.timeCost < timeCost ||
      stored.pepperId !== this.peppers.current?.id ||
      ![this.config.password.normalisation, this.normalisationOf(typed)].includes(stored.normalisation)
    );
  }

  /** Plain ASCII has one spelling, whatever is configured. */
  private normalisationOf(typed: string): Normalisation {
    return isAscii(typed) ? 'none' : this.config.password.normalisation;
  }

  /** Bytes first: a megabyte is refused before anything walks over it. */
  private isPossible(password: string): boolean {
    return (
      !hasTooManyBytes(password) &&
      countCodePoints(password) <= this.config.password.maxLength &&
      isWellFormed(password)
    );
  }

  /** Not every platform has a binary, and not every import has bcrypt hashes in it. */
  private async loadBcrypt(): Promise<void> {
    await loadBcrypt().catch(() => {
      this.hasBcrypt = false;
      this.logger.warn('@node-rs/bcrypt cannot be loaded, so imported bcrypt hashes cannot be verified. Install it.');
    });
  }

  private prepare(): Promise<Prepared> {
    this.prepared ??= this.makeStandIn().catch((error: unknown) => {
      // A failure is not remembered: the next caller tries again.
      this.prepared = undefined;
      throw error;
    });
    return this.prepared;
  }

  private async makeStandIn(): Promise<Prepared> {
    const engine = await loadArgon2Engine();
    const nobodysPassword = randomBytes(32).toString('base64url');
    const standIn = await this.limiter.run(() => engine.hash(nobodysPassword, this.config.hashing));
    return { engine, standIn };
  }
}

/** Whoever has no address that can be read is one party: the application itself, and clients that hide theirs. */
function partyOf(device: Device | undefined): string {
  return networkOf(device?.ip ?? '') ?? '';
}
