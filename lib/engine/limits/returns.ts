import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import type { LimitReturn } from '../../platform/common/limit.js';
import { oneLineOf } from '../../platform/common/one-line.js';
import { LimitMeter } from './limit-meter.js';
import { PatientStore } from './patient-store.js';

/** How long a try waits for others to be given back with it. In milliseconds. */
const WAIT_MS = 50;

/** Tries of one key that wait: other instances still count them, and would refuse what is free. */
const MOST_OF_A_KEY = 5;

/**
 * Tries to be given back, many of them in one statement a moment later: each on its own would cost a login as much as it
 * cost to count it, and the person who has logged in would wait for it.
 */
@Injectable()
export class Returns implements BeforeApplicationShutdown {
  private readonly logger = new Logger('AuthLimits');
  private waiting = new Map<string, LimitReturn['tries']>();
  /** What is on its way to the store, and when it will be there. */
  private sending: { keys: ReadonlySet<string>; done: Promise<void> }[] = [];
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly store: PatientStore,
    private readonly meter: LimitMeter,
  ) {}

  /** Gives one try back. */
  add(key: string): void {
    const waiting = this.waiting.get(key) ?? 0;
    this.wait(key, waiting === 'all' ? waiting : waiting + 1);
  }

  /** Gives everything back up to a try that was the last of so many. Those after it stay counted. */
  upTo(key: string, tries: LimitReturn['tries']): void {
    const waiting = this.waiting.get(key) ?? 0;
    this.wait(key, waiting === 'all' || tries === 'all' ? 'all' : Math.max(waiting, tries));
  }

  /** True where the store still counts tries of the key that have been given back here. */
  has(key: string): boolean {
    return this.waiting.has(key) || this.sending.some(({ keys }) => keys.has(key));
  }

  /** When everything that was added is in the store. */
  async send(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.waiting.size > 0) {
      const returns = Array.from(this.waiting, ([key, tries]) => ({ key, tries }));
      const batch = { keys: new Set(this.waiting.keys()), done: this.giveBack(returns) };
      this.waiting = new Map();
      this.sending.push(batch);
      void batch.done.then(() => (this.sending = this.sending.filter((other) => other !== batch)));
    }
    await Promise.all(this.sending.map(({ done }) => done));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.send();
  }

  private wait(key: string, tries: LimitReturn['tries']): void {
    this.waiting.set(key, tries);
    if (tries === 'all' || tries >= MOST_OF_A_KEY) void this.send();
    else this.timer ??= setTimeout(() => void this.send(), WAIT_MS).unref();
  }

  /** Never fails: a new password is set by then, a right one stays right, and a try that stays counted helps no guesser. */
  private async giveBack(returns: readonly LimitReturn[]): Promise<void> {
    try {
      await this.meter.time('give_back', () => this.store.giveBack(returns));
    } catch (error) {
      this.logger.warn(`tries cannot be given back: ${oneLineOf(error)}`);
    }
  }
}
