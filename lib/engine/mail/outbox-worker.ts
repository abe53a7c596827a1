import { setTimeout as delay } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Clock } from '../../platform/common/clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { EventLog } from '../events/event-log.js';
import { type MailState, type OwedMail, OwedMailStore, type Tries } from '../../platform/data/store/owed-mail.store.js';
import type { OwnedToken } from '../../platform/data/store/tokens.store.js';
import { describeMailFailure, isPermanent } from './mail-failure.js';
import { type Delivery, MailLane } from './mail-lane.js';
import { MailSender, SEND_TIMEOUT_MS } from './mail-sender.js';

/**
 * Connections to hanging servers, beside the 10 of each lane: 50 in all, which is what Postfix grants one client
 * (smtpd_client_connection_count_limit).
 */
const MOST_SLOW_FIRST = 20;
const MOST_SLOW_AGAIN = 10;
/** How long a claim lasts. Longer than a mail can take, so that nobody else sends one that is still on its way. */
const LEASE_MS = 2 * SEND_TIMEOUT_MS;
const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 3_600_000;
const RECORD_RETRY_MS = 500;
/** How long a shutdown waits for mails in flight before it breaks them off. */
const SHUTDOWN_PATIENCE_MS = 5_000;

/** What became of an attempt to send. */
type Outcome = Required<Pick<MailState, 'mailDueAt' | 'mailError'>>;

/**
 * Sends owed mail: at once when woken, and by polling for what a crash, a restart or another instance left behind.
 * A claim is one conditional UPDATE that moves the due time into the future, so any number of instances share the
 * work; a process that dies loses its claims when the lease ends. At least once: a duplicate has the same
 * Message-ID and the same link.
 */
