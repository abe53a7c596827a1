import { setTimeout as delay } from 'node:timers/promises';
import type { Mailbox } from '../../support/mailbox.js';
import { type Account, enter, type Operation, waive } from './account.js';
import { Caller, type Reply } from './caller.js';
import { newPassword, possible } from './operations.js';
import { Random } from './random.js';

/** How many living accounts a visitor looks after. */
const MOST_ALIVE = 6;
let accounts = 0;

/** What may be answered to an operation besides success. */
export interface Tolerance {
  /** True where the database or a queue may be away: 503 with Retry-After, which says nothing about what was done. */
  unavailable: boolean;
}

/**
 * Visitors of the application, each at one thing at a time with accounts of its own: signup, activation, login, refresh,
 * profile, password, address, deletion, by the links in the mails that really arrive. They keep a journal of what was acknowledged.
 * The same seed leads to the same choices, as far as the answers are the same.
 */
export class Visitors {
  readonly accounts: Account[] = [];
  /** Answers that must not be, and requests that were never answered. */
  readonly complaints: string[] = [];
  /** How often each operation was acknowledged, and how often it was begun and left unknown. */
  readonly acknowledged = new Map<string, number>();
  readonly unanswered = new Map<string, number>();
  private readonly lanes: { random: Random; own: Account[] }[];
  private stopped = new AbortController();

  constructor(
    readonly caller: Caller,
    private readonly mailbox: Mailbox,
    private readonly options: { seed: number; visitors: number } & Tolerance,
  ) {
    this.lanes = Array.from({ length: options.visitors }, (_, lane) => ({
      random: new Random(options.seed * 1000 + lane),
      own: [],
    }));
  }

  /** Lets them go about their business until {@link pause}, or until each has found the application gone. */
  async visit(): Promise<void> {
    this.stopped = new AbortController();
    await Promise.all(this.lanes.map((lane) => this.keepBusy(lane)));
  }

  /** Each finishes what it is at. */
  pause(): void {
    this.stopped.abort();
  }

  /** How many operations were acknowledged so far. */
  get total(): number {
    return [...this.acknowledged.values()].reduce((sum, count) => sum + count, 0);
  }

  private async keepBusy({ random, own }: { random: Random; own: Account[] }): Promise<void> {
    while (!this.stopped.signal.aborted) {
      const account = this.choose(random, own);
      const operations = account ? possible(account, random, this.mailbox) : [];
      if (!account || operations.length === 0) {
        await delay(20);
        continue;
      }
      const outcome = await this.carryOut(account, random.pick(operations));
      // Nobody is there any more, and trying on would tell nothing.
      if (outcome === 'refused' || (outcome === 'cut' && !this.options.unavailable)) return;
      if (outcome === 'unavailable') await delay(random.between(20, 100));
    }
  }

  private choose(random: Random, own: Account[]): Account | undefined {
    const living = own.filter(({ now }) => now.state !== 'gone');
    if (living.length < 2 || (living.length < MOST_ALIVE && random.next() < 0.15)) {
      const account = newAccount(random);
      own.push(account);
      this.accounts.push(account);
      return account;
    }
    const settled = living.filter(({ unknown }) => !unknown);
    return settled.length > 0 ? random.pick(settled) : undefined;
  }

  /** Does one thing and notes what came of it. */
  async carryOut(account: Account, operation: Operation): Promise<Reply['kind'] | 'unavailable'> {
    const at = Date.now();
    account.isTouched = true;
    const reply = await this.caller.send(operation.call);
    if (reply.kind === 'refused') return reply.kind;
    operation.begun?.(account, at);
    waive(account, operation.waives ?? []);
    if (reply.kind === 'answer' && reply.status < 300) {
      enter(account, { operation, at, world: operation.world(reply.body) });
      this.count(this.acknowledged, operation);
      return 'answer';
    }
    account.unknown = { operation, at, world: operation.world() };
    this.count(this.unanswered, operation);
    if (reply.kind === 'cut') return reply.kind;
    if (reply.kind === 'hang') {
      this.complaints.push(`${operation.name} was never answered`);
      return reply.kind;
    }
    if (reply.status === 503 && reply.headers['retry-after'] && this.options.unavailable) return 'unavailable';
    this.complaints.push(`${operation.name} was answered ${reply.status} ${JSON.stringify(reply.body)}`);
    return 'answer';
  }

  private count(counts: Map<string, number>, { name }: Operation): void {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
}

/** Nobody yet: an address and a password. */
export function newAccount(random: Random): Account {
  const email = `visitor-${++accounts}-${random.digits(8)}@example.com`;
  return {
    number: accounts,
    now: { state: 'none', email, password: newPassword(random), name: null, sessions: [] },
    former: [],
    ended: [],
    spent: new Map(),
    promises: [],
    isTouched: true,
  };
}
