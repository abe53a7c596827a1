import { parseSetCookie, type SetCookie } from 'cookie';
import type { Answer } from './client.js';

/** A cookie as an answer sets it, `expires` and all. */
export function cookiesOf({ headers }: Answer): SetCookie[] {
  return headers.getSetCookie().map((line) => parseSetCookie(line));
}

/** The cookies a browser keeps for one host: by name and path, sent to that path and below (RFC 6265, 5.1.4, 5.3). */
export class CookieJar {
  private readonly cookies = new Map<string, SetCookie>();

  /** Takes what an answer sets, and drops what it clears. */
  keep(answer: Answer): void {
    for (const cookie of cookiesOf(answer)) {
      const key = `${cookie.name} ${cookie.path}`;
      if (cookie.maxAge === 0) this.cookies.delete(key);
      else this.cookies.set(key, cookie);
    }
  }

  /** The `Cookie` header for a path; empty where no cookie goes there. */
  header(path: string): Record<string, string> {
    const sent = [...this.cookies.values()].filter((cookie) => matches(path, cookie.path ?? '/'));
    return sent.length > 0 ? { cookie: sent.map(({ name, value }) => `${name}=${value}`).join('; ') } : {};
  }

  /** The value kept under that name. */
  value(name: string): string | undefined {
    return [...this.cookies.values()].find((cookie) => cookie.name === name)?.value;
  }

  get names(): string[] {
    return [...this.cookies.values()].map(({ name }) => name).sort();
  }
}

function matches(requested: string, path: string): boolean {
  return path === '/' || requested === path || requested.startsWith(`${path}/`);
}
