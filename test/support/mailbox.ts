import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';

/** How the server treats mail. */
export type MailboxBehaviour = 'accept' | 'refuse recipients' | 'try again later' | 'hang';

/** A mail as it arrived. */
export interface ReceivedMail extends Email {
  /** The addresses of the SMTP envelope. */
  recipients: string[];
}

/** A real SMTP server on a free port of this machine. */
export class Mailbox {
  readonly mails: ReceivedMail[] = [];
  behaviour: MailboxBehaviour = 'accept';
  port = 0;
  private server?: SMTPServer;
  private readonly watchers = new Set<() => void>();

  /** Starts listening; again on the same port after {@link goDown}. */
  async goUp(): Promise<this> {
    const server = this.createServer();
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
    const deadline = AbortSignal.timeout(15_000);
    while (this.to(address).length < count) {
      await new Promise<void>((resolve, reject) => {
        this.watchers.add(resolve);
        deadline.addEventListener('abort', () => reject(new Error(`no mail number ${count} to ${address} arrived`)));
      });
    }
    return this.to(address)[count - 1]!;
  }

  private createServer(): SMTPServer {
    return new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      logger: false,
      closeTimeout: 100,
      onRcptTo: (_address, _session, callback) => {
        if (this.behaviour === 'refuse recipients') return callback(smtpError(550, 'no such mailbox'));
        if (this.behaviour === 'try again later') return callback(smtpError(451, 'try again later'));
        if (this.behaviour === 'hang') return undefined;
        return callback();
      },
      onData: (stream, session, callback) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const recipients = session.envelope.rcptTo.map(({ address }) => address);
          void this.receive(Buffer.concat(chunks), recipients).finally(() => callback());
        });
      },
    });
  }

  private async receive(raw: Buffer, recipients: string[]): Promise<void> {
    this.mails.push({ ...(await PostalMime.parse(raw)), recipients });
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

function smtpError(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}
