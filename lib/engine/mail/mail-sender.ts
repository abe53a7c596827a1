import { Inject, Injectable } from '@nestjs/common';
import type { ISendMailOptions, MailerService } from '@nestjs-modules/mailer';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { restoreFields } from '../../platform/common/stored-fields.js';
import type { OwnedToken } from '../../platform/data/store/tokens.store.js';
import { Traced } from '../../platform/common/traced.js';
import { LinkUrls } from './link-urls.js';
import { type MailContext, MailRenderer } from './mail-renderer.js';
import { createMailer, senderDomain } from './mail-transport.js';
import { type MailName, PURPOSES } from '../../platform/common/purposes.js';

/** A server that drips single bytes never runs into the time-outs of the transport; this one ends it. */
export const SEND_TIMEOUT_MS = 60_000;

/** A trace of its own: whichever request has woken the worker, the mail may be somebody else's. */
const describe = ({ purpose }: OwnedToken, _breakOff: AbortController) => ({
  root: true,
  attributes: { 'gatehouse.purpose': purpose },
});

/** Composes the mail a row owes and hands it to SMTP. */
@Injectable()
export class MailSender {
  private mailer?: Promise<MailerService>;

  constructor(
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
    private readonly renderer: MailRenderer,
    private readonly urls: LinkUrls,
  ) {}

  /**
   * Throws nodemailer's error where the server could not be reached, refused, took too long, or where `breakOff` was
   * aborted. The connection is closed by then: what failed is not accepted a moment later all the same.
   */
  @Traced('mail.send', describe)
  async send(mail: OwnedToken, breakOff: AbortController): Promise<void> {
    const { smtp } = this.config;
    const { payload } = mail;
    const name = payload && 'isAlarm' in payload ? 'login-alert' : (mail.purpose as MailName);
    // A change of address is confirmed at the new one and undone from the old one: the row says which it is about.
    const address = payload && 'address' in payload ? payload.address : mail.user.email;
    // The link is named by the mail: activation_url, reset_url, login_url.
    const context = {
      // Greeted as the signup of this very link says: the row may hold the name somebody else gave first.
      user: { ...mail.user, ...(payload && 'fields' in payload && restoreFields(payload)), email: address },
      expires_at: mail.expiresAt,
      [PURPOSES[name].mail.url]: this.urls.of(mail),
    } as MailContext;
    const rendered = this.renderer.render(name, this.localeOf(context.user), context);
    const message: ISendMailOptions & { signal: AbortSignal } = {
      // Objects, never a string that could be parsed as two recipients; and always the stored address.
      to: { name: '', address },
      from: { name: smtp.fromName ?? '', address: smtp.fromAddress! },
      ...rendered,
      messageId: `<${mail.id}@${senderDomain(smtp.fromAddress!)}>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
      signal: breakOff.signal,
    };
    const mailer = await (this.mailer ??= createMailer(this.config));
    const timeout = setTimeout(() => breakOff.abort(), SEND_TIMEOUT_MS);
    await mailer.sendMail(message).finally(() => clearTimeout(timeout));
  }

  private localeOf(user: object): string {
    const { localeField, defaultLocale } = this.config.mail;
    const locale: unknown = Reflect.get(user, localeField);
    return typeof locale === 'string' && locale ? locale : defaultLocale;
  }
}
