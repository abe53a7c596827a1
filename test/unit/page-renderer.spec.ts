import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AuthConfig } from '../../lib/platform/config/auth-config.js';
import { PageRenderer } from '../../lib/engine/pages/page-renderer.js';
import { type PageContexts, type PageName, PAGES } from '../../lib/engine/pages/page-table.js';
import { emailHint } from '../../lib/engine/templates/template-context.js';

const TOKEN = 'Zk3vQ9rT-_aB7yNc'.repeat(4);
const LOGIN = 'https://app.example.com/login?from=mail';
const HOSTILE = `"><script>alert(1)</script><a href=//evil>`;

const CONTEXTS: PageContexts = {
  activation_success: {},
  activation_error: { reason: HOSTILE },
  activation_confirm: { form_action: `/auth/activate/${TOKEN}` },
  password_reset_form: {
    form_action: `/auth/password-reset/${TOKEN}`,
    user: { email_hint: emailHint('kate@example.com') },
    error: HOSTILE,
  },
  password_reset_success: {},
  password_reset_error: { reason: HOSTILE },
  email_change_confirm: { form_action: `/auth/email-change/${TOKEN}`, email_hint: emailHint('kate@example.com') },
  email_change_success: { email_hint: emailHint('kate@example.com') },
  email_change_undo_confirm: {
    form_action: `/auth/email-change/undo/${TOKEN}`,
    email_hint: emailHint('kate@example.com'),
  },
  email_change_undo_success: { email_hint: emailHint('kate@example.com') },
  email_change_error: { reason: HOSTILE },
};

function rendererOf(mail: object = {}, loginUrl: string | undefined = LOGIN): PageRenderer {
  return new PageRenderer({
    mail: { defaultLocale: 'en', userFields: [], ...mail },
    password: { minLength: 12, maxLength: 128 },
    loginUrl,
  } as unknown as AuthConfig);
}

function render<P extends PageName>(page: P, context: PageContexts[P] = CONTEXTS[page]) {
  return rendererOf().render(page, 'en', context);
}

function inTemplateDir<T>(files: Record<string, string>, use: (templateDir: string) => T): T {
  const templateDir = mkdtempSync(join(tmpdir(), 'pages-'));
  try {
    for (const [name, source] of Object.entries(files)) writeFileSync(join(templateDir, name), source);
    return use(templateDir);
  } finally {
    rmSync(templateDir, { recursive: true });
  }
}

function styleHashes(html: string): string[] {
  return Array.from(html.matchAll(/<style>([\s\S]*?)<\/style>/g), ([, style = '']) =>
    createHash('sha256').update(style).digest('base64'),
  );
}

