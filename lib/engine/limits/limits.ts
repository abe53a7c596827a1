import { Inject, Injectable } from '@nestjs/common';
import type { SpanOptions } from '@opentelemetry/api';
import { LRUCache } from 'lru-cache';
import { AuthError } from '../../platform/common/auth.errors.js';
import { Clock } from '../../platform/common/clock.js';
import { type Device, evidenceOf } from '../../platform/common/device.js';
import { canonicalEmail } from '../../platform/common/email.js';
import type { LimitVerdict } from '../../platform/common/limit.js';
import { Traced } from '../../platform/common/traced.js';
import { canonicalUsername } from '../../platform/common/username.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { Account, UserId } from '../../platform/data/entities/base-user.entity.js';
import { EventLog } from '../events/event-log.js';
import { DeviceCookie } from './device-cookie.js';
import { type Limited, LimitKeys } from './limit-keys.js';
import { Returns } from './returns.js';
import { TryCounter } from './try-counter.js';

/** A try that was counted and allowed. */
export interface CountedTry {
  /** How many for the account have failed in a row, this one included; 0 where nobody counts. */
  readonly inARow: number;
  /** Takes the count back, and those of the failures before it: it was no guess. */
  succeeded(): void;
  /** Takes this count back alone: nothing was compared, as where too many hashes wait. */
  notMade(): void;
}

/** Whose tries are counted. */
interface Checked {
  readonly device: Device;
  readonly account: Account | null;
  /** True where the network is given back what the account refuses. */
  readonly isGuess?: boolean;
}

/** Who asks for a mail, and to where. */
export interface MailRequest {
  /** Canonical. */
  readonly address: string;
  readonly device: Device;
  readonly isReset?: boolean;
}

/** Keys whose refusals have been told: one event for each wait, not for each request of a flood. */
const TOLD_AT_MOST = 10_000;

/** Counts tries before they are made, and refuses those that are too many. */
@Injectable()
export class Limits {
  private readonly told = new LRUCache<string, true>({ max: TOLD_AT_MOST });
  /** Networks that may try no token, and owners who were told, and until when. Milliseconds since the epoch. */
  private readonly closed = new LRUCache<string, number>({ max: TOLD_AT_MOST });

