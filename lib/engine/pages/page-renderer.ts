import { fileURLToPath } from 'node:url';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { TextKey } from '../texts/languages/en.js';
import { negotiateLocale } from '../texts/locale.js';
import { htmlLink } from '../templates/template-context.js';
import { TemplateStore, type TemplateContext } from '../templates/template-store.js';
import { isTextKey, translate } from '../texts/translate.js';
import { pageHeaders } from './page-headers.js';
import type { ErrorContext, PageContexts, PageName } from './page-table.js';

/** Templates that the pages include. */
export const PAGE_PARTIALS = ['page_layout'] as const;

/** A page, ready to be sent: all headers must go along. */
export interface RenderedPage {
  html: string;
  headers: Record<string, string>;
}

/** Makes the pages of mode E out of templates, which `mail.templateDir` may shadow file by file. */
@Injectable()
export class PageRenderer {
  private readonly store: TemplateStore;

  constructor(@Inject(AUTH_CONFIG) private readonly config: AuthConfig) {
    this.store = new TemplateStore({
      bundledDir: fileURLToPath(new URL('./templates', import.meta.url)),
      templateDir: config.mail.templateDir,
      defaultLocale: config.mail.defaultLocale,
      partials: PAGE_PARTIALS,
    });
  }

  /** The locale to render in for a request's Accept-Language header. */
  localeFor(acceptLanguage: string | undefined): string {
    return negotiateLocale(acceptLanguage, this.store.locales, this.store.defaultLocale);
  }

  /**
   * Renders a page in the best locale there is for `locale`.
   *
   * @throws when the template cannot be rendered; the start-up check has rendered each of them once
   */
  render<P extends PageName>(page: P, locale: string, context: PageContexts[P]): RenderedPage {
    const files = [`${page}.hbs`];
    const language = this.store.languageOf(files, locale);
    const html = this.store.render(files, locale, this.templateContext(language, context));
    return { html, headers: pageHeaders(html) };
  }

  /** A text of the catalogue in the language that page has, for what a handler adds to it. */
  text(page: PageName, locale: string, key: TextKey, values?: Readonly<Record<string, unknown>>): string {
    return translate(this.store.languageOf([`${page}.hbs`], locale), key, values);
  }

  private templateContext(lang: string, context: PageContexts[PageName]): TemplateContext {
    const { loginUrl, password } = this.config;
    const {
      user,
      form_action,
      login_url = loginUrl,
      reason,
      reason_code,
      wait_minutes,
      ...rest
    } = context as Partial<PageContexts['password_reset_form'] & ErrorContext>;
    const reasonKey = `error.${reason_code}`;
    return Object.freeze({
      min_length: password.minLength,
      max_length: password.maxLength,
      ...rest,
      lang,
      ...(reason !== undefined && {
        reason: isTextKey(reasonKey) ? translate(lang, reasonKey, { minutes: wait_minutes }) : reason,
        reason_code,
        wait_minutes,
      }),
      // Picked by name: should a caller pass the entity, its columns stay out of reach of a template.
      ...(user && { user: Object.freeze({ email_hint: user.email_hint }) }),
      ...(login_url !== undefined && { login_url: htmlLink(login_url) }),
      ...(form_action !== undefined && { form_action: htmlLink(form_action) }),
    });
  }
}
