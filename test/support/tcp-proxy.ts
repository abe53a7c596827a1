import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A door in front of a database server that a test can shut: what an outage looks like from inside the application. */
export class TcpProxy {
  port = 0;
  private server?: Server;
  private readonly sockets = new Set<Socket>();
  private lost?: string;

  constructor(private readonly target: { host: string; port: number }) {}

  /** Starts listening; on the same port after {@link shut}. */
  async open(): Promise<this> {
    const server = createServer((client) => {
      const upstream = connect(this.target);
      this.loseIn(client, upstream);
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.sockets.add(from);
        from.pipe(to);
        // The other side goes with it, and the one who waits for an answer learns of it.
        from.on('error', () => to.destroy()).on('close', () => to.destroy());
      }
    });
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(this.port, '127.0.0.1', resolve));
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    return this;
  }

  /**
   * The server carries out the next statement with that text in it, and its answer is lost with the connection: whoever
   * asked cannot know whether it was.
   */
  loseAnswerTo(text: string): void {
    this.lost = text;
  }

  /** True while no such statement has come. */
  get isWaiting(): boolean {
    return this.lost !== undefined;
  }

  private loseIn(client: Socket, upstream: Socket): void {
    client.on('data', (sent: Buffer) => {
      if (this.lost === undefined || !sent.includes(this.lost)) return;
      this.lost = undefined;
      upstream.unpipe(client).once('data', () => client.destroy());
      // Unpiped, nobody would read the answer.
      upstream.resume();
    });
  }

  /** Cuts every connection and refuses new ones. */
  async shut(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (!server) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
    await closed;
  }
}