  constructor(
    private readonly counter: TryCounter,
    private readonly returns: Returns,
    private readonly cookies: DeviceCookie,
    private readonly keys: LimitKeys,
    private readonly events: EventLog,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * Before a password is compared, whoever's it is, and whether there is such an account or not: by the account as it was
   * stated, or, for a device that was let in before, by the device; and by the network it comes from.
   * @throws AuthError LIMIT_EXCEEDED; SERVICE_UNAVAILABLE where nobody can count: then nobody may guess either
   */
  async beforePassword(identifier: string, account: Account | null, device: Device): Promise<CountedTry> {
    const known = account ? this.cookies.verify(evidenceOf(device).cookie, account.id) : undefined;
    // Not by its network: whoever shares one, at an office or behind a carrier's NAT, could use its share up. It has tries
    // of its own for one account, so it sprays nothing.
    const network = known === undefined ? this.keys.ofNetwork('login-address', device) : [];
    const whom =
      known === undefined ? this.keys.of('login', canonical(identifier)) : this.keys.of('login-device', known);
    // In this order: a try that its network refuses would begin the account's wait anew, and its owner, who is asked to wait,
    // could be kept waiting by a network that may try nothing any more.
    const verdicts = await this.check([...network, ...whom], { device, account, isGuess: true });
    const tries = verdicts[network.length]?.tries ?? 0;
    return {
      inARow: known === undefined ? tries : 0,
      succeeded: () => {
        // With those before it, and none after it: what somebody guesses while this is on its way still counts.
        for (const { key } of whom) this.returns.upTo(key, tries);
        // Who spares a network its failures for one success spares a sprayer who has one account (django-allauth 65.8.1).
        this.giveBack(network, verdicts);
      },
      notMade: () => this.giveBack([...network, ...whom], verdicts),
    };
  }

  /**
   * Counts a stranger's request for a mail to an address, whether anybody has it or not, and then lets it be made.
   * @param isReset the mailbox's last mail is left for these: signups without end would keep its owner from the way back
   * @param make hears false where the mailbox has had its share: the request is answered as ever, and nothing is sent. Where it
   * fails because the service cannot serve anybody just now, the count is taken back: its mail was not made
   * @throws AuthError LIMIT_EXCEEDED where the network has had its share; whatever `make` throws
   */
  async countMail<T>(
    { address, device, isReset = false }: MailRequest,
    make: (mayMail: boolean) => Promise<T>,
  ): Promise<T> {
    const network = this.keys.ofNetwork('mail-address', device);
    const mailbox = this.config.sendsMail ? this.keys.of('mailbox', address) : [];
    // What the network refuses is not mailed, and does not count for the mailbox.
    const limited = [...network, ...(isReset ? mailbox : mailbox.map(allButLast))];
    const counted = await this.check(limited, { device, account: null }).catch((error: unknown) => {
      if (!(error instanceof AuthError)) throw error;
      // A signup costs a hash also where its mailbox has had its share, and would be free for the network without end: that
      // try stays counted.
      if (error.limit?.name === 'mailbox') return undefined;
      // Nothing is guessed here: where nobody can count, people still get their mail.
      if (error.code === 'SERVICE_UNAVAILABLE') return [];
      throw error;
    });
    try {
      return await make(counted !== undefined);
    } catch (error) {
      if (isOutOfService(error)) this.giveBack(limited, counted ?? []);
      throw error;
    }
  }

  /**
   * After a link or a refresh token that was no good. What is good is never refused: nobody guesses one, and who fails all
   * day must not keep those behind the same NAT from their sessions.
   * @throws AuthError LIMIT_EXCEEDED where the network has tried too many, in place of what was wrong with this one
   */
  async countBadToken(device: Device): Promise<void> {
    for (const limited of this.keys.ofNetwork('token-address', device)) await this.checkToken(limited, device);
  }

  /** True once a day for an account whose owner should know that it is being guessed at. */
  async mayAlarm(userId: UserId): Promise<boolean> {
    const [limited] = this.keys.of('alarm', String(userId));
    // Asking the store at each further failure is work that only an account somebody has makes: its time would tell.
    if (!limited || (this.closed.get(limited.key) ?? 0) > this.clock.now()) return false;
    const [verdict] = await this.counter.count([limited]);
    this.closed.set(limited.key, this.clock.now() + verdict!.waitMs);
    return verdict!.isAllowed;
  }

  /** The account has proved itself by its mailbox: what was guessed before no longer counts. */
  async forget(account: Account & { username?: string | null }, device: Device): Promise<void> {
    const stated = [account.email, account.username].filter((name) => typeof name === 'string');
    const known = this.cookies.verify(evidenceOf(device).cookie, account.id);
    const counted = stated.flatMap((name) => this.keys.of('login', name));
    // The device that it is done on would go on waiting: its own wrong tries are why somebody resets.
    if (known !== undefined) counted.push(...this.keys.of('login-device', known));
    for (const { key } of counted) this.returns.upTo(key, 'all');
    // At once: whoever has set a password goes on to log in, at any instance.
    await this.returns.send();
  }

  /**
   * For health: whether tries can be counted.
   * @throws where they cannot
   */
  async verify(): Promise<void> {
    if (this.config.limits.mode !== 'off') await this.counter.verify();
  }

  private async check(limited: readonly Limited[], request: Checked): Promise<LimitVerdict[]> {
    return limited.length === 0 ? [] : this.checkEach(limited, request);
  }

  @Traced('limit.check', (limited: readonly Limited[], _request: Checked) => rulesOf(limited))
  private async checkEach(limited: readonly Limited[], request: Checked): Promise<LimitVerdict[]> {
    const verdicts = await this.counter.count(limited);
    for (const [index, verdict] of verdicts.entries()) {
      if (verdict.isAllowed) continue;
      // What the account refuses was no guess, and does not count for the network either.
      const counted = request.isGuess && !this.observes ? limited.slice(0, index) : [];
      for (const { key } of counted) this.returns.add(key);
      await this.refuse(limited[index]!, verdict, request);
    }
    return verdicts;
  }

  @Traced('limit.check', (limited: Limited, _device: Device) => rulesOf([limited]))
  private async checkToken(limited: Limited, device: Device): Promise<void> {
    const known = { isAllowed: false, waitMs: (this.closed.get(limited.key) ?? 0) - this.clock.now() };
    if (known.waitMs > 0) {
      this.counter.told(limited, known);
      return this.refuse(limited, known, { device, account: null });
    }
    // Nothing is guessed here: where nobody can count, links and sessions go on.
    const [verdict] = await this.counter.count([limited]).catch((): LimitVerdict[] => []);
    if (!verdict || verdict.isAllowed) return;
    this.closed.set(limited.key, this.clock.now() + verdict.waitMs);
    await this.refuse(limited, verdict, { device, account: null });
  }

  /** Where limits observe: what was refused by now has not counted. */
  private giveBack(counted: readonly Limited[], verdicts: readonly LimitVerdict[]): void {
    for (const [index, { key }] of counted.entries()) if (verdicts[index]?.isAllowed) this.returns.add(key);
  }

  private get observes(): boolean {
    return this.config.limits.mode === 'observe';
  }

  private async refuse(limited: Limited, { waitMs }: Pick<LimitVerdict, 'waitMs'>, request: Checked): Promise<void> {
    await this.tell(limited, waitMs, request);
    if (this.observes) return;
    const { rule, budget } = limited;
    throw new AuthError('LIMIT_EXCEEDED', {
      retryAfterSeconds: Math.ceil(waitMs / 1000),
      limit: { name: rule, tries: budget.tries, windowSeconds: Math.round(budget.windowMs / 1000) },
    });
  }

  private async tell({ rule, key }: Limited, waitMs: number, { device, account }: Checked): Promise<void> {
    if (this.told.has(key)) return;
    this.told.set(key, true, { ttl: Math.max(1, waitMs) });
    const event = rule === 'login' || rule === 'login-device' ? 'authn_login_lock' : 'rate_limit_exceeded';
    await this.events.record(event, { userId: account?.id, device, reason: rule });
  }
}

/** A span has the names of the rules, and never whom they count. */
function rulesOf(limited: readonly Limited[]): SpanOptions {
  return { attributes: { 'gatehouse.limit.rules': limited.map(({ rule }) => rule) } };
}

/** One spelling for each name, or every spelling would have tries of its own. */
function canonical(identifier: string): string {
  return canonicalEmail(identifier) ?? canonicalUsername(identifier) ?? identifier;
}

/** Of the service and not of the request: nothing that a stranger sends brings it about. */
function isOutOfService(error: unknown): boolean {
  return error instanceof AuthError && ['SERVICE_BUSY', 'SERVICE_UNAVAILABLE'].includes(error.code);
}

function allButLast({ budget, ...limited }: Limited): Limited {
  return { ...limited, budget: { ...budget, tries: Math.max(1, budget.tries - 1) } };
}
