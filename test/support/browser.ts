import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { inject } from 'vitest';

/** Nothing a browser does on its own account: what it asks for is what the page asked for. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** False where this machine has no Chromium; the reason was printed when the run started. */
export function hasBrowser(): boolean {
  return inject('legs').available.includes('chromium');
}

/** Starts Chromium without a window, with more flags or none. */
export function launchBrowser(...flags: string[]): Promise<Browser> {
  return chromium.launch({ executablePath: inject('legs').paths.chromium, args: [...FLAGS, ...flags] });
}

/** A tab that keeps a list of everything a page must not do. */
export interface WatchedPage {
  page: Page;
  /** Errors and warnings of the console, violations of the Content-Security-Policy, requests to other origins. */
  problems: string[];
  close(): Promise<void>;
}

/** Opens a tab with a profile of its own, in which pages of `origin` are looked at. */
export async function openPage(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  const problems: string[] = [];
  // Runs before the page's own content, and where a policy forbids scripts as well.
  await context.addInitScript({
    content: `document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      console.error('blocked by ' + violatedDirective + ': ' + blockedURI))`,
  });
  const page = await context.newPage();
  page.on('pageerror', ({ message }) => problems.push(message));
  page.on('requestfailed', (request) => problems.push(`failed: ${request.url()}`));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) problems.push(`asked another origin: ${request.url()}`);
  });
  page.on('console', (message) => {
    // Chromium reports the status 400 of the page itself, which is what a page that says no is sent with.
    const isItsStatus = message.location().url === page.url() && message.text().includes('status of 400');
    if (['error', 'warning'].includes(message.type()) && !isItsStatus) problems.push(message.text());
  });
  return { page, problems, close: () => context.close() };
}

/** Runs in the page: what a narrow screen or a screen reader would stumble over. */
const FLAWS = `(() => {
  const flaws = [];
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  if (document.documentElement.scrollWidth > innerWidth) flaws.push('scrolls sideways');
  if (all('h1').length !== 1) flaws.push(all('h1').length + ' headings of the first level');
  if (all('main').length !== 1) flaws.push(all('main').length + ' main landmarks');
  if (!document.documentElement.lang) flaws.push('no language');
  if (!document.title) flaws.push('no title');
  for (const input of all('input')) {
    if (!input.labels.length) flaws.push(input.name + ' has no label');
    const ids = (input.getAttribute('aria-describedby') ?? '').split(' ').filter(Boolean);
    if (!ids.every((id) => document.getElementById(id))) flaws.push(input.name + ' is described by nothing');
  }
  for (const svg of all('svg')) if (!svg.closest('[aria-hidden=true]')) flaws.push('an icon is read aloud');
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = channels(color).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (channels(color)[3] !== 0) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  for (const element of all('h1, p, strong, label, input, .button, .link')) {
    const [low, high] = [getComputedStyle(element).color, background(element)].map(luminance).sort((a, b) => a - b);
    const contrast = (high + 0.05) / (low + 0.05);
    // WCAG 2.2, 1.4.3
    if (contrast < 4.5) flaws.push(element.className + ' ' + element.tagName + ' has a contrast of ' + contrast.toFixed(2));
  }
  for (const element of all('input, .button')) {
    // WCAG 2.2, 2.5.8
    if (element.getBoundingClientRect().height < 24) flaws.push(element.tagName + ' is too small to hit');
  }
  return flaws;
})()`;

/** What is wrong with the page that is open: on a phone and on a desktop, in light and in dark colours. */
export async function flawsOf(page: Page): Promise<string[]> {
  const flaws: string[] = [];
  const backgrounds = new Set<string>();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of [320, 1280]) {
      await page.setViewportSize({ width, height: 640 });
      const found = await page.evaluate<string[]>(FLAWS);
      flaws.push(...found.map((flaw) => `${colorScheme}, ${width} px: ${flaw}`));
    }
    backgrounds.add(await page.evaluate<string>('getComputedStyle(document.body).backgroundColor'));
  }
  return backgrounds.size === 2 ? flaws : [...flaws, 'dark looks like light'];
}
