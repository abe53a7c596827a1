import { createServer, type Server, type ServerResponse } from 'node:http';
import type { JWK } from 'jose';

/** A real HTTP server that hands out a JWKS, or fails to. */
export class KeyServer {
  keys: JWK[] = [];
  /** How a request is answered; by default with the keys. */
  answer = (response: ServerResponse): void => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: this.keys }));
  };
  /** How many times it was asked. */
  asked = 0;
  private port = 0;
  private server?: Server;

  get url(): string {
    return `http://127.0.0.1:${this.port}/.well-known/jwks.json`;
  }

  /** Starts listening; again on the same port after {@link goDown}. */
  async goUp(): Promise<this> {
    const server = createServer((_request, response) => {
      this.asked += 1;
      this.answer(response);
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
