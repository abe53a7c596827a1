import { Injectable } from '@nestjs/common';
import { type LimitedKey, type LimitReturn, LimitStore, type LimitVerdict } from '../../platform/common/limit.js';

/**
 * Questions under way at once. Each may hold a connection to the application's database, of which pools have ten by default:
 * a table that somebody has locked must not take all of them from requests that count nothing.
 */
const MOST_AT_ONCE = 5;
/** How long a store may take to answer, in milliseconds: as long as a file is waited for that another process has locked. */
const PATIENCE_MS = 5_000;

/** What a store is asked, or will be. */
interface Question {
  begin(): void;
  refuse(): void;
  isLate: boolean;
}

/**
 * A store that has died without saying so (a Redis whose client goes on queueing, a table that is locked) keeps nobody
 * waiting for longer than 5 seconds. A question without an answer keeps its place until it has one: while all places are
 * kept, everybody is refused at once, and nothing piles up. The first answer opens them again.
 */
@Injectable()
export class PatientStore extends LimitStore {
  private readonly underWay = new Set<Question>();
  /** In the order they were asked. */
  private readonly queue = new Set<Question>();

  constructor(private readonly store: LimitStore) {
    super();
  }

  /** @throws Error also where the store takes too long; the try may be counted all the same */
  take(keys: readonly LimitedKey[], now: number): Promise<LimitVerdict[]> {
    return this.ask(() => this.store.take(keys, now));
  }

  giveBack(returns: readonly LimitReturn[]): Promise<void> {
    return this.ask(() => this.store.giveBack(returns));
  }

  override verify(): Promise<void> {
    return this.ask(() => this.store.verify());
  }

  private async ask<T>(work: () => Promise<T>): Promise<T> {
    if (this.isStuck()) throw new NoAnswer();
    return new Promise<T>((resolve, reject) => {
      const question: Question = {
        isLate: false,
        begin: () => {
          this.underWay.add(question);
          void answerOf(work)
            .then(resolve, reject)
            .finally(() => {
              clearTimeout(timer);
              this.underWay.delete(question);
              this.beginNext();
            });
        },
        refuse: () => {
          clearTimeout(timer);
          this.queue.delete(question);
          reject(new NoAnswer());
        },
      };
      const timer = setTimeout(() => {
        question.isLate = true;
        question.refuse();
        if (this.isStuck()) for (const waiting of this.queue) waiting.refuse();
      }, PATIENCE_MS);
      if (this.underWay.size < MOST_AT_ONCE) question.begin();
      else this.queue.add(question);
    });
  }

  private isStuck(): boolean {
    return this.underWay.size >= MOST_AT_ONCE && [...this.underWay].every(({ isLate }) => isLate);
  }

  private beginNext(): void {
    const [next] = this.queue;
    if (!next) return;
    this.queue.delete(next);
    next.begin();
  }
}

/** A store of the application's own may throw where it should reject. */
async function answerOf<T>(work: () => Promise<T>): Promise<T> {
  return work();
}

/** The store has not answered in time. */
class NoAnswer extends Error {
  override readonly message = 'the limit store does not answer';
}
