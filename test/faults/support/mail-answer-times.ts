import { Mailbox } from '../../support/mailbox.js';
import { createDatabase } from '../../support/new-database.js';
import { type SampleProcess, startSampleProcess } from '../../support/sample-process.js';
import type { Figure, Size } from '../fault.js';
import { SMTP_PHASES, SmtpTroublemaker } from './smtp-trouble.js';

const PASSWORD = 'correct horse battery staple';
const BAR_MS = 50;
/** Requests of each kind to each application, in one round. */
const SAMPLES: Record<Size, number> = { short: 30, whole: 200 };
/** Where a busy machine has spoilt a round, it is measured again, and all of it counts together. */
const MOST_ROUNDS = 3;

type Times = Record<'signup' | 'reset request' | 'resend', number[]>;

/**
 * How long answers take that owe a mail, with a mail server that is well and with one that hangs at every phase: two
 * applications, asked in turns. The answers have no clock to wait for, or it would hide what is measured.
 */
export async function answerTimes(size: Size, env: Record<string, string>): Promise<Figure[]> {
  const [well, ill] = [await startArm(env, false), await startArm(env, true)];
  const times = { well: noTimes(), ill: noTimes() };
  try {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      for (let index = 0; index < SAMPLES[size]; index++) {
        await well.ask(`${round}-${index}`, times.well);
        await ill.ask(`${round}-${index}`, times.ill);
      }
      if (differences(times, size).every(({ holds }) => holds)) break;
    }
  } finally {
    await well.stop();
    await ill.stop();
  }
  return differences(times, size);
}

const noTimes = (): Times => ({ signup: [], 'reset request': [], resend: [] });

/** Of ninety answers, the p99 is the second slowest: the short form says it, and holds nobody to it. */
function differences({ well, ill }: { well: Times; ill: Times }, size: Size): Figure[] {
  return (Object.keys(well) as (keyof Times)[]).map((kind) => {
    const [before, during] = [p99(well[kind]), p99(ill[kind])];
    return {
      what: `p99 of ${kind} with a mail server that hangs, and with one that is well (${well[kind].length} each)`,
      measured: `${during.toFixed(0)} ms, ${before.toFixed(0)} ms`,
      bar: size === 'whole' ? `at most ${BAR_MS} ms more` : undefined,
      holds: size === 'short' || during <= before + BAR_MS,
    };
  });
}

function p99(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.99) - 1]!;
}

/** One application, its mail server, and an account that asks to reset its password. */
async function startArm(env: Record<string, string>, isIll: boolean) {
  const mailbox = await new Mailbox().goUp();
  const smtp = await new SmtpTroublemaker(mailbox.port).open();
  const database = await createDatabase('sqlite');
  const app = await startSampleProcess(database, smtp, env);
  const stop = async (): Promise<void> => {
    await app.stop();
    await smtp.close();
    await mailbox.goDown();
    await database.drop();
  };
  for (let index = 0; index < 5; index++) await timed(app, '/auth/signup', `warm-${index}@example.org`, []);
  if (isIll) await smtp.cause({ phase: 'RCPT', fault: 'hang' });
  let asked = 0;
  return {
    stop,
    async ask(name: string, times: Times): Promise<void> {
      // Every phase but the first two, which cost a connection no time to answer either: each hangs in turn.
      if (isIll) await smtp.cause({ phase: SMTP_PHASES[1 + (asked++ % (SMTP_PHASES.length - 1))]!, fault: 'hang' });
      const email = `${name}@example.org`;
      await timed(app, '/auth/signup', email, times.signup);
      await timed(app, '/auth/activation/resend', email, times.resend);
      await timed(app, '/auth/password-reset/request', 'warm-0@example.org', times['reset request']);
    },
  };
}

async function timed({ client }: SampleProcess, path: string, email: string, into: number[]): Promise<void> {
  const body = path === '/auth/signup' ? { email, password: PASSWORD } : { email };
  const startedAt = performance.now();
  const { status } = await client.post(path, body);
  into.push(performance.now() - startedAt);
  if (status >= 300) throw new Error(`${path} was answered ${status}`);
}
