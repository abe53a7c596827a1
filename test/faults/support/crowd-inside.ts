/** A process of clients: what it is asked to do comes as a message, what came of it goes back as one. */
import { connect, type Socket } from 'node:net';

/** What clients do, each over a connection of its own that waits for an answer before it asks again. */
export interface Crowd {
  port: number;
  /** Addresses of this machine, all of 127.0.0.0/8, that the connections come from in turn. */
  from: readonly string[];
  connections: number;
  seconds: number;
  /** Requests a second at fixed times, all connections together; each as soon as it can where it is absent. */
  perSecond?: number;
  method: 'GET' | 'POST';
  path: string;
  /** Bodies in turn. */
  bodies?: readonly object[];
  cookie?: string;
}

/** An answer: when the request was sent, in milliseconds since the epoch, how long it took, its status; 0 for none. */
export type Sample = readonly [at: number, ms: number, status: number];

/** Nobody waits longer. */
const PATIENCE_MS = 15_000;

/** One keep-alive connection, opened again whenever the other side has closed it; it knows no more HTTP than it needs. */
class Line {
  private socket?: Socket;
  private received = '';
  private answered?: (status: number) => void;

  constructor(
    private readonly port: number,
    private readonly from: string,
  ) {}

  async ask(text: string): Promise<number> {
    if (!this.socket) await this.open();
    return new Promise((resolve) => {
      const impatience = setTimeout(() => this.close(), PATIENCE_MS);
      this.answered = (status) => {
        clearTimeout(impatience);
        this.answered = undefined;
        resolve(status);
      };
      if (this.socket) this.socket.write(text, 'latin1');
      else this.answered(0);
    });
  }

  close(): void {
    this.socket?.destroy();
    this.socket = undefined;
    this.answered?.(0);
  }

  private open(): Promise<void> {
    this.received = '';
    return new Promise((resolve) => {
      const socket = connect({ port: this.port, host: '127.0.0.1', localAddress: this.from });
      socket.setNoDelay(true).setEncoding('latin1');
      socket.once('connect', () => {
        this.socket = socket;
        resolve();
      });
      socket.on('error', () => resolve());
      socket.on('data', (text: string) => this.receive(text));
      socket.on('close', () => {
        if (this.socket === socket) this.close();
      });
    });
  }

  private receive(text: string): void {
    this.received += text;
    const headEnd = this.received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = this.received.slice(0, headEnd);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (this.received.length < headEnd + 4 + length) return;
    this.received = '';
    this.answered?.(Number(head.slice(9, 12)));
  }
}

async function run({ port, from, connections, seconds, perSecond, ...what }: Crowd): Promise<Sample[]> {
  const texts = requestTexts(what);
  const lines = Array.from({ length: connections }, (_, index) => new Line(port, from[index % from.length]!));
  const samples: Sample[] = [];
  const start = performance.now();
  const end = start + seconds * 1000;
  let begun = 0;

  async function drive(line: Line): Promise<void> {
    for (;;) {
      const number = begun++;
      const due = perSecond === undefined ? performance.now() : start + (number * 1000) / perSecond;
      if (due >= end || performance.now() >= end) return;
      if (due > performance.now()) await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
      const [at, sent] = [Date.now(), performance.now()];
      const status = await line.ask(texts[number % texts.length]!);
      samples.push([at, performance.now() - sent, status]);
      // Where nobody is there, asking again at once would only burn what the others need.
      if (status === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  await Promise.all(lines.map(drive));
  for (const line of lines) line.close();
  return samples;
}

function requestTexts({ method, path, bodies = [], cookie }: Pick<Crowd, 'method' | 'path' | 'bodies' | 'cookie'>) {
  const head = `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${cookie ? `cookie: ${cookie}\r\n` : ''}`;
  if (bodies.length === 0) return [`${head}\r\n`];
  return bodies.map((body) => {
    const json = JSON.stringify(body);
    return `${head}content-type: application/json\r\ncontent-length: ${json.length}\r\n\r\n${json}`;
  });
}

process.on('message', (crowd: Crowd) => void run(crowd).then((samples) => process.send!(samples)));
process.once('disconnect', () => process.exit());
process.send!('ready');
