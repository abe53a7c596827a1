import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path, { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { AuthError } from '../.build/lib/platform/common/auth.errors.js';
import { MailRenderer } from '../.build/lib/engine/mail/mail-renderer.js';
import { PageRenderer } from '../.build/lib/engine/pages/page-renderer.js';

/**
 * Renders every mail, every page of mode E and the sample application's web page in Chromium, and writes docs/images, or
 * the directory that is named: `npm run screenshots -- DIRECTORY`. It needs `npm run build`; CHROMIUM_PATH names the
 * browser.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const images = path.resolve(process.argv[2] ?? join(root, 'docs', 'images'));

/** What a picture is taken of: the end of its name, the size of the window, the colours. */
const desktop = { suffix: '', viewport: { width: 900, height: 620 }, colorSchemes: ['light', 'dark'] };
const phone = { suffix: '-phone', viewport: { width: 390, height: 720 }, colorSchemes: ['light'] };
const mail = { suffix: '', viewport: { width: 640, height: 400 }, colorSchemes: ['light', 'dark'] };

const LOGIN_URL = 'https://app.example.com/login';
const TOKEN = 'Rk5xU2hOZ2V0aGlzaXNvbmx5YW5leGFtcGxlb2ZhbGlua3Rva2VuMDAwMDAwMDAw';
const user = { id: '01a', email: 'zoe@example.org', name: 'Zoë' };
const expires_at = new Date('2026-11-22T11:30:00Z');

/** What the renderers read of the configuration. */
const config = {
  loginUrl: LOGIN_URL,
  password: { minLength: 12, maxLength: 128 },
  activation: { template: 'activation.hbs' },
  passwordReset: { template: 'password_reset.hbs' },
  emailChange: { template: 'email_change.hbs' },
  mail: { defaultLocale: 'en', userFields: [] },
};

const mails = {
  activation: { activation_url: `https://app.example.com/activate?token=${TOKEN}` },
  'password-reset': { reset_url: `https://app.example.com/reset-password?token=${TOKEN}` },
  'email-change': { email_change_url: `https://app.example.com/confirm-email?token=${TOKEN}` },
  'email-change-undo': { undo_url: `https://app.example.com/undo-email-change?token=${TOKEN}` },
  'account-exists': {},
  'password-changed-notice': {},
  'login-alert': { reset_url: `https://app.example.com/reset-password?token=${TOKEN}` },
  'session-reuse-notice': {},
};

const form = { form_action: `/auth/password-reset/${TOKEN}`, user: { email_hint: 'z…@example.org' } };
const owner = { email_hint: 'z…@example.org' };
const reasonOf = (code) => ({ reason: new AuthError(code).message, reason_code: code });

const pages = {
  activation_confirm: { activation_confirm: { form_action: `/auth/activate/${TOKEN}` } },
  activation_success: { activation_success: {} },
  activation_already_active: { activation_success: { already_active: true } },
  activation_error: { activation_error: reasonOf('ACTIVATION_INVALID_TOKEN') },
  password_reset_form: { password_reset_form: form },
  password_reset_refused: { password_reset_form: { ...form, error: 'The two passwords differ.' } },
  password_reset_success: { password_reset_success: {} },
  email_change_confirm: { email_change_confirm: { form_action: `/auth/email-change/${TOKEN}`, ...owner } },
  email_change_success: { email_change_success: owner },
  email_change_undo_confirm: {
    email_change_undo_confirm: { form_action: `/auth/email-change/undo/${TOKEN}`, ...owner },
  },
  email_change_undo_success: { email_change_undo_success: owner },
  email_change_error: { email_change_error: reasonOf('EMAIL_CHANGE_INVALID_TOKEN') },
  password_reset_error: { password_reset_error: reasonOf('PASSWORD_RESET_INVALID_TOKEN') },
};

/** Opens `url` once per view, and keeps what it looks like. */
async function shoot(browser, name, url, views, html, headers) {
  for (const { suffix, viewport, colorSchemes } of views) {
    for (const colorScheme of colorSchemes) {
      const page = await browser.newPage({ viewport, colorScheme, deviceScaleFactor: 1, locale: 'en-GB' });
      // With the headers a page is sent with: what its Content-Security-Policy blocks is missing from the picture.
      if (html) await page.route(url, (route) => route.fulfill({ body: html, headers }));
      // The sample's page asks for its data when it is there; the others have all there is.
      await page.goto(url, { waitUntil: html ? 'load' : 'networkidle' });
      const file = `${name.replaceAll('-', '_')}${suffix}-${colorScheme}.png`;
      await page.screenshot({ path: join(images, file), fullPage: true });
      await page.close();
    }
  }
}

/** Starts the sample application in mode C on a database in memory. */
function startSampleApp() {
  const env = {
    PATH: process.env.PATH,
    PORT: '0',
    DATABASE_URL: ':memory:',
    AUTH_MODE: 'C',
    JWT_SECRET: randomBytes(48).toString('base64'),
  };
  const child = spawn(process.execPath, [join(root, '.build', 'sample-app', 'main.js')], { env, cwd: images });
  const address = new Promise((found, reject) => {
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
        const url = /Listening on (http:\/\/[\w.:]+)/.exec(output)?.[1];
        if (url) found(url);
      });
    }
    child.once('exit', (code) => reject(new Error(`the sample application ended with code ${code}:\n${output}`)));
  });
  return { address, stop: () => child.kill() };
}

rmSync(images, { recursive: true, force: true });
mkdirSync(images, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
});
const sample = startSampleApp();
try {
  const mailRenderer = new MailRenderer(config);
  for (const [name, link] of Object.entries(mails)) {
    const { html } = mailRenderer.render(name, 'en', { user, expires_at, ...link });
    await shoot(browser, `mail_${name}`, 'http://mail.example/', [mail], html, { 'content-type': 'text/html' });
  }
  const pageRenderer = new PageRenderer(config);
  for (const [name, one] of Object.entries(pages)) {
    const [[page, context]] = Object.entries(one);
    const { html, headers } = pageRenderer.render(page, 'en', context);
    await shoot(browser, name, 'http://pages.example/', [desktop, phone], html, headers);
  }
  await shoot(browser, 'sample_app', `${await sample.address}/`, [desktop]);
} finally {
  sample.stop();
  await browser.close();
}

const files = readdirSync(images);
const size = files.reduce((sum, file) => sum + statSync(join(images, file)).size, 0);
console.log(`${files.length} pictures, ${Math.round(size / 1024)} KiB, in ${images}`);
