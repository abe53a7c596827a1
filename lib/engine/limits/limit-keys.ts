import { createHmac } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../platform/common/clock.js';
import { type Device, evidenceOf } from '../../platform/common/device.js';
import type { LimitBudget, LimitedKey } from '../../platform/common/limit.js';
import { networkOf } from '../../platform/common/network-address.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { KeyRing } from '../tokens/key-ring.js';
import { limitBudgets, type LimitRule } from './limit-rules.js';

/** A rule, and whom it counts. */
export interface Limited extends LimitedKey {
  readonly rule: LimitRule;
}

/** Whoever has an address that nobody can read: together, or a client that hides its own would not be counted at all. */
const UNREADABLE = 'unreadable';

/** How long after the last such request a proxy counts as unknown: a night without visitors mends no setting. */
const PROXY_MEMORY_MS = 3_600_000;

/** Who is counted by which rule: nobody, where the rule is off. */
@Injectable()
export class LimitKeys {
  private readonly logger = new Logger('AuthLimits');
  private readonly budgets: Record<LimitRule, LimitBudget | undefined>;
  private hasNamedProxy = false;
  /** When a request last came through a proxy that the adapter was not told of. Milliseconds since the epoch. */
  private proxySeenAt?: number;

  constructor(
    private readonly ring: KeyRing,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {
    this.budgets = limitBudgets(config);
  }

  of(rule: LimitRule, subject: string): Limited[] {
    const budget = this.budgets[rule];
    if (!budget || this.config.limits.mode === 'off') return [];
    // By HMAC: who reads the counters learns no address, and cannot try addresses until one fits.
    const mac = createHmac('sha256', this.ring.limit).update(`${rule} ${subject}`).digest('base64url');
    return [{ rule, budget, key: `${rule}:${mac}` }];
  }

  /**
   * By the network a request comes from: nobody where the application calls by itself and names none, nor where everybody
   * has the address of one proxy, and would share one budget.
   */
  ofNetwork(rule: LimitRule, device: Device): Limited[] {
    if (device.ip === null) return [];
    if (!evidenceOf(device).isBehindUnknownProxy) return this.of(rule, networkOf(device.ip) ?? UNREADABLE);
    this.nameProxy();
    return [];
  }

  /** True where requests of the last hour came through a proxy that the adapter was not told of. */
  get hasUnknownProxy(): boolean {
    return this.proxySeenAt !== undefined && this.clock.now() - this.proxySeenAt < PROXY_MEMORY_MS;
  }

  private nameProxy(): void {
    this.proxySeenAt = this.clock.now();
    if (this.hasNamedProxy) return;
    this.hasNamedProxy = true;
    this.logger.error(
      'Requests come through a proxy that the HTTP adapter was not told of, so that every client has the address of the ' +
        'proxy: limits by network address are off until it is. Set "trust proxy" of Express, or trustProxy of Fastify, to ' +
        'your proxies (docs/limits.md).',
    );
  }
}