describe.each(PAGES)('the page %s', (page) => {
  const { html, headers } = render(page);

  it('is a document of its own: language, viewport, one heading, no search engines', () => {
    expect(html).toMatch(/^<!doctype html>\s*<html lang="en">/);
    expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    expect(html).toContain('<meta name="robots" content="noindex">');
    expect(html).toMatch(/<title>[A-Z][^<]+<\/title>/);
    expect(html.match(/<h1>/g)).toHaveLength(1);
    expect(html.match(/<main>/g)).toHaveLength(1);
  });

  it('has no script, nothing to load, and no link but the login URL', () => {
    expect(html).not.toMatch(/<(?:script|link|img|iframe|object|base)\b|url\(|@import|\son[a-z]+=|\sstyle="/i);
    const hrefs = Array.from(html.matchAll(/href="([^"]*)"/g), ([, href]) => href);
    for (const href of hrefs) expect(href).toBe(LOGIN);
    expect(html.match(/https?:\/\//g)?.length ?? 0).toBe(hrefs.length);
  });

  it('names the token in the form action only', () => {
    const withoutForm = html.replace(/<form method="post" action="\/auth\/[a-z/-]+\/[\w-]{64}">/, '');
    expect(withoutForm).not.toContain(TOKEN);
    expect(withoutForm.includes('<form')).toBe(false);
    expect(html.includes(TOKEN)).toBe('form_action' in CONTEXTS[page]);
  });

  it('carries headers that keep it out of caches, frames and Referers, and admit its own style alone', () => {
    const [hash, ...others] = styleHashes(html);
    expect(others).toEqual([]);
    expect(headers).toEqual({
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
      'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'X-Robots-Tag': 'noindex, nofollow',
    });
  });
});

describe('the pages', () => {
  it('have no login button without a login URL', () => {
    const renderer = new PageRenderer({ mail: { defaultLocale: 'en' }, password: {} } as unknown as AuthConfig);
    for (const page of PAGES) expect(renderer.render(page, 'en', CONTEXTS[page]).html).not.toContain('<a ');
  });

  it('refuse a login URL or form action that is no web address', () => {
    expect(() => render('activation_success', { login_url: 'javascript:alert(1)' })).toThrow('http(s)');
    expect(() => render('activation_confirm', { form_action: '//evil.example' })).toThrow('http(s)');
    expect(() => render('activation_confirm', { form_action: '/\\evil.example' })).toThrow('http(s)');
  });

  it('tell a second activation that the account is active already', () => {
    expect(render('activation_success').html).toContain('Your account is active');
    expect(render('activation_success', { already_active: true }).html).toContain('Your account is already active');
  });

  it('show reasons as text', () => {
    expect(render('activation_error').html).toContain('&quot;&gt;&lt;script&gt;');
  });
});

describe('the reset form', () => {
  const { html } = render('password_reset_form');

  it('asks for the password twice, for password managers and within the policy', () => {
    for (const name of ['new_password', 'confirm_password']) {
      const [field = ''] = new RegExp(`<input[^>]*name="${name}"[^>]*>`).exec(html) ?? [];
      expect(field).toContain('type="password"');
      expect(field).toContain('autocomplete="new-password"');
      expect(field).toContain('minlength="12"');
      // A browser cuts a longer paste silently, and by UTF-16 units: the server must see it whole, and refuse it.
      expect(field).not.toContain('maxlength');
      expect(html).toContain(`<label for="${name}">`);
    }
  });

  it('announces the error and ties it to the fields', () => {
    expect(html).toContain('<p class="error" id="error" role="alert">');
    expect(html).toContain('aria-describedby="error length" aria-invalid="true"');
  });

  it('has no trace of an error on the first visit', () => {
    const first = render('password_reset_form', { ...CONTEXTS.password_reset_form, error: undefined }).html;
    expect(first).not.toMatch(/role="alert"|<input[^>]*aria-invalid/);
    expect(first).toContain('aria-describedby="length"');
  });

  it('hints at the address and says no more', () => {
    expect(html).toContain('k…@example.com');
    expect(html).not.toContain('kate');
    const entity = { email_hint: 'k…@example.com', email: 'kate@example.com', passwordHash: 'secret' };
    const template = '{{user.email_hint}}|{{user.email}}|{{user.passwordHash}}';
    const shown = inTemplateDir({ 'password_reset_form.hbs': template }, (templateDir) =>
      rendererOf({ templateDir }).render('password_reset_form', 'en', { form_action: '/x', user: entity }),
    );
    expect(shown.html).toBe('k…@example.com||');
  });
});

describe("an application's own pages", () => {
  it('get the hash of the style they render, also where the file has CRLF', () => {
    const layout = '<title>{{title}}</title>\r\n<style>\r\nbody { color: red }\r\n</style>{{> @partial-block}}';
    const page = inTemplateDir({ 'page_layout.hbs': layout }, (templateDir) =>
      rendererOf({ templateDir }).render('activation_success', 'en', {}),
    );
    const hash = createHash('sha256').update('\nbody { color: red }\n').digest('base64');
    expect(page.headers['Content-Security-Policy']).toContain(`style-src 'sha256-${hash}';`);
  });

  it('may have no style or several', () => {
    const files = { 'activation_error.hbs': 'plain', 'activation_success.hbs': '<style>a{}</style><style>b{}</style>' };
    inTemplateDir(files, (templateDir) => {
      const renderer = rendererOf({ templateDir });
      const csp = (page: PageName) => renderer.render(page, 'en', CONTEXTS[page]).headers['Content-Security-Policy'];
      expect(csp('activation_error')).toContain("style-src 'none';");
      expect(csp('activation_success')?.match(/'sha256-/g)).toHaveLength(2);
    });
  });

  it('follow Accept-Language as far as there are languages', () => {
    inTemplateDir({}, (templateDir) => {
      writeFileSync(join(templateDir, 'activation_success.hbs'), '{{lang}}');
      const renderer = rendererOf({ templateDir, defaultLocale: 'fr' });
      const locale = (header?: string) => renderer.localeFor(header);
      expect(locale('en-GB,de;q=0.9')).toBe('en');
      expect(locale('it, en;q=0.4, fr-CA;q=0.8')).toBe('fr');
      expect(locale('de-CH, en;q=0.4')).toBe('de');
      expect(locale('pt;q=0.9, it')).toBe('pt-BR');
      expect(locale('en;q=0, *')).toBe('fr');
      expect(locale('../../etc/passwd, <script>')).toBe('fr');
      expect(locale(`${'x-'.repeat(10_000)}en`)).toBe('fr');
      expect(locale()).toBe('fr');
    });
  });
});

describe('emailHint', () => {
  it.each([
    ['kate@example.com', 'k…@example.com'],
    ['k@example.com', 'k…@example.com'],
  ])('shows %s as %s', (email, hint) => {
    expect(emailHint(email)).toBe(hint);
  });
});
