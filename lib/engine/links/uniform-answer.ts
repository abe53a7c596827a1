import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';

/**
 * Answers on a clock. Where a known and an unknown address still take different paths (a commit that writes waits for
 * the disk, one that does not is quicker), nobody is answered before a fixed time that covers the slower path: the
 * length of the wait tells nothing (ASVS 6.3.8). No random delays: they average out.
 */
@Injectable()
export class UniformAnswer {
  constructor(@Inject(AUTH_CONFIG) private readonly config: AuthConfig) {}

  /** Runs `work`, and settles as it does, but not before `uniformAnswerMs` have passed. */
  async after<T>(work: () => Promise<T>): Promise<T> {
    const floor = this.config.sendsMail ? delay(this.config.uniformAnswerMs) : undefined;
    try {
      return await work();
    } finally {
      await floor;
    }
  }
}
