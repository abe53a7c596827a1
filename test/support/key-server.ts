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
  /** Bytes that clients took, with what the sockets between hold. */
  sentBytes = 0;
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
    server.on('connection', (socket) => socket.once('close', () => (this.sentBytes += socket.bytesWritten)));
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as { port: number }).port;
    this.server = server;
    return this;
  }

  /** Answers with a head and then the same chunk again and again, as fast as it is taken, for as long as anybody reads. */
  endless(headers: Record<string, string>, chunk: string | Buffer): (response: ServerResponse) => void {
    return (response) => {
      response.writeHead(200, headers);
      const pour = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', pour);
      pour();
    };
  }

  /** Stops listening, and ends what hangs. */
  async goDown(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    server?.closeAllConnections();
    if (server) await new Promise((resolve) => server.close(resolve));
  }
}
