import type { Answer, Client } from './client.js';
import { CookieJar } from './cookie-jar.js';

/** Somebody at a browser: keeps cookies, sends them where they belong, and says which site a request comes from. */
export class Visitor {
  readonly jar = new CookieJar();

  constructor(
    private readonly client: Client,
    /** Headers of every request; by default those of a page of the application itself. */
    private readonly headers: Record<string, string> = { 'sec-fetch-site': 'same-origin' },
  ) {}

  get(path: string, headers = this.headers): Promise<Answer> {
    return this.keep(this.client.get(path, { headers: { ...this.jar.header(path), ...headers } }));
  }

  post(path: string, body?: unknown, headers = this.headers): Promise<Answer> {
    return this.keep(this.client.post(path, body, { headers: { ...this.jar.header(path), ...headers } }));
  }

  private async keep(answering: Promise<Answer>): Promise<Answer> {
    const answer = await answering;
    this.jar.keep(answer);
    return answer;
  }
}
