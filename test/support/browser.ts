import { createServer } from 'node:net';
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

/** Starts Chromium without a window. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: inject('legs').chromiumPath, args: FLAGS });
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

/** A port that was free a moment ago, for an application that must know its address before it starts. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
