import { Inject, Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { AuthError } from '../../platform/common/auth.errors.js';
import { Clock } from '../../platform/common/clock.js';
import { type Device, evidenceOf } from '../../platform/common/device.js';
import { canonicalEmail } from '../../platform/common/email.js';
import type { LimitVerdict } from '../../platform/common/limit.js';
import { canonicalUsername } from '../../platform/common/username.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { Account, UserId } from '../../platform/data/entities/base-user.entity.js';
import { EventLog } from '../events/event-log.js';
import { DeviceCookie } from './device-cookie.js';
import { type Limited, LimitKeys } from './limit-keys.js';
import type { LimitRule } from './limit-rules.js';
import { PatientStore } from './patient-store.js';
import { Returns } from './returns.js';

/** A try that was counted and allowed. */
export interface CountedTry {
  /** How many for the account have failed in a row, this one included; 0 where nobody counts. */
  readonly inARow: number;
  /** Takes the count back: it was no guess. */
  succeeded(): void;
}

/** Keys whose refusals have been told: one event for each wait, not for each request of a flood. */
const TOLD_AT_MOST = 10_000;

/** Counts tries before they are made, and refuses those that are too many. */
@Injectable()
export class Limits {
  private readonly logger = new Logger('AuthLimits');
  private readonly told = new LRUCache<string, true>({ max: TOLD_AT_MOST });
  /** Networks that may try no token, and owners who were told, and until when. Milliseconds since the epoch. */
  private readonly closed = new LRUCache<string, number>({ max: TOLD_AT_MOST });

  constructor(
    private readonly store: PatientStore,
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
    const limited = [...network, ...whom];
    const verdicts = await this.count(limited);
    const counted = limited.filter((_, index) => verdicts[index]?.isAllowed);
    const refused = limited.findIndex((_, index) => verdicts[index]?.isAllowed === false);
    if (refused !== -1) {
      // What the account refuses was no guess, and does not count for the network either.
      if (!this.observes) for (const { key } of counted) this.returns.add(key);
      await this.refuse(limited[refused]!, verdicts[refused]!, device, account);
    }
    const tries = verdicts[network.length]?.tries ?? 0;
    return {
      inARow: known === undefined ? tries : 0,
      succeeded: () => {
        // With those before it, and none after it: what somebody guesses while this is on its way still counts.
        for (const { key } of whom) this.returns.upTo(key, tries);
        // Who spares a network its failures for one success spares a sprayer who has one account (django-allauth 65.8.1).
        // Where limits observe: what was refused by now has not counted.
        for (const each of network) if (counted.includes(each)) this.returns.add(each.key);
      },
    };
  }

  /**
   * Before a stranger's request makes a mail to an address, whether anybody has it or not.
   * @param isReset the mailbox's last mail is left for these: signups without end would keep its owner from the way back
   * @returns false where the mailbox has had its share: the request is answered as ever, and nothing is sent
   * @throws AuthError LIMIT_EXCEEDED where the network has
   */
  async beforeMail(address: string, device: Device, isReset = false): Promise<boolean> {
    const mailbox = this.config.sendsMail ? this.keys.of('mailbox', address) : [];
    // A signup costs a hash also where its mailbox has had its share, and would be free for the network without end: that
    // try stays counted. What the network refuses is not mailed, and does not count for the mailbox.
    const limited = [...this.keys.ofNetwork('mail-address', device), ...(isReset ? mailbox : mailbox.map(allButLast))];
    try {
      const verdicts = await this.count(limited);
      const refused = verdicts.findIndex(({ isAllowed }) => !isAllowed);
      if (refused !== -1) await this.refuse(limited[refused]!, verdicts[refused]!, device, null);
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
   * After a link or a refresh token that was no good. What is good is never refused: nobody guesses one, and who fails all
   * day must not keep those behind the same NAT from their sessions.
   * @throws AuthError LIMIT_EXCEEDED where the network has tried too many, in place of what was wrong with this one
   */
  async countBadToken(device: Device): Promise<void> {
    for (const limited of this.keys.ofNetwork('token-address', device)) {
      const waitMs = (this.closed.get(limited.key) ?? 0) - this.clock.now();
      if (waitMs > 0) return this.refuse(limited, { waitMs }, device, null);
      const [verdict] = await this.store.take([limited], this.clock.now()).catch(() => []);
      if (!verdict || verdict.isAllowed) return;
      this.closed.set(limited.key, this.clock.now() + verdict.waitMs);
      await this.refuse(limited, verdict, device, null);
    }
  }

  /** True once a day for an account whose owner should know that it is being guessed at. */
  async mayAlarm(userId: UserId): Promise<boolean> {
    const [limited] = this.keys.of('alarm', String(userId));
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
    const counted = stated.flatMap((name) => this.keys.of('login', name));
    // The device that it is done on would go on waiting: its own wrong tries are why somebody resets.
    if (known !== undefined) counted.push(...this.keys.of('login-device', known));
    for (const { key } of counted) this.returns.upTo(key, 'all');
    // At once: whoever has set a password goes on to log in, at any instance.
    await this.returns.send();
  }

  private get observes(): boolean {
    return this.config.limits.mode === 'observe';
  }

  /** Where limits only observe, what would be refused is tried all the same, and so are the keys after it. */
  private async count(limited: readonly Limited[]): Promise<LimitVerdict[]> {
    if (limited.length === 0) return [];
    if (!this.observes) return this.countInTurn(limited);
    const verdicts: LimitVerdict[] = [];
    for (const each of limited) verdicts.push(...(await this.countInTurn([each])));
    return verdicts;
  }

  private async countInTurn(limited: readonly Limited[]): Promise<LimitVerdict[]> {
    const verdicts = await this.ask(limited);
    const last = verdicts.length - 1;
    if (verdicts[last]!.isAllowed || !this.returns.has(limited[last]!.key)) return verdicts;
    // Refused for tries that were genuine, and are only not given back yet.
    await this.returns.send();
    return [...verdicts.slice(0, last), ...(await this.ask(limited.slice(last)))];
  }

  private async ask(limited: readonly Limited[]): Promise<LimitVerdict[]> {
    try {
      return await this.store.take(limited, this.clock.now());
    } catch (error) {
      if (error instanceof AuthError) throw error;
      this.logger.error(`tries cannot be counted: ${error instanceof Error ? error.message : 'unknown error'}`);
      throw new AuthError('SERVICE_UNAVAILABLE', { cause: error });
    }
  }

  private async refuse(
    limited: Limited,
    { waitMs }: Pick<LimitVerdict, 'waitMs'>,
    device: Device,
    account: Account | null,
  ): Promise<void> {
    await this.tell(limited.rule, limited.key, waitMs, device, account);
    if (!this.observes) throw this.exceeded(limited, waitMs);
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
}

/** One spelling for each name, or every spelling would have tries of its own. */
function canonical(identifier: string): string {
  return canonicalEmail(identifier) ?? canonicalUsername(identifier) ?? identifier;
}

function allButLast({ budget, ...limited }: Limited): Limited {
  return { ...limited, budget: { ...budget, tries: Math.max(1, budget.tries - 1) } };
}
