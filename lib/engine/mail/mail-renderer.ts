import { fileURLToPath } from 'node:url';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { isLinkPurpose, linkPurpose, type MailName, PURPOSES } from '../../platform/common/purposes.js';
import { valueAt } from '../../platform/config/settings.js';
import { htmlTitle } from '../templates/html-title.js';
import { htmlLink, instantText, templateUser, type TemplateUserSource } from '../templates/template-context.js';
import { TemplateStore, type TemplateContext } from '../templates/template-store.js';

/** Templates that the mails include. */
export const MAIL_PARTIALS = ['mail_layout', 'mail_button'] as const;

/** A link token's mail must have its link and expiry; a notice has at most the login URL, by default the configured one. */
type LinkContext<L extends string> = L extends 'login_url'
  ? { readonly login_url?: string; readonly expires_at?: Date }
  : { readonly [K in L]: string } & { readonly expires_at: Date };

/** What {@link MailRenderer.render} needs for a mail. The user may be the entity: only the allow-list reaches the template. */
export type MailContext<M extends MailName = MailName> = M extends MailName
  ? { readonly user: TemplateUserSource } & LinkContext<(typeof PURPOSES)[M]['mail']['url']>
  : never;

/** A mail, ready to be sent. */
export interface RenderedMail {
  /** The content of the HTML part's `<title>`, on one line. */
  subject: string;
  html: string;
  text: string;
}

/** Makes the mails out of templates, which `mail.templateDir` may shadow file by file. */
@Injectable()
export class MailRenderer {
  private readonly store: TemplateStore;

  constructor(@Inject(AUTH_CONFIG) private readonly config: AuthConfig) {
    this.store = new TemplateStore({
      bundledDir: fileURLToPath(new URL('./templates', import.meta.url)),
      templateDir: config.mail.templateDir,
      defaultLocale: config.mail.defaultLocale,
      partials: MAIL_PARTIALS,
    });
  }

  /**
   * Renders a mail in the best locale there is for `locale`.
   *
   * @throws when a template cannot be rendered; the start-up check has rendered each of them once
   */
  render<M extends MailName>(mail: M, locale: string, context: MailContext<M>): RenderedMail {
    const part = (files: string[], finish: (context: TemplateContext) => TemplateContext) => {
      const language = this.store.languageOf(files, locale);
      return this.store.render(files, locale, finish(this.templateContext(mail, language, context)));
    };
    const html = part(mailFiles(mail, this.config), (asText) => withHtmlLink(mail, asText));
    const text = part(textFiles(mail, this.config), (asText) => asText);
    return { subject: htmlTitle(html), html, text };
  }

  private templateContext(mail: MailName, lang: string, context: MailContext): TemplateContext {
    const { url: link } = PURPOSES[mail].mail;
    // Read by name, not spread: whatever else the caller's object carries stays out of reach of a template.
    const url: unknown = Reflect.get(context, link) ?? (link === 'login_url' ? this.config.loginUrl : undefined);
    const { user, expires_at } = context;
    return Object.freeze({
      lang,
      user: templateUser(user, this.config.mail.userFields),
      [link]: url,
      ...(expires_at && { expires_at: new Date(expires_at), expires_at_text: instantText(expires_at, lang) }),
    });
  }
}

/** The file names of a mail's HTML part, best first: the configured one, then the bundled one. */
export function mailFiles(mail: MailName, config: AuthConfig): string[] {
  const { template } = PURPOSES[mail].mail;
  const option = isLinkPurpose(mail) ? linkPurpose(mail).template : undefined;
  const configured = option && (valueAt(config, option.path) as string);
  return [...new Set([configured ?? template, template])];
}

/** The file names of a mail's text part, best first. */
export function textFiles(mail: MailName, config: AuthConfig): string[] {
  return mailFiles(mail, config).map((file) => file.replace(/\.hbs$/, '.txt.hbs'));
}

function withHtmlLink(mail: MailName, context: TemplateContext): TemplateContext {
  const { url: link } = PURPOSES[mail].mail;
  const url = context[link];
  return typeof url === 'string' ? Object.freeze({ ...context, [link]: htmlLink(url) }) : context;
}
