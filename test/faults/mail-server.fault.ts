import { setTimeout as delay } from 'node:timers/promises';
import { Mailbox } from '../support/mailbox.js';
import { createDatabase, type TestDatabase } from '../support/new-database.js';
import { type SampleProcess, startSampleProcess } from '../support/sample-process.js';
import { type Fault, type Figure, none, type Size } from './fault.js';
import { answerTimes } from './support/mail-answer-times.js';
import { type Fate, fatesOf, holdBack, type OwedMail, owedMails, tryAgainNow } from './support/mail-fates.js';
import { OwnServer } from './support/own-server.js';
import {
  SMTP_PHASES,
  type SmtpFault,
  type SmtpPhase,
  type SmtpTrouble,
  SmtpTroublemaker,
} from './support/smtp-trouble.js';

const PASSWORD = 'correct horse battery staple';
/** Looks for owed mail every second; logs in, in plain text, to a server of this machine. */
const ENV = {
  AUTH_MAIL_POLL_SECONDS: '1',
  SMTP_USERNAME: 'mailer',
  SMTP_PASSWORD: 'only-for-tests',
  SMTP_IGNORE_TLS: 'true',
};
/** The worker's longest time-out, and what a busy machine adds. */
const TIMEOUTS_MS = 60_000 + 20_000;
const PATIENCE_MS = 60_000;

/** What can go wrong at a phase. */
function faultsAt(phase: SmtpPhase): SmtpFault[] {
  if (phase === 'connect') return ['refuse', 'cut', 'hang'];
  const taken: SmtpFault[] = phase === 'after DATA' ? ['taken, cut', 'taken, hang', 'taken, 4xx'] : [];
  return ['cut', '4xx', '5xx', 'hang', ...taken];
}

/** Ten of each phase, every kind among them; or one of each kind. */
function troublesOf(size: Size): { trouble: SmtpTrouble; times: number }[] {
  return SMTP_PHASES.flatMap((phase) => {
    const isEndless = (each: SmtpFault) => phase === 'connect' && each === 'hang';
    // What nobody picks up is ended by the worker's own time-out alone, which the short form does not wait for.
    const kinds = faultsAt(phase).filter((each) => size === 'whole' || !isEndless(each));
    return kinds.map((each, index) => {
      const times = size === 'short' ? 1 : Math.floor(10 / kinds.length) + (index < 10 % kinds.length ? 1 : 0);
      return { trouble: { phase, fault: each }, times };
    });
  });
}

export const fault: Fault = {
  claim:
    'a mail server that refuses, hangs, breaks off or loses its answer at any phase costs no mail, and no answer waits for it',
  bars: ['C4', 'C5'],
  async run(size) {
    const figures: Figure[] = [];
    for (const kind of size === 'short' ? (['sqlite'] as const) : (['sqlite', 'postgres', 'mariadb'] as const)) {
      const server = kind === 'sqlite' ? undefined : await OwnServer[kind]();
      try {
        const database = await (server?.createDatabase() ?? createDatabase('sqlite'));
        try {
          figures.push(...(await spoil(database, size)));
          if (kind === 'sqlite') figures.push(...(await answerTimes(size, ENV)));
        } finally {
          if (!server) await database.drop();
        }
      } finally {
        await server?.dispose();
      }
    }
    return figures;
  },
};

/** Spoils conversations one after the other, and then looks what has become of each mail. */
async function spoil(database: TestDatabase, size: Size): Promise<Figure[]> {
  const mailbox = await new Mailbox().goUp();
  const smtp = await new SmtpTroublemaker(mailbox.port).open();
  const app = await startSampleProcess(database, smtp, ENV);
  try {
    const sent = new Sender(app, database, smtp);
    await sent.signUp('before', 10);
    const troubles = troublesOf(size);
    const { spoilt, hanging } = await sent.meet(troubles);
    // In the whole form the worker's own time-outs end what hangs, else the far end does.
    if (size === 'short') smtp.release();
    await sent.untilFailed(hanging, TIMEOUTS_MS);
    smtp.release();
    await tryAgainNow(database);
    await until(async () => (await owedMails(database)).every(({ dueAt }) => dueAt === null), PATIENCE_MS);
    await sent.signUp('after', 10);
    await until(async () => (await owedMails(database)).every(({ dueAt }) => dueAt === null), PATIENCE_MS);
    const fates = await fatesOf(database, mailbox);
    return judge(database, fates, spoilt, smtp.met);
  } finally {
    await app.stop();
    await smtp.close();
    await mailbox.goDown();
  }
}

/** Makes the application owe mails, and knows which conversation each had. */
class Sender {
  constructor(
    private readonly app: SampleProcess,
    private readonly database: TestDatabase,
    private readonly smtp: SmtpTroublemaker,
  ) {}

