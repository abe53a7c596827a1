import { domainToASCII } from 'node:url';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';

// The library lets every client wait 100 ms, to catch those that talk too soon; the suite sends thousands of mails.
SMTPConnection.prototype.init = function (this: SMTPConnection) {
  // The library's own name: it offers no option.
  // oxlint-disable-next-line no-underscore-dangle
  this._setListeners(() => this.connectionReady());
};

/** How the server treats mail. */
export type MailboxBehaviour =
  | 'accept'
  | 'refuse login'
  | 'refuse sender'
  | 'refuse recipients'
  | 'try again later'
  /** Never answers RCPT TO. */
  | 'hang'
  /** Takes the whole message, keeps it in {@link Mailbox.refused}, and answers 451. */
  | 'try again after message'
  /** Takes and keeps the whole message, and never answers. */
  | 'hang after message';

/** A mail as it arrived. */
export interface ReceivedMail extends Email {
  /** The addresses of the SMTP envelope. */
  recipients: string[];
}

/** A real SMTP server on a free port of this machine. */
export class Mailbox {
  readonly mails: ReceivedMail[] = [];
  /** Messages that were read to their end and then refused. */
  readonly refused: ReceivedMail[] = [];
  behaviour: MailboxBehaviour = 'accept';
  /** Addresses that are treated in a way of their own. */
  readonly behaviourTo = new Map<string, MailboxBehaviour>();
  port = 0;
  /** How long it is waited for what does not come, in milliseconds. */
  patienceMs = 15_000;
  private server?: SMTPServer;
  private readonly watchers = new Set<() => void>();
  private readonly held: (() => void)[] = [];

  /** Starts listening; again on the same port after {@link goDown}. */
  async goUp(): Promise<this> {
    const server = this.createServer();
    // A client that dies in the midst of a conversation is no fault of the server's. One that cannot listen is told below.
    server.on('error', () => undefined);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    this.server = server;
    this.port = (server.server.address() as { port: number }).port;
    return this;
  }

  /** Stops listening: connections are refused. */
  async goDown(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** The mails to one address, in order of arrival. */
  to(address: string): ReceivedMail[] {
    return this.mails.filter((mail) => mail.recipients.includes(address));
  }

  /** Waits until `count` mails to an address have arrived and returns the last of them. */
  async waitFor(address: string, count = 1): Promise<ReceivedMail> {
    await this.until(() => this.to(address).length >= count, `mail number ${count} to ${address}`);
    return this.to(address)[count - 1]!;
  }

  /** Waits until `count` conversations hang. */
  async waitUntilHanging(count = 1): Promise<void> {
    await this.until(() => this.held.length >= count, `${count} hanging conversations`);
  }

  /** Answers every conversation that hangs, as if nothing had been wrong. */
  release(): void {
    for (const answer of this.held.splice(0)) answer();
  }

  private async until(condition: () => boolean, what: string): Promise<void> {
    const deadline = AbortSignal.timeout(this.patienceMs);
    let wake: (() => void) | undefined;
    deadline.addEventListener('abort', () => wake?.());
    while (!condition()) {
      if (deadline.aborted) throw new Error(`waited in vain for ${what}`);
      await new Promise<void>((resolve) => this.watchers.add((wake = resolve)));
    }
  }

  private createServer(): SMTPServer {
    return new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      disableReverseLookup: true,
      logger: false,
      closeTimeout: 100,
      onAuth: ({ username }, _session, callback) => {
        if (this.behaviour === 'refuse login') return callback(smtpError(535, 'authentication failed'));
        return callback(null, { user: username });
      },
      onMailFrom: (_address, _session, callback) => {
        return callback(this.behaviour === 'refuse sender' ? smtpError(550, 'sender not allowed') : null);
      },
      onRcptTo: ({ address }, _session, callback) => {
        const behaviour = this.behaviourTo.get(address) ?? this.behaviour;
        if (behaviour === 'refuse recipients') return callback(smtpError(550, 'no such mailbox'));
        if (behaviour === 'try again later') return callback(smtpError(451, 'try again later'));
        if (behaviour === 'hang') return this.hold(callback);
        return callback();
      },
      onData: (stream, session, callback) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const recipients = session.envelope.rcptTo.map(({ address }) => onTheWire(address));
          void this.receive(Buffer.concat(chunks), recipients, callback);
        });
      },
    });
  }

  private async receive(raw: Buffer, recipients: string[], answer: (error?: Error | null) => void): Promise<void> {
    const mail = { ...(await PostalMime.parse(raw)), recipients };
    const behaviour = this.behaviourTo.get(recipients[0]!) ?? this.behaviour;
    const isRefused = behaviour === 'try again after message';
    (isRefused ? this.refused : this.mails).push(mail);
    if (behaviour === 'hang after message') this.hold(answer);
    else answer(isRefused ? smtpError(451, 'try again later') : null);
    this.notify();
  }

  private hold(answer: () => void): void {
    this.held.push(answer);
    this.notify();
  }

  private notify(): void {
    for (const wake of this.watchers) wake();
    this.watchers.clear();
  }
}

/** The link token in a mail. */
export function tokenIn(mail: ReceivedMail): string {
  const token = /[A-Za-z0-9_-]{64}/.exec(mail.text ?? '')?.[0];
  if (!token) throw new Error(`the mail "${mail.subject}" has no link`);
  return token;
}

/** The server decodes international domains; tests want to know the address that was sent. */
function onTheWire(address: string): string {
  const [local, domain = ''] = address.split('@');
  return `${local}@${domainToASCII(domain)}`;
}

function smtpError(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}
