import type { Browser, Locator, Page } from 'playwright-core';
import { openPage, type WatchedPage } from './browser.js';

/** What the API answered to a press of a button, and what the page says beside the button. */
export interface Pressed {
  status: number;
  // A test reads the wire: what it expects of the body is the test itself.
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any;
  says: string;
}

/** Somebody who clicks through the web page of the sample application, in a tab of their own, and watches it. */
export class SampleVisitor {
  private readonly faults: string[] = [];
  /** Statuses of the API, which Chromium reports to the console by itself. */
  private readonly refusals = new Set<string>();

  private constructor(
    private readonly watched: WatchedPage,
    /** What must not be seen in the page; tokens join it when they arrive. */
    private readonly secrets: Set<string>,
    readonly page: Page = watched.page,
  ) {}

  /** Opens the page, or the link that leads to it. */
  static async arrive(browser: Browser, link: string, passwords: string[]): Promise<SampleVisitor> {
    const watched = await openPage(browser, new URL(link).origin);
    const visitor = new SampleVisitor(watched, new Set(passwords));
    await visitor.follow(link);
    await visitor.page.locator('#banner').waitFor();
    return visitor;
  }

  async follow(link: string): Promise<void> {
    const [token] = /[\w-]{64}$/.exec(link) ?? [];
    if (token) this.secrets.add(token);
    await this.page.goto(link);
    // The page takes the token out of the address bar at once.
    await this.page.waitForURL(({ hash }) => hash === '', { timeout: 5_000 });
    await this.look('the link was opened');
  }

  /** Opens a form where it is closed, and fills it in by its labels. */
  async fill(call: string, values: Record<string, string>): Promise<void> {
    const form = this.page.locator(`form[data-call="${call}"]`);
    if (!(await form.isVisible())) await this.page.locator('details', { has: form }).locator('summary').click();
    for (const [label, value] of Object.entries(values)) {
      // From its beginning: "Name" is not "Username".
      await form.getByLabel(new RegExp(`^\\s*${label}`)).fill(value);
    }
  }

  /** Picks an option of a list. */
  async choose(call: string, label: string, value: string): Promise<void> {
    await this.page.locator(`form[data-call="${call}"]`).getByLabel(label).selectOption(value);
  }

  /**
   * Presses a button and waits until the page shows the exchange; it must show what the API answered.
   * @param button where there are several of the call
   */
  async press(call: string, button = this.button(call)): Promise<Pressed> {
    const exchanges = this.page.locator('.exchange');
    const before = await exchanges.count();
    const answered = this.page.waitForResponse((response) => /\/(auth|demo|users)\//.test(response.url()));
    const details = this.page.locator('details', { has: button });
    if (!(await button.isVisible())) await details.locator('summary').click();
    await button.click();
    const response = await answered;
    const status = response.status();
    const body = status === 204 ? null : await response.json();
    for (const secret of secretsIn(body)) this.secrets.add(secret);
    if (status >= 400) this.refusals.add(String(status));

    await exchanges.nth(before).waitFor();
    const asked = `${response.request().method()} ${new URL(response.url()).pathname}`;
    const head = await exchanges.first().locator('summary > *').allInnerTexts();
    if (head[0] !== asked || head[1] !== String(status)) this.faults.push(`${asked}: the page shows ${head.join(' ')}`);
    const shown = (await exchanges.first().locator('pre').last().innerText()).split('\n');
    const lines = body ? JSON.stringify(body, null, 2).split('\n') : ['no body'];
    const missing = lines.filter((line) => !/(_token|_url)": "/.test(line) && !shown.includes(line));
    this.faults.push(...missing.map((line) => `${asked}: the page does not show ${line}`));
    await this.look(asked);
    return { status, body, says: await this.outcome(call).innerText() };
  }

  /** What the page says beside a button. */
  outcome(call: string): Locator {
    // The buttons in the list of devices tell below the list.
    const owner = call === 'endSession' ? 'listSessions' : call;
    const button = `button[data-call="${call}"]`;
    return this.page.locator(`form[data-call="${owner}"] > .outcome, .card:has(> .actions > ${button}) > .outcome`);
  }

  private button(call: string): Locator {
    return this.page.locator(`button[data-call="${call}"], form[data-call="${call}"] > button`);
  }

  async isSignedIn(): Promise<boolean> {
    return (await this.page.locator('#signed').innerText()) === 'Signed in';
  }

  /** Closes the tab and tells what the page did that it must not, all the time. */
  async leave(): Promise<string[]> {
    const stored = await this.page.evaluate<string>('JSON.stringify([localStorage, sessionStorage, document.cookie])');
    const withoutCsrf = stored.replace(/__Host-gatehouse-csrf=[\w-]{43}/, '');
    if (withoutCsrf !== '[{},{},""]') this.faults.push(`kept outside the memory of the page: ${stored}`);
    const isRefusal = (problem: string): boolean =>
      this.refusals.has(/^Failed to load resource: .* with a status of (\d+)/.exec(problem)?.[1] ?? '');
    await this.watched.close();
    return [...this.faults, ...this.watched.problems.filter((problem) => !isRefusal(problem))];
  }

  /** The address of a link may hold the token an API answered. What is read, and the address bar, may not. */
  private async look(occasion: string): Promise<void> {
    const text = this.page.url() + (await this.page.content()).replaceAll(/ href="[^"]*"/g, '');
    const seen = [...this.secrets].filter((secret) => text.includes(secret));
    this.faults.push(...seen.map((secret) => `after ${occasion} one can read ${secret}`));
  }
}

/** The tokens in an answer, and those in its links. */
function secretsIn(body: Record<string, unknown> | null): string[] {
  const entries = Object.entries(body ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return entries.flatMap(([name, value]) => {
    if (name.endsWith('_url')) return /[\w-]{64}$/.exec(value) ?? [];
    return /^(access|refresh)_token$/.test(name) ? [value] : [];
  });
}
