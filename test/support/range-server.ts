import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** What a range is asked for by, and what never leaves the machine. */
export function hashParts(password: string): { prefix: string; suffix: string } {
  const digest = createHash('sha1').update(password).digest('hex').toUpperCase();
  return { prefix: digest.slice(0, 5), suffix: digest.slice(5) };
}

/** A real HTTP server with the range interface of Have I Been Pwned, or one that is out of order. */
export class RangeServer {
  /** Every request, as the server saw it. */
  readonly asked: Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders'>[] = [];
  /** How a request is answered; by default with the range. */
  answer: (response: ServerResponse, prefix: string) => unknown = (response, prefix) =>
    response.end(this.rangeOf(prefix));
  private readonly counts = new Map<string, number>();
  private port = 0;
  private server?: Server;

  get url(): string {
    return `http://127.0.0.1:${this.port}/range`;
  }

  /** Has a password among the breached ones; with count 0 it is padding. */
  know(password: string, count = 3): void {
    this.counts.set(password, count);
  }

  /** Lines as the service writes them, padding among them. */
  rangeOf(prefix: string): string {
    const known = [...this.counts].filter(([password]) => hashParts(password).prefix === prefix);
    const lines = known.map(([password, count]) => `${hashParts(password).suffix}:${count}`);
    return [`${'0'.repeat(35)}:0`, ...lines, `${'F'.repeat(35)}:0`].join('\r\n');
  }

  async goUp(): Promise<this> {
    const server = createServer((request, response) => {
      const { method, url = '', rawHeaders } = request;
      this.asked.push({ method, url, rawHeaders });
      this.answer(response, url.slice('/range/'.length));
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as { port: number }).port;
    this.server = server;
    return this;
  }

  /** Stops listening, and ends what hangs. */
  async goDown(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    server?.closeAllConnections();
    if (server) await new Promise((resolve) => server.close(resolve));
  }
}
