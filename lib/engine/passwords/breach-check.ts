import { once } from 'node:events';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { AuthError } from '../../platform/common/auth.errors.js';
import { Clock } from '../../platform/common/clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { BreachedPasswords } from './breached-passwords.js';
import { HashLimiter } from './hash-limiter.js';

/** How many questions are under way at once, and how many wait. */
const LIMITS = { concurrency: 64, queue: 256 };

/** How long a failure that was logged stands for those after it, in milliseconds. */
const SILENCE_MS = 60_000;

/**
 * Asks whether a chosen password is known from a breach (ASVS 6.2.12; NIST SP 800-63B-4, 3.1.1.2), where the application
 * wants that, and decides what a failure means.
 */
@Injectable()
export class BreachCheck {
  private readonly logger = new Logger('AuthPasswords');
  /** The service takes longer than a hash: a flood of signups must not become one of sockets, here or there. */
  private readonly limiter = new HashLimiter(LIMITS);
  private silentUntil = 0;

  constructor(
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
    private readonly breached: BreachedPasswords,
    private readonly clock: Clock,
  ) {}

  /**
   * True for a password that is known from a breach. Nothing is asked while `password.breachCheck` is off.
   * @throws AuthError SERVICE_UNAVAILABLE for a failure, with `password.breachCheckFallback: 'refuse'`; SERVICE_BUSY where
   * too many wait
   */
  async finds(password: string): Promise<boolean> {
    return this.config.password.breachCheck && this.limiter.run(() => this.judge(password));
  }

  private async judge(password: string): Promise<boolean> {
    try {
      return await this.ask(password);
    } catch (error) {
      this.warn(error);
      if (this.config.password.breachCheckFallback === 'accept') return false;
      throw new AuthError('SERVICE_UNAVAILABLE');
    }
  }

  /** A class of the application's own may take no notice of the signal: the request does not wait for it either. */
  private ask(password: string): Promise<boolean> {
    const signal = AbortSignal.timeout(this.config.password.breachCheckTimeoutMs);
    // Before the other promise is made: should this throw at once, nobody would be there to take its rejection.
    const answer = this.breached.includes(password, signal);
    const timeOut = once(signal, 'abort').then(() => {
      throw signal.reason;
    });
    return Promise.race([answer, timeOut]);
  }

  /**
   * Once in a minute: a service that is away while many sign up must not flood the log. Of the error no more than its
   * name and code, since a message may quote the address, and the part of the hash with it.
   */
  private warn(error: unknown): void {
    if (this.clock.now() < this.silentUntil) return;
    this.silentUntil = this.clock.now() + SILENCE_MS;
    const outcome = this.config.password.breachCheckFallback === 'accept' ? 'accepted unchecked' : 'refused';
    this.logger.warn(`the breach check failed (${reasonOf(error)}); passwords are ${outcome} while it does`);
  }
}

/** `fetch` hides the code of what went wrong, such as ECONNREFUSED, in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  const { code } = Object(error.cause) as { code?: unknown };
  return typeof code === 'string' ? `${error.name} ${code}` : error.name;
}