@Injectable()
export class OutboxWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('AuthOutbox');
  private readonly inFlight = new Map<string, Delivery>();
  /** What failed before may well fail again, and slowly: it takes no place from mails that were never tried, nor they from it. */
  private readonly lanes: Readonly<Record<Tries, MailLane>> = {
    first: new MailLane(MOST_SLOW_FIRST, () => this.wake()),
    again: new MailLane(MOST_SLOW_AGAIN, () => this.wake()),
  };
  private poll?: NodeJS.Timeout;
  private looking?: Promise<void>;
  private isWoken = false;
  private isStopping = false;

  constructor(
    private readonly owedMail: OwedMailStore,
    private readonly sender: MailSender,
    private readonly clock: Clock,
    private readonly events: EventLog,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.config.sendsMail) return;
    this.poll = setInterval(() => this.wake(), this.config.mail.pollSeconds * 1000).unref();
    this.wake();
  }

  /** Stops claiming, lets mails in flight finish, breaks off and gives back what does not, then the database may close. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.poll);
    const patience = setTimeout(() => this.inFlight.forEach((mail) => mail.breakOff.abort()), SHUTDOWN_PATIENCE_MS);
    await this.looking;
    await Promise.all(Array.from(this.inFlight.values(), ({ done }) => done));
    clearTimeout(patience);
  }

  /** Looks for owed mail soon, without making anybody wait. */
  wake(): void {
    if (!this.config.sendsMail || this.isStopping) return;
    this.isWoken = true;
    this.looking ??= this.look().finally(() => {
      this.looking = undefined;
      if (this.isWoken) this.wake();
    });
  }

  /** Starts what is due and waits for none of it: a server that hangs on one mail does not hold up the next. */
  private async look(): Promise<void> {
    try {
      do {
        this.isWoken = false;
        await this.fill('first');
        await this.fill('again');
      } while (this.isWoken && !this.isStopping);
    } catch (error) {
      // The database is out of reach: nothing is lost, the next poll looks again.
      this.isWoken = false;
      this.logger.error(`could not look for owed mail: ${describeMailFailure(error)}`);
    }
  }

  private async fill(tries: Tries): Promise<void> {
    const lane = this.lanes[tries];
    if (lane.room <= 0) return;
    // A mail that takes longer than its lease is found as well; it must not hide those behind it.
    for (const mail of await this.owedMail.findDue(tries, lane.room + this.inFlight.size)) await this.start(mail, lane);
  }

  /** Claims a mail and puts it on its way. Whatever ends, a claim that was lost or a delivery, makes it look again. */
  private async start(mail: OwedMail, lane: MailLane): Promise<void> {
    if (mail.isPointless) return this.drop(mail);
    if (this.isStopping || lane.room <= 0 || this.inFlight.has(mail.id)) return;
    const leaseEnds = new Date(this.clock.now() + LEASE_MS);
    const claim = { mailDueAt: leaseEnds, mailAttempts: mail.mailAttempts + 1 };
    if (!(await this.owedMail.settle(mail.id, mail.mailDueAt!, claim))) return this.wake();
    const breakOff = new AbortController();
    const done = lane.carry(() => this.deliver(mail, leaseEnds, breakOff).finally(() => this.inFlight.delete(mail.id)));
    this.inFlight.set(mail.id, { done, breakOff });
  }

  /** What is not sent because its link is refused has not failed. It made room for others, so look again. */
  private async drop({ id, mailDueAt }: OwedMail): Promise<void> {
    await this.owedMail.settle(id, mailDueAt!, { mailDueAt: null, mailError: null });
    this.wake();
  }

  private async deliver(mail: OwnedToken, leaseEnds: Date, breakOff: AbortController): Promise<void> {
    let outcome: Outcome = { mailDueAt: null, mailError: null };
    try {
      if (mail.expiresAt.getTime() <= this.clock.now()) throw new ExpiredMail();
      await this.sender.send(mail, breakOff);
    } catch (error) {
      outcome = this.afterFailure(mail, error);
    }
    await this.record(mail, leaseEnds, outcome);
    await this.tell(mail, outcome);
  }

  /** A mail that will be tried again is neither sent nor failed. */
  private async tell(mail: OwnedToken, { mailDueAt, mailError }: Outcome): Promise<void> {
    if (mailDueAt) return;
    const facts = { userId: mail.user.id, purpose: mail.purpose, tokenId: mail.id };
    await this.events.record(mailError === null ? 'mail_sent' : 'mail_failed', facts);
  }

  /** Tries as long as the lease lasts: what was sent must not be sent again because the database was away for a moment. */
  private async record(mail: OwnedToken, leaseEnds: Date, outcome: Outcome): Promise<void> {
    for (;;) {
      try {
        await this.owedMail.settle(mail.id, leaseEnds, outcome);
        return;
      } catch (error) {
        if (this.isStopping || this.clock.now() >= leaseEnds.getTime()) {
          this.logger.error(`mail ${mail.purpose} ${mail.id} not recorded: ${describeMailFailure(error)}`);
          return;
        }
        await delay(RECORD_RETRY_MS);
      }
    }
  }

  private afterFailure(mail: OwnedToken, error: unknown): Outcome {
    const mailError = describeMailFailure(error);
    const attempt = mail.mailAttempts + 1;
    if (error instanceof ExpiredMail || isPermanent(error)) {
      this.logger.error(`mail ${mail.purpose} ${mail.id} given up at attempt ${attempt}: ${mailError}`);
      return { mailDueAt: null, mailError };
    }
    const wait = this.isStopping ? 0 : backOff(attempt);
    this.logger.warn(
      `mail ${mail.purpose} ${mail.id} failed at attempt ${attempt}, next in ${Math.round(wait / 1000)} s: ${mailError}`,
    );
    return { mailDueAt: new Date(this.clock.now() + wait), mailError };
  }
}

/** From 5 seconds doubling to an hour, with jitter: mails that failed together do not come back together. */
function backOff(attempt: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** (attempt - 1), LAST_RETRY_MS) * (0.8 + 0.4 * Math.random());
}

/** The mail's link or news is too old to be worth sending. */
class ExpiredMail extends Error {
  override readonly message = 'expired before it could be sent';
}
