import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { LimitKeys } from '../../engine/limits/limit-keys.js';
import { Limits } from '../../engine/limits/limits.js';
import { Clock } from '../../platform/common/clock.js';
import { TookTooLong, within } from '../../platform/common/within.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { formatProblem } from '../../platform/config/start-up-error.js';
import { type TableFault, TableProbe } from '../../platform/data/schema/table-probe.js';
import { databaseCode } from '../../platform/data/store/database-errors.js';
import { type MailBacklog, OwedMailStore } from '../../platform/data/store/owed-mail.store.js';
import { tableProblem } from '../start-up/table-problems.js';
import { SharedQuestion } from './shared-question.js';

/** What counts as healthy. */
export interface HealthThresholds {
  /** So many owed mails are no backlog. @default 100 */
  mostOwedMails?: number;
  /** Seconds that the oldest owed mail may have waited. @default 900 */
  oldestOwedMailSeconds?: number;
  /** Milliseconds within which database and limit store must answer. @default 2000 */
  timeoutMs?: number;
}

/**
 * `up`; `degraded`, where most requests are served all the same and another instance would do no better; `down`, where
 * nearly none is. Terminus answers 200, 200 and 503.
 */
export type HealthStatus = 'up' | 'degraded' | 'down';

/** The state of one thing; the message is there where it is not up, and names no address, no credential and no table. */
export type HealthState = { status: HealthStatus; message?: string };

/** Mails that wait to be sent: null where the database could not be asked, and `oldest_seconds` where none waits. */
export type MailHealthState = HealthState & { owed: number | null; oldest_seconds: number | null };

/** What the module stands on, in the form in which Terminus takes the results of indicators. */
export type AuthHealth = {
  /** Whether the database answers. */
  auth_database: HealthState;
  /** Whether the tables and columns of the entities are there. */
  auth_tables: HealthState;
  /** Whether mails are sent. */
  auth_mail: MailHealthState;
  /** Whether tries can be counted; where they cannot, whatever compares a password is 503. */
  auth_limits: HealthState;
  /** Whether the HTTP adapter knows the proxy before it. */
  auth_proxy: HealthState;
};

const UNKNOWN = 'not known, as the database does not answer';

/**
 * How the module is, for `/health`. With @nestjs/terminus:
 *
 *     return this.health.check([() => this.auth.check()]);
 *
 * and without it, by looking at what `check()` finds. Reads no row of anybody, but for counting owed mail.
 */
@Injectable()
export class AuthHealthIndicator {
  private readonly logger = new Logger('AuthHealth');
  private readonly tables: SharedQuestion<TableFault[]>;
  private readonly mail: SharedQuestion<MailBacklog>;
  private readonly limits: SharedQuestion<void>;
  /** What the log has been told of the tables. */
  private told = '';

  /** @internal Nest makes it. */
  constructor(
    probe: TableProbe,
    limits: Limits,
    private readonly keys: LimitKeys,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
    @Optional() @Inject(OwedMailStore) owedMail: OwedMailStore | null,
  ) {
    this.tables = new SharedQuestion(() => probe.findMissing());
    // Level basic owes none.
    this.mail = new SharedQuestion(async () => owedMail?.backlog() ?? { owed: 0, oldestAt: null });
    this.limits = new SharedQuestion(() => limits.verify());
  }

  /** Asks database and limit store, and compares with the thresholds. Never throws. */
  async check(thresholds: HealthThresholds = {}): Promise<AuthHealth> {
    const { timeoutMs = 2000 } = thresholds;
    const [ofDatabase, auth_limits] = await Promise.all([
      this.checkDatabase(timeoutMs, thresholds),
      this.checkLimits(timeoutMs),
    ]);
    return { ...ofDatabase, auth_limits, auth_proxy: this.checkProxy() };
  }

  private async checkDatabase(
    timeoutMs: number,
    thresholds: HealthThresholds,
  ): Promise<Pick<AuthHealth, 'auth_database' | 'auth_tables' | 'auth_mail'>> {
    try {
      // One after the other: a pool of one connection has one.
      const faults = await within(timeoutMs, this.tables.ask());
      this.tell(faults);
      const auth_database: HealthState = { status: 'up' };
      if (faults.length > 0) {
        const message = 'tables, columns or the right to read them are missing; the log names them';
        const auth_mail = unknownMail('not known, as tables are missing');
        return { auth_database, auth_tables: { status: 'down', message }, auth_mail };
      }
      const backlog = await within(timeoutMs, this.mail.ask());
      return { auth_database, auth_tables: { status: 'up' }, auth_mail: this.judge(backlog, thresholds) };
    } catch (error) {
      const auth_database: HealthState = { status: 'down', message: whyNot('the database', error, timeoutMs) };
      const auth_tables: HealthState = { status: 'degraded', message: UNKNOWN };
      return { auth_database, auth_tables, auth_mail: unknownMail(UNKNOWN) };
    }
  }

  private judge(
    { owed, oldestAt }: MailBacklog,
    { mostOwedMails = 100, oldestOwedMailSeconds = 900 }: HealthThresholds,
  ): MailHealthState {
    // The clock of the instance that owes it may be ahead.
    const oldest_seconds = oldestAt && Math.max(0, Math.round((this.clock.now() - oldestAt.getTime()) / 1000));
    const figures = { owed, oldest_seconds };
    const isLate = (oldest_seconds ?? 0) > oldestOwedMailSeconds;
    if (!isLate && owed <= mostOwedMails) return { status: 'up', ...figures };
    const message = isLate ? 'a mail has waited for long' : 'many mails wait';
    return { status: 'degraded', message: `${message}; the log of AuthOutbox says why, verifyMail() too`, ...figures };
  }

  private async checkLimits(timeoutMs: number): Promise<HealthState> {
    try {
      await within(timeoutMs, this.limits.ask());
      return { status: 'up' };
    } catch (error) {
      const why = whyNot('the limit store', error, timeoutMs);
      // Other things than logins go on, and no other instance could count either.
      return { status: 'degraded', message: `${why}: whatever compares a password is refused with 503` };
    }
  }

  private checkProxy(): HealthState {
    if (this.config.limits.mode === 'off' || !this.keys.hasUnknownProxy) return { status: 'up' };
    return {
      status: 'degraded',
      message:
        'requests come through a proxy that the HTTP adapter was not told of, so that limits by network address are off: set "trust proxy" of Express, or trustProxy of Fastify',
    };
  }

  /** Names of tables are for the log, once, and not for whoever may ask. */
  private tell(faults: readonly TableFault[]): void {
    const lines = faults.map((fault) => formatProblem(tableProblem(fault)));
    const text = lines.join('\n');
    if (text === this.told) return;
    this.told = text;
    for (const line of lines) this.logger.error(line);
  }
}

function unknownMail(message: string): MailHealthState {
  return { status: 'degraded', message, owed: null, oldest_seconds: null };
}

/** By a code alone: the message of a driver may name host, account or statement. */
function whyNot(what: string, error: unknown, timeoutMs: number): string {
  if (error instanceof TookTooLong) return `${what} did not answer within ${timeoutMs} ms`;
  const code = databaseCode(error);
  return `${what} cannot be reached${/^\w{1,64}$/.test(code) ? ` (${code})` : ''}`;
}
