import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Clock } from '../clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../config/auth-config.js';
import { Database } from '../store/database.js';
import { type OwnedToken, TokensStore } from '../store/tokens.store.js';
import { describeMailFailure, isPermanent } from './mail-failure.js';
import { MailSender, SEND_TIMEOUT_MS } from './mail-sender.js';

/** Mails in flight at once. */
const BATCH = 10;
/** How long a claim lasts. Longer than a mail can take, so that nobody else sends one that is still on its way. */
const LEASE_MS = 2 * SEND_TIMEOUT_MS;
const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 3_600_000;
/** How long a shutdown waits for mails in flight before it gives their claims back. */
const SHUTDOWN_PATIENCE_MS = 5_000;

/**
 * Sends owed mail: at once when woken, and by polling for what a crash, a restart or another instance left behind.
 * A claim is one conditional UPDATE that moves the due time into the future, so any number of instances share the
 * work; a process that dies loses its claims when the lease ends. At least once: a duplicate has the same
 * Message-ID and the same link.
 */
@Injectable()
export class OutboxWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('AuthOutbox');
  private readonly claimed = new Map<string, Date>();
  private poll?: NodeJS.Timeout;
  private draining?: Promise<void>;
  private isWoken = false;
  private isStopping = false;

  constructor(
    private readonly database: Database,
    private readonly tokens: TokensStore,
    private readonly sender: MailSender,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.config.sendsMail) return;
    this.poll = setInterval(() => this.wake(), this.config.mail.pollSeconds * 1000).unref();
    this.wake();
  }

  /** Stops claiming, lets mails in flight finish, gives back what does not, and only then lets the database close. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.poll);
    let patience: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => (patience = setTimeout(resolve, SHUTDOWN_PATIENCE_MS)));
    await Promise.race([this.draining, enough]);
    clearTimeout(patience);
    for (const [id, leaseEnds] of this.claimed)
      await this.settle(id, leaseEnds, { mailDueAt: new Date(this.clock.now()) });
  }

  /** Looks for owed mail soon, without making anybody wait. */
  wake(): void {
    if (!this.config.sendsMail || this.isStopping) return;
    this.isWoken = true;
    this.draining ??= this.drain().finally(() => {
      this.draining = undefined;
      if (this.isWoken) this.wake();
    });
  }

  private async drain(): Promise<void> {
    try {
      let due: OwnedToken[] = [];
      do {
        this.isWoken = false;
        due = await this.dueMails();
        await Promise.all(due.map((mail) => this.deliver(mail)));
      } while ((due.length > 0 || this.isWoken) && !this.isStopping);
    } catch (error) {
      // The database is out of reach: nothing is lost, the next poll looks again.
      this.isWoken = false;
      this.logger.error(`could not look for owed mail: ${describeMailFailure(error)}`);
    }
  }

  private dueMails(): Promise<OwnedToken[]> {
    return this.database.read(
      (manager) =>
        this.tokens
          .owned(manager)
          .where('token.mailDueAt <= :now', { now: this.clock.now() })
          .orderBy('token.mailDueAt')
          .limit(BATCH)
          .getMany() as Promise<OwnedToken[]>,
    );
  }

  private async deliver(mail: OwnedToken): Promise<void> {
    const leaseEnds = new Date(this.clock.now() + LEASE_MS);
    if (!(await this.settle(mail.id, mail.mailDueAt!, { mailDueAt: leaseEnds, mailAttempts: mail.mailAttempts + 1 })))
      return;
    this.claimed.set(mail.id, leaseEnds);
    try {
      if (mail.expiresAt.getTime() <= this.clock.now()) throw new ExpiredMail();
      await this.sender.send(mail);
      await this.settle(mail.id, leaseEnds, { mailDueAt: null, mailError: null });
    } catch (error) {
      await this.settle(mail.id, leaseEnds, this.afterFailure(mail, error));
    } finally {
      this.claimed.delete(mail.id);
    }
  }

  private afterFailure(mail: OwnedToken, error: unknown): { mailDueAt: Date | null; mailError: string } {
    const mailError = describeMailFailure(error);
    const attempt = mail.mailAttempts + 1;
    if (error instanceof ExpiredMail || isPermanent(error)) {
      this.logger.error(`mail ${mail.purpose} ${mail.id} given up at attempt ${attempt}: ${mailError}`);
      return { mailDueAt: null, mailError };
    }
    const wait = Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 20), LAST_RETRY_MS) * (0.8 + 0.4 * Math.random());
    this.logger.warn(
      `mail ${mail.purpose} ${mail.id} failed at attempt ${attempt}, next in ${Math.round(wait / 1000)} s: ${mailError}`,
    );
    return { mailDueAt: new Date(this.clock.now() + wait), mailError };
  }

  /** Changes a row if it is still as this worker left it. */
  private async settle(
    id: string,
    dueAt: Date,
    changes: Partial<Pick<OwnedToken, 'mailDueAt' | 'mailAttempts' | 'mailError'>>,
  ): Promise<boolean> {
    const result = await this.database.write((manager) =>
      this.tokens.update(manager).set(changes).where({ id, mailDueAt: dueAt }).execute(),
    );
    return result.affected === 1;
  }
}

/** The mail's link or news is too old to be worth sending. */
class ExpiredMail extends Error {
  override readonly message = 'expired before it could be sent';
}
