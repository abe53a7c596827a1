import { connect, type Socket } from 'node:net';

/**
 * A keep-alive HTTP/1.1 connection with one request at a time. It knows no more HTTP than the benchmark needs, because
 * the load generator shares the machine with what it measures.
 */
export class Connection {
  private received = '';
  private waiting?: { resolve: (body: string) => void; reject: (error: Error) => void };

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (text: string) => this.receive(text));
    socket.on('error', (error) => this.waiting?.reject(error));
    socket.on('close', () => this.waiting?.reject(new Error('the server closed the connection')));
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new Connection(socket)));
      socket.once('error', reject);
    });
  }

  /** Sends a request and gives the body of its answer; rejects for any but a success: a failure is not a measurement. */
  ask(request: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.socket.write(request, 'latin1');
    });
  }

  close(): void {
    this.waiting = undefined;
    this.socket.destroy();
  }

  private receive(text: string): void {
    this.received += text;
    const headEnd = this.received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = this.received.slice(0, headEnd);
    const bodyStart = headEnd + 4;
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
    if (this.received.length < bodyStart + length) return;
    const body = this.received.slice(bodyStart);
    this.received = '';
    const { waiting } = this;
    this.waiting = undefined;
    if (head.startsWith('HTTP/1.1 2') && !Number.isNaN(length)) waiting?.resolve(body);
    else waiting?.reject(new Error(`${head.slice(0, head.indexOf('\r\n'))} ${body}`));
  }
}
