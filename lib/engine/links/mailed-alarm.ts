import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Device } from '../../platform/common/device.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { Account } from '../../platform/data/entities/base-user.entity.js';
import { Limits } from '../limits/limits.js';
import { GuessAlarm } from '../passwords/guess-alarm.js';
import { MailedLinks } from './mailed-links.js';

/** Until the answer to the failure is long gone: nothing that an unknown account does not cause happens before. */
const PAUSE_MS = 250;

/** Mails the owner, once a day at most, a link that sets a new password. */
@Injectable()
export class MailedAlarm extends GuessAlarm {
  private readonly logger = new Logger('AuthAlarm');

  constructor(
    private readonly links: MailedLinks,
    private readonly limits: Limits,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {
    super();
  }

  raise(account: Account, device: Device): void {
    if (!this.config.sendsMail) return;
    this.mail(account, device).catch((error: unknown) => {
      this.logger.warn(
        `an owner could not be told of guesses: ${error instanceof Error ? error.name : 'unknown error'}`,
      );
    });
  }

  private async mail({ id: userId }: Account, device: Device): Promise<void> {
    await delay(PAUSE_MS, undefined, { ref: false });
    if (!(await this.limits.mayAlarm(userId))) return;
    const link = this.links.newLink('password-reset', { isAlarm: true });
    await this.links.offer(userId, link, { userId, device, reason: 'login-alert' });
  }
}
