import {
  Inject,
  Injectable,
  Logger,
  Optional,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../../config/auth-config.js';
import { DatabaseLimits } from './limits.store.js';

/** Deletes counters that are of no use any more where nothing else is cleaned up: at level basic. */
@Injectable()
export class LimitCleanup implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('AuthCleanup');
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly clock: Clock,
    // Named, since the compiler tells Nest nothing of a type that may be null.
    @Optional() @Inject(DatabaseLimits) private readonly limits: DatabaseLimits | null,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  onApplicationBootstrap(): void {
    const { intervalSeconds } = this.config.cleanup;
    if (this.limits && intervalSeconds > 0) {
      this.timer = setInterval(() => void this.run(), intervalSeconds * 1000).unref();
    }
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** One round. Never fails: the next one tries again. */
  async run(): Promise<void> {
    try {
      await this.limits?.deleteExpired(this.clock.now());
    } catch {
      this.logger.warn('could not delete expired rows');
    }
  }
}
