import { createHmac } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { AuthError } from '../../platform/common/auth.errors.js';
import { Clock } from '../../platform/common/clock.js';
import { type Device, evidenceOf } from '../../platform/common/device.js';
import { canonicalEmail } from '../../platform/common/email.js';
import {
  type LimitBudget,
  type LimitedKey,
  type LimitReturn,
  LimitStore,
  type LimitVerdict,
} from '../../platform/common/limit.js';
import { networkOf } from '../../platform/common/network-address.js';
import { canonicalUsername } from '../../platform/common/username.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { Account, UserId } from '../../platform/data/entities/base-user.entity.js';
import { EventLog } from '../events/event-log.js';
import { KeyRing } from '../tokens/key-ring.js';
import { DeviceCookie } from './device-cookie.js';
import { limitBudgets, type LimitRule } from './limit-rules.js';

/** A try that was counted and allowed. */
export interface CountedTry {
  /** How many for the account have failed in a row, this one included; 0 where nobody counts. */
  readonly inARow: number;
  /** Takes the count back: it was no guess. */
  succeeded(): Promise<void>;
}

/** A rule, and whom it counts. */
interface Limited extends LimitedKey {
  readonly rule: LimitRule;
}

const NOTHING_COUNTED: CountedTry = { inARow: 0, succeeded: () => Promise.resolve() };

/** Keys whose refusals have been told: one event for each wait, not for each request of a flood. */
const TOLD_AT_MOST = 10_000;

/** Counts tries before they are made, and refuses those that are too many. */
@Injectable()
export class Limits {
  private readonly logger = new Logger('AuthLimits');
  private readonly budgets: Record<LimitRule, LimitBudget | undefined>;
  private readonly told = new LRUCache<string, true>({ max: TOLD_AT_MOST });
  /** Networks that may try no token, and owners who were told, and until when. Milliseconds since the epoch. */
  private readonly closed = new LRUCache<string, number>({ max: TOLD_AT_MOST });
  private hasNamedProxy = false;