  async signUp(name: string, times: number): Promise<string[]> {
    const emails = Array.from({ length: times }, (_, index) => `${name}-${index}@example.org`);
    await Promise.all(
      emails.map(async (email) => {
        const { status } = await this.app.client.post('/auth/signup', { email, password: PASSWORD });
        if (status !== 201) throw new Error(`the signup of ${email} was answered ${status}`);
      }),
    );
    return emails;
  }

  /** One trouble after the other, those that hang last, so that they hang together. */
  async meet(troubles: readonly { trouble: SmtpTrouble; times: number }[]) {
    const spoilt = new Map<string, SmtpTrouble>();
    const hanging: string[] = [];
    const isSlow = ({ trouble }: (typeof troubles)[number]) => trouble.fault.endsWith('hang');
    for (const { trouble, times } of troubles.toSorted((a, b) => Number(isSlow(a)) - Number(isSlow(b)))) {
      await this.smtp.cause(trouble);
      const before = this.smtp.met;
      const emails = await this.signUp(
        `${trouble.phase}-${trouble.fault}`.toLowerCase().replaceAll(/\W+/g, '-'),
        times,
      );
      for (const email of emails) spoilt.set(email, trouble);
      if (isSlow({ trouble, times })) {
        if (trouble.phase === 'connect') await this.untilClaimed(emails);
        else await this.until(() => this.smtp.met >= before + times, PATIENCE_MS);
        hanging.push(...emails);
      } else await this.untilFailed(emails, PATIENCE_MS);
    }
    await this.smtp.cause(undefined);
    return { spoilt, hanging };
  }

  /** Until every attempt has an outcome in the table. */
  async untilFailed(emails: readonly string[], patienceMs: number): Promise<void> {
    await this.until(async () => {
      const owed = await this.owed();
      return emails.every((email) => owed.get(email)!.error !== null);
    }, patienceMs);
  }

  private async untilClaimed(emails: readonly string[]): Promise<void> {
    await this.until(async () => {
      const owed = await this.owed();
      return emails.every((email) => owed.get(email)!.attempts === 1);
    }, PATIENCE_MS);
    // Claimed first, then connected.
    await delay(500);
  }

  private async owed(): Promise<Map<string, OwedMail>> {
    return new Map((await owedMails(this.database)).map((mail) => [mail.email, mail]));
  }

  /** Meanwhile whatever has failed is held back: its next try shall not meet the trouble of another. */
  private async until(condition: () => boolean | Promise<boolean>, patienceMs: number): Promise<void> {
    await until(async () => {
      await holdBack(this.database);
      return condition();
    }, patienceMs);
  }
}

function judge(database: TestDatabase, fates: Fate[], spoilt: ReadonlyMap<string, SmtpTrouble>, met: number): Figure[] {
  const on = `(${database.kind})`;
  const troubleOf = ({ email }: Fate) => spoilt.get(email);
  const isForGood = (fate: Fate) => {
    const { phase, fault: kind } = troubleOf(fate) ?? {};
    return kind === '5xx' && ['RCPT', 'DATA', 'after DATA'].includes(phase!);
  };
  const isTaken = (fate: Fate) => troubleOf(fate)?.fault.startsWith('taken') ?? false;
  const count = (is: (fate: Fate) => boolean) => fates.filter(is).length;
  const refused = count(({ error, events }) => error !== null && events.includes('mail_failed'));
  return [
    {
      what: `faults at ${SMTP_PHASES.length} phases ${on}`,
      measured: `${spoilt.size}, of ${fates.length} mails`,
      holds: met > 0,
    },
    none(
      `mails lost: neither delivered nor given up after a 5xx with an event ${on}`,
      count((fate) =>
        isForGood(fate)
          ? fate.error === null || !fate.events.includes('mail_failed')
          : fate.copies === 0 || fate.error !== null,
      ),
    ),
    {
      what: `mails that the server refused for good: in the row, the log and an event ${on}`,
      measured: String(refused),
      holds: refused === count(isForGood),
    },
    none(
      `mails delivered twice where the server had taken none ${on}`,
      count((fate) => !isTaken(fate) && fate.copies > 1),
    ),
    {
      what: `most copies of a mail whose acceptance was lost ${on}`,
      measured: String(Math.max(...fates.filter(isTaken).map(({ copies }) => copies))),
      bar: 'at most 2',
      holds: fates.filter(isTaken).every(({ copies }) => copies <= 2),
    },
    none(
      `copies with another link or another Message-ID ${on}`,
      count(({ isOneMail }) => !isOneMail),
    ),
  ];
}

async function until(condition: () => boolean | Promise<boolean>, patienceMs: number): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${patienceMs / 1000} s in vain`);
    await delay(50);
  }
}
