import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseKind } from '../support/database-servers.js';
import { Mailbox } from '../support/mailbox.js';
import { createDatabase } from '../support/new-database.js';
import { type SampleProcess, startSampleProcess } from '../support/sample-process.js';
import { type Fault, type Figure, none, type Size } from './fault.js';
import { allDone } from './support/all-done.js';
import { Caller } from './support/caller.js';
import { readTables, violationsIn } from './support/invariants.js';
import { allDelivered, duplicatesIn, endLeases, lostMails, underWay } from './support/mails.js';
import { Random } from './support/random.js';
import { followAgain, verify } from './support/verify.js';
import { Visitors } from './support/visitors.js';

/** How often a process is killed, by the size of the run: in each of several runs side by side, each with a database of its own. */
const KILLS: Record<DatabaseKind, Record<Size, readonly number[]>> = {
  sqlite: { short: [2], whole: [34, 33] },
  postgres: { short: [2], whole: [34, 33] },
  mariadb: { short: [2], whole: [33, 33] },
};
const VISITORS = 12;
/** How much a process gets done before it is killed, in the midst of the next: on a slow machine it lives longer. */
const OPERATIONS = [1, 120] as const;
const MOST_LIFE_MS = 20_000;
/** Longer than a claim lasts, which a killed worker leaves behind. */
const PATIENCE_MS = 150_000;

const ENV = {
  AUTH_MAIL_POLL_SECONDS: '1',
  // A client that lost an answer sends its token again when there is somebody to send it to.
  JWT_REFRESH_GRACE_SECONDS: '300',
  JWT_ACCESS_TTL_SECONDS: '7200',
};

export const fault: Fault = {
  claim:
    'A process that is killed at any moment loses nothing it acknowledged, leaves nothing half done, and loses no mail.',
  bars: ['C10', 'C4'],
  async run(size) {
    const kinds = Object.keys(KILLS) as DatabaseKind[];
    const runs = await allDone(
      kinds.flatMap((kind, place) =>
        KILLS[kind][size].map((kills, index) => killOn(kind, size, kills, place * 10 + index + 1)),
      ),
    );
    return kinds.flatMap((kind) =>
      report(
        kind,
        runs.filter((run) => run.kind === kind),
      ),
    );
  },
};

/** What came of a run. */
interface Run {
  kind: DatabaseKind;
  kills: number;
  acknowledged: number;
  unanswered: number;
  mails: number;
  /** Mails that were under way when a process was killed, and those that came again. */
  hits: number;
  duplicates: number;
  /** The rest in words. */
  wrong: string[];
  complaints: string[];
  lost: string[];
  unexplained: string[];
  different: string[];
}

async function killOn(kind: DatabaseKind, size: Size, kills: number, seed: number): Promise<Run> {
  const database = await createDatabase(kind);
  const mailbox = await new Mailbox().goUp();
  const caller = new Caller('http://127.0.0.1');
  const random = new Random(seed);
  const visitors = new Visitors(caller, mailbox, { seed, visitors: VISITORS, unavailable: false });
  const wrong: string[] = [];
  const hits = new Set<string>();
  let process: SampleProcess | undefined;
  const restart = async (): Promise<void> => {
    process = await startSampleProcess(database, mailbox, ENV);
    caller.origin = process.origin;
  };
  const look = async (accounts = visitors.accounts.filter(({ isTouched }) => isTouched)): Promise<void> => {
    wrong.push(...(await verify(caller, accounts, await readTables(database))));
  };
  try {
    await restart();
    for (let count = 1; count <= kills; count++) {
      const visit = visitors.visit();
      const enough = visitors.total + random.between(...OPERATIONS);
      for (const end = Date.now() + MOST_LIFE_MS; visitors.total < enough && Date.now() < end;) await delay(2);
      await process!.stop();
      visitors.pause();
      await visit;
      const left = await readTables(database);
      wrong.push(...violationsIn(left));
      for (const hit of underWay(left)) hits.add(hit);
      // While nobody is at work. The whole run waits until they end by themselves.
      if (size === 'short' && count === kills) await endLeases(database);
      await restart();
      await look();
      if (count % 10 === 0) console.log(`${kind}: ${count} of ${kills} kills, ${visitors.total} operations so far`);
    }
    const owed = await allDelivered(database, PATIENCE_MS);
    wrong.push(...(await followAgain(caller, visitors.accounts)));
    await look(visitors.accounts);
    wrong.push(...violationsIn(await readTables(database)));
    const { count: duplicates, ...odd } = duplicatesIn(mailbox.mails, hits);
    return {
      kind,
      kills,
      acknowledged: visitors.total,
      unanswered: [...visitors.unanswered.values()].reduce((sum, count) => sum + count, 0),
      mails: mailbox.mails.length - duplicates,
      hits: hits.size,
      duplicates,
      wrong,
      complaints: visitors.complaints,
      lost: [...lostMails(visitors.accounts, mailbox), ...(owed > 0 ? [`${owed} are still owed`] : [])],
      ...odd,
    };
  } finally {
    caller.close();
    await process?.stop();
    await mailbox.goDown();
    await database.drop();
  }
}

function report(kind: DatabaseKind, runs: Run[]): Figure[] {
  const sum = (of: (run: Run) => number): number => runs.reduce((total, run) => total + of(run), 0);
  const kills = sum((run) => run.kills);
  const on = (what: string): string => `${what} (${kind}, ${kills} kills)`;
  const right = (what: string, of: (run: Run) => string[]): Figure => {
    const lines = runs.flatMap(of);
    for (const line of lines) console.log(`${kind}: ${line}`);
    return none(on(what), lines.length);
  };
  const acknowledged = `${sum((run) => run.acknowledged)}, ${sum((run) => run.unanswered)}`;
  const hits = sum(({ hits: count }) => count);
  return [
    { what: on('operations acknowledged, and left unanswered'), measured: acknowledged, holds: true },
    right('acknowledged and lost, half done, or against an invariant', ({ wrong }) => wrong),
    right('answers that were neither right nor cut off', ({ complaints }) => complaints),
    right(`lost of ${sum(({ mails }) => mails)} mails`, ({ lost }) => lost),
    {
      what: on(`mails that came again, of ${hits} that were on their way when a process was killed`),
      measured: String(sum(({ duplicates }) => duplicates)),
      holds: true,
    },
    right('of these more than one for a kill in the midst of it', ({ unexplained }) => unexplained),
    right('of these with another link', ({ different }) => different),
  ];
}
