import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { describeMailFailure } from './mail-failure.js';
import { explainMailFailure } from './mail-mistakes.js';
import { createProbe } from './mail-transport.js';

/** What a look at the mail server found. */
export interface MailVerification {
  /** True where mail can leave, or where this mode sends none. */
  ok: boolean;
  /** The same codes as in the log and in `mail_error`, e.g. `ESOCKET ECONNREFUSED at CONN`; null with `ok`. */
  code: string | null;
  /** What is wrong, and what to do, in words; null with `ok`. */
  message: string | null;
}

/** Asks the mail server whether it would take a mail from us: connects, agrees on TLS, logs in, and leaves. */
@Injectable()
export class MailCheck {
  constructor(@Inject(AUTH_CONFIG) private readonly config: AuthConfig) {}

  /** Never throws: whoever asks wants to know. */
  async verify(): Promise<MailVerification> {
    if (!this.config.sendsMail) return { ok: true, code: null, message: null };
    try {
      const probe = await createProbe(this.config);
      await probe.verify();
      return { ok: true, code: null, message: null };
    } catch (error) {
      const code = describeMailFailure(error);
      return { ok: false, code, message: explainMailFailure(code) };
    }
  }
}
