import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';

/** As both adapters ask it: is the host of that address, so many hops before us, a proxy of ours? */
type IsTrusted = (address: string, hops: number) => boolean;

/** An address of the documentation (RFC 5737) and a number of hops that no setting for real proxies believes. */
const STRANGER = ['203.0.113.1', 20] as const;

/**
 * Says at the start where the adapter believes everybody: then the client itself writes the address it is counted by
 * (`X-Forwarded-For`), and has as many as it likes (django-allauth 65.14.2).
 */
@Injectable()
export class TrustedProxies implements OnApplicationBootstrap {
  private readonly logger = new Logger('AuthLimits');

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.limits.mode === 'off' || !this.trustsEverybody()) return;
    this.logger.error(
      'The HTTP adapter believes every proxy, so that clients write their own address (X-Forwarded-For): limits by network ' +
        'address are of no use. Name the addresses of your proxies, or for Express their number, in "trust proxy" of ' +
        'Express or trustProxy of Fastify (docs/production-checklist.md).',
    );
  }

  private trustsEverybody(): boolean {
    const adapter = this.adapterHost.httpAdapter;
    // An application context or a microservice has none.
    const setting = adapter && settingOf(adapter.getType(), adapter.getInstance<object>());
    return setting === true || (typeof setting === 'function' && (setting as IsTrusted)(...STRANGER));
  }
}

/** What the adapter was told, as far as it tells: Express has a function of every setting, Fastify what it was given. */
function settingOf(type: string, instance: object): unknown {
  if (type === 'express') return (instance as { get(name: string): unknown }).get('trust proxy fn');
  const options = Object.getOwnPropertySymbols(instance).find(({ description }) => description === 'fastify.options');
  return options && (instance as Record<symbol, { trustProxy?: unknown }>)[options]?.trustProxy;
}