  constructor(
    private readonly store: LimitStore,
    private readonly cookies: DeviceCookie,
    private readonly ring: KeyRing,
    private readonly events: EventLog,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {
    this.budgets = limitBudgets(config);
  }

  /**
   * Before a password is compared, whoever's it is, and whether there is such an account or not: by the account as it was
   * stated, or, for a device that was let in before, by the device; and by the network it comes from.
   * @throws AuthError LIMIT_EXCEEDED; SERVICE_UNAVAILABLE where nobody can count: then nobody may guess either
   */
  async beforePassword(identifier: string, account: Account | null, device: Device): Promise<CountedTry> {
    const known = account ? this.cookies.verify(evidenceOf(device).cookie, account.id) : undefined;
    // Not by its network: whoever shares one, at an office or behind a carrier's NAT, could use its share up. It has tries
    // of its own for one account, so it sprays nothing.
    const limited =
      known === undefined
        ? [...this.limited('login', canonical(identifier)), ...this.byNetwork('login-address', device)]
        : this.limited('login-device', known);
    if (limited.length === 0) return NOTHING_COUNTED;
    const verdicts = await this.take(limited, device, account);
    const inARow = limited[0]!.rule === 'login' ? verdicts[0]!.tries : 0;
    // Who spares a network its failures for one success spares a sprayer who has one account (django-allauth 65.8.1).
    const returns = limited
      .map(({ key, rule }) => ({ key, clears: rule !== 'login-address' }))
      // Where limits observe: what was refused by now has not counted.
      .filter(({ clears }, index) => clears || verdicts[index]!.isAllowed);
    return { inARow, succeeded: () => this.giveBack(returns) };
  }

  /**
   * Before a stranger's request makes a mail to an address, whether anybody has it or not.
   * @param isReset the mailbox's last mail is left for these: signups without end would keep its owner from the way back
   * @returns false where the mailbox has had its share: the request is answered as ever, and nothing is sent
   * @throws AuthError LIMIT_EXCEEDED where the network has
   */
  async beforeMail(address: string, device: Device, isReset = false): Promise<boolean> {
    const mailbox = this.config.sendsMail ? this.limited('mailbox', address) : [];
    const limited = [...this.byNetwork('mail-address', device), ...(isReset ? mailbox : mailbox.map(allButLast))];
    try {
      await this.take(limited, device, null);
      return true;
    } catch (error) {
      if (!(error instanceof AuthError)) throw error;
      if (error.limit?.name === 'mailbox') return false;
      // Nothing is guessed here: where nobody can count, people still get their mail.
      if (error.code === 'SERVICE_UNAVAILABLE') return true;
      throw error;
    }
  }

  /**
   * Before a link or a refresh token is looked up. Asks no store: what is good must cost nothing.
   * @throws AuthError LIMIT_EXCEEDED where the network has tried too many that were no good
   */
  assertMayTryToken(device: Device): void {
    if (this.config.limits.mode !== 'on') return;
    for (const limited of this.byNetwork('token-address', device)) {
      const until = this.closed.get(limited.key) ?? 0;
      if (until > this.clock.now()) throw this.exceeded(limited, until - this.clock.now());
    }
  }

  /** After one that was no good. Each instance learns from its own next one that the network has had its share. */
  async countBadToken(device: Device): Promise<void> {
    for (const limited of this.byNetwork('token-address', device)) {
      const [verdict] = await this.store.take([limited], this.clock.now()).catch(() => []);
      if (!verdict || verdict.waitMs === 0) return;
      this.closed.set(limited.key, this.clock.now() + verdict.waitMs);
      await this.tell(limited.rule, limited.key, verdict.waitMs, device, null);
    }
  }

  /** True once a day for an account whose owner should know that it is being guessed at. */
  async mayAlarm(userId: UserId): Promise<boolean> {
    const [limited] = this.limited('alarm', String(userId));
    // Asking the store at each further failure is work that only an account somebody has makes: its time would tell.
    if (!limited || (this.closed.get(limited.key) ?? 0) > this.clock.now()) return false;
    const [verdict] = await this.count([limited]);
    this.closed.set(limited.key, this.clock.now() + verdict!.waitMs);
    return verdict!.isAllowed;
  }

  /** The account has proved itself by its mailbox: what was guessed before no longer counts. */
  async forget(account: Account & { username?: string | null }, device: Device): Promise<void> {
    const stated = [account.email, account.username].filter((name) => typeof name === 'string');
    const known = this.cookies.verify(evidenceOf(device).cookie, account.id);
    const counted = stated.flatMap((name) => this.limited('login', name));
    // The device that it is done on would go on waiting: its own wrong tries are why somebody resets.
    if (known !== undefined) counted.push(...this.limited('login-device', known));
    const returns = counted.map(({ key }) => ({ key, clears: true }));
    if (returns.length > 0) await this.giveBack(returns);
  }

  private async take(limited: readonly Limited[], device: Device, account: Account | null): Promise<LimitVerdict[]> {
    if (limited.length === 0) return [];
    const verdicts = await this.count(limited);
    const refused = limited.findIndex((_, index) => !verdicts[index]!.isAllowed);
    if (refused === -1) return verdicts;
    // What was not tried must not count: somebody whose network is refused could keep another's account waiting. But a
    // signup costs a hash also where its mailbox has had its share, and would be free for the network without end.
    const allowed = limited.filter(({ rule }, index) => verdicts[index]!.isAllowed && rule !== 'mail-address');
    const isTried = this.config.limits.mode === 'observe';
    if (allowed.length > 0 && !isTried) await this.giveBack(allowed.map(({ key }) => ({ key, clears: false })));
    await this.refuse(limited[refused]!, verdicts[refused]!, device, account);
    return verdicts;
  }

  private async count(limited: readonly Limited[]): Promise<LimitVerdict[]> {
    try {
      return await this.store.take(limited, this.clock.now());
    } catch (error) {
      if (error instanceof AuthError) throw error;
      this.logger.error(`tries cannot be counted: ${error instanceof Error ? error.message : 'unknown error'}`);
      throw new AuthError('SERVICE_UNAVAILABLE', { cause: error });
    }
  }

  /** Never fails: a new password is set by then, a right one stays right, and a try that stays counted helps no guesser. */
  private async giveBack(returns: readonly LimitReturn[]): Promise<void> {
    try {
      await this.store.giveBack(returns);
    } catch (error) {
      this.logger.warn(`tries cannot be given back: ${error instanceof Error ? error.message : 'unknown error'}`);
    }
  }

  private async refuse(
    limited: Limited,
    { waitMs }: LimitVerdict,
    device: Device,
    account: Account | null,
  ): Promise<void> {
    await this.tell(limited.rule, limited.key, waitMs, device, account);
    if (this.config.limits.mode !== 'observe') throw this.exceeded(limited, waitMs);
  }

  private exceeded({ rule, budget }: Limited, waitMs: number): AuthError {
    return new AuthError('LIMIT_EXCEEDED', {
      retryAfterSeconds: Math.ceil(waitMs / 1000),
      limit: { name: rule, tries: budget.tries, windowSeconds: Math.round(budget.windowMs / 1000) },
    });
  }

  private async tell(
    rule: LimitRule,
    key: string,
    waitMs: number,
    device: Device,
    account: Account | null,
  ): Promise<void> {
    if (this.told.has(key)) return;
    this.told.set(key, true, { ttl: Math.max(1, waitMs) });
    const event = rule === 'login' || rule === 'login-device' ? 'authn_login_lock' : 'rate_limit_exceeded';
    await this.events.record(event, { userId: account?.id, device, reason: rule });
  }

  /** A network that cannot be told apart from others counts nothing: everybody would share one budget. */
  private byNetwork(rule: LimitRule, device: Device): Limited[] {
    const network = device.ip === null ? undefined : networkOf(device.ip);
    if (network === undefined) return [];
    if (!evidenceOf(device).isBehindUnknownProxy) return this.limited(rule, network);
    this.nameProxy();
    return [];
  }

  private nameProxy(): void {
    if (this.hasNamedProxy) return;
    this.hasNamedProxy = true;
    this.logger.error(
      'Requests come through a proxy that the HTTP adapter was not told of, so that every client has the address of the ' +
        'proxy: limits by network address are off until it is. Set "trust proxy" of Express, or trustProxy of Fastify, to ' +
        'your proxies (docs/limits.md).',
    );
  }

  private limited(rule: LimitRule, subject: string): Limited[] {
    const budget = this.budgets[rule];
    if (!budget || this.config.limits.mode === 'off') return [];
    // By HMAC: who reads the counters learns no address, and cannot try addresses until one fits.
    const mac = createHmac('sha256', this.ring.limit).update(`${rule} ${subject}`).digest('base64url');
    return [{ rule, budget, key: `${rule}:${mac}` }];
  }
}

/** One spelling for each name, or every spelling would have tries of its own. */
function canonical(identifier: string): string {
  return canonicalEmail(identifier) ?? canonicalUsername(identifier) ?? identifier;
}

function allButLast({ budget, ...limited }: Limited): Limited {
  return { ...limited, budget: { ...budget, tries: Math.max(1, budget.tries - 1) } };
}
