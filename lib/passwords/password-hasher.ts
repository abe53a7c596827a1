import { randomBytes } from 'node:crypto';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { AuthError } from '../auth.errors.js';
import { AUTH_CONFIG, type AuthConfig } from '../config/auth-config.js';
import { type Argon2Engine, loadArgon2Engine } from './argon2-engine.js';
import { parsePhc } from './argon2-phc.js';
import { HashLimiter } from './hash-limiter.js';
import { countCodePoints, hasTooManyBytes, isWellFormed } from './password-text.js';

/** The engine, and the hash that stands in for the one an unknown account does not have. */
interface Prepared {
  engine: Argon2Engine;
  standIn: string;
}

/**
 * Hashes and verifies passwords with Argon2id (RFC 9106; ASVS 11.4.2), every computation through one {@link HashLimiter}.
 * Passwords are taken as they are: never trimmed, cut or normalised (ASVS 6.2.8).
 */
@Injectable()
export class PasswordHasher implements OnModuleInit {
  private readonly limiter: HashLimiter;
  private prepared?: Promise<Prepared>;

  constructor(@Inject(AUTH_CONFIG) private readonly config: AuthConfig) {
    this.limiter = new HashLimiter(config.hashing);
  }

  /** Loads the engine and makes the stand-in hash, so that no request pays for them. */
  async onModuleInit(): Promise<void> {
    await this.prepare();
  }

  /**
   * Gives the PHC string to store.
   *
   * @throws AuthError PASSWORD_REJECTED for a password that could never be verified (the policy refuses it earlier),
   * SERVICE_BUSY when too many hashes wait
   */
  async hash(password: string): Promise<string> {
    if (!this.isPossible(password)) throw new AuthError('PASSWORD_REJECTED');
    const { engine } = await this.prepare();
    return this.limiter.run(() => engine.hash(password, this.config.hashing));
  }

  /**
   * True when the stored hash was made of this password. Costs exactly one Argon2 computation, whether the account is
   * known, unknown (undefined) or has a stored hash that nothing can read: answering an unknown address faster would
   * tell which addresses have an account. A hash stored under other parameters takes another time until its owner's
   * next login renews it.
   *
   * A password that no account can have, being longer than the policy's maximum or ill-formed, is false without a
   * computation. That depends on the input alone, so it tells nothing about accounts. Lowering `password.maxLength`
   * therefore shuts out whoever has a longer password, until a reset.
   *
   * @throws AuthError SERVICE_BUSY when too many hashes wait
   */
  async verify(phc: string | undefined, password: string): Promise<boolean> {
    if (!this.isPossible(password)) return false;
    const { engine, standIn } = await this.prepare();
    const readable = phc !== undefined && parsePhc(phc) !== undefined;
    const matches = await this.limiter.run(() => engine.verify(readable ? phc : standIn, password));
    return readable && matches;
  }

  /**
   * True when a stored hash is weaker than one made today: less memory, fewer passes, an old version, another algorithm.
   * Only a login knows the password, so it is the moment to renew the hash.
   */
  needsRehash(phc: string): boolean {
    const stored = parsePhc(phc);
    if (!stored) return true;
    const { memoryKib, timeCost } = this.config.hashing;
    return (
      stored.variant !== 'argon2id' ||
      stored.version !== 19 ||
      stored.memoryKib < memoryKib ||
      stored.timeCost < timeCost
    );
  }

  /** Bytes first: a megabyte is refused before anything walks over it. */
  private isPossible(password: string): boolean {
    return (
      !hasTooManyBytes(password) &&
      countCodePoints(password) <= this.config.password.maxLength &&
      isWellFormed(password)
    );
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
