import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Where in a conversation something goes wrong. */
export const SMTP_PHASES = ['connect', 'greeting', 'EHLO', 'AUTH', 'MAIL', 'RCPT', 'DATA', 'after DATA'] as const;
export type SmtpPhase = (typeof SMTP_PHASES)[number];

/**
 * What goes wrong. `taken`: the server has taken the message by then, and only its answer is lost; otherwise it has not.
 * At `connect`, 4xx and 5xx do not exist.
 */
export type SmtpFault = 'refuse' | 'hang' | 'cut' | '4xx' | '5xx' | 'taken, hang' | 'taken, cut' | 'taken, 4xx';

export interface SmtpTrouble {
  readonly phase: SmtpPhase;
  readonly fault: SmtpFault;
}

const REPLY = {
  '4xx': '451 4.3.0 try again later\r\n',
  '5xx': '554 5.0.0 refused\r\n',
  greeting4xx: '421 4.3.2 come back later\r\n',
};
const END_OF_MESSAGE = '\r\n.\r\n';

/** Stands before a real mail server and follows each conversation, to spoil it at one point. */
export class SmtpTroublemaker {
  port = 0;
  /** Conversations that were spoilt. */
  met = 0;
  /** What the next conversations meet. */
  private trouble?: SmtpTrouble;
  private server?: Server;
  private deaf?: DeafListener;
  private readonly sockets = new Set<Socket>();

  constructor(private readonly target: number) {}

  async open(): Promise<this> {
    const server = createServer((client) => this.follow(client));
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(this.port, '127.0.0.1', resolve));
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    return this;
  }

  /** From now on; nothing undefined goes wrong. */
  async cause(trouble: SmtpTrouble | undefined): Promise<void> {
    const wasClosed = this.server === undefined;
    this.trouble = trouble;
    await this.deaf?.stop();
    this.deaf = undefined;
    const isShut = trouble?.phase === 'connect' && trouble.fault !== 'cut';
    if (isShut) await this.shut();
    else if (wasClosed) await this.open();
    if (isShut && trouble.fault === 'hang') this.deaf = await DeafListener.start(this.port);
  }

  /** Cuts whatever hangs. */
  release(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  async close(): Promise<void> {
    this.release();
    await this.deaf?.stop();
    await this.shut();
  }

  private async shut(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server) await new Promise<void>((resolve) => (server.close(() => resolve()), this.release()));
  }

  private follow(client: Socket): void {
    const { trouble } = this;
    this.sockets.add(client);
    client.on('error', () => undefined);
    if (trouble?.phase === 'connect') {
      this.met++;
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(this.target, '127.0.0.1');
    this.sockets.add(upstream);
    upstream.on('error', () => client.destroy()).on('close', () => client.end());
    client.on('close', () => upstream.destroy());
    new Conversation(client, upstream, trouble, () => this.met++).begin();
  }
}

/** One conversation, followed line by line. */
class Conversation {
  private phase: SmtpPhase = 'greeting';
  private typed = '';
  private isSpoilt = false;
  /** The server's answer to the message is awaited, only to be withheld. */
  private isTaking = false;

  constructor(
    private readonly client: Socket,
    private readonly upstream: Socket,
    private readonly trouble: SmtpTrouble | undefined,
    private readonly onMet: () => void,
  ) {}

  begin(): void {
    this.upstream.on('data', (chunk: Buffer) => this.onAnswer(chunk));
    this.client.on('data', (chunk: Buffer) => this.onTyped(chunk.toString('latin1')));
  }

  private onAnswer(chunk: Buffer): void {
    if (this.isTaking) return this.spoil();
    if (this.isSpoilt) return;
    if (this.phase === 'greeting' && this.isDue('greeting')) return this.spoil();
    // One command at a time, or a refusal would have to answer those that were sent along with it.
    this.client.write(chunk.toString('latin1').replace('250-PIPELINING\r\n', ''), 'latin1');
  }

  private onTyped(text: string): void {
    if (this.isSpoilt) return;
    this.typed += text;
    for (;;) {
      const isMessage = this.phase === 'after DATA';
      const end = this.typed.indexOf(isMessage ? END_OF_MESSAGE : '\r\n');
      if (end < 0) return;
      const length = end + (isMessage ? END_OF_MESSAGE.length : 2);
      const part = this.typed.slice(0, length);
      this.typed = this.typed.slice(length);
      if (!this.pass(part, isMessage)) return;
    }
  }

  /** @returns false where the conversation ends here */
  private pass(part: string, isMessage: boolean): boolean {
    const phase: SmtpPhase | undefined = isMessage
      ? 'after DATA'
      : SMTP_PHASES.find((each) => part.toUpperCase().startsWith(each));
    if (phase && this.isDue(phase)) {
      if (this.trouble?.fault.startsWith('taken')) {
        this.isTaking = true;
        this.upstream.write(part, 'latin1');
      } else this.spoil();
      return false;
    }
    this.upstream.write(part, 'latin1');
    this.phase = phase === 'DATA' ? 'after DATA' : (phase ?? this.phase);
    if (isMessage) this.phase = 'EHLO';
    return true;
  }

  private isDue(phase: SmtpPhase): boolean {
    return this.trouble?.phase === phase;
  }

  private spoil(): void {
    this.isSpoilt = true;
    this.isTaking = false;
    const fault = this.trouble!.fault.replace('taken, ', '');
    if (fault === 'cut') this.client.resetAndDestroy();
    if (fault === '4xx') this.client.write(this.phase === 'greeting' ? REPLY.greeting4xx : REPLY['4xx']);
    if (fault === '5xx') this.client.write(REPLY['5xx']);
    // A server that refuses something waits for what comes next: the client's farewell.
    if (fault.endsWith('xx')) this.client.once('data', () => this.client.end('221 2.0.0 bye\r\n'));
    this.upstream.removeAllListeners('close');
    this.upstream.destroy();
    this.onMet();
  }
}

/** A port on which nobody picks up: the handshake itself is not answered, as behind a firewall that drops. */
class DeafListener {
  private constructor(
    private readonly child: ChildProcess,
    private readonly fillers: Socket[],
  ) {}

  static async start(port: number): Promise<DeafListener> {
    // A stopped process accepts nobody, and the queue of the kernel has room for two.
    const script = `require('node:net').createServer().listen({ port: ${port}, host: '127.0.0.1', backlog: 1 }, () => console.log('listening'))`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const kill = (): unknown => child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    await once(child.stdout, 'data');
    child.kill('SIGSTOP');
    const fillers = Array.from({ length: 3 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    await Promise.all(fillers.slice(0, 2).map((filler) => once(filler, 'connect')));
    return new DeafListener(child, fillers);
  }

  async stop(): Promise<void> {
    for (const filler of this.fillers) filler.destroy();
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}
