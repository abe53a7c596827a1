import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseKind } from '../support/database-servers.js';
import { Mailbox } from '../support/mailbox.js';
import { createDatabase } from '../support/new-database.js';
import { type SampleProcess, startSampleProcess } from '../support/sample-process.js';
import { type Fault, type Figure, none, type Size } from './fault.js';
import { Caller } from './support/caller.js';
import { readTables, violationsIn } from './support/invariants.js';
import { allDelivered, duplicatesIn, endLeases, lostMails, underWay } from './support/mails.js';
import { Random } from './support/random.js';
import { followAgain, verify } from './support/verify.js';
import { Visitors } from './support/visitors.js';

/** How often a process is killed, by the size of the run. */
const KILLS: Record<DatabaseKind, Record<Size, number>> = {
  sqlite: { short: 2, whole: 67 },
  postgres: { short: 2, whole: 67 },
  mariadb: { short: 2, whole: 66 },
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
    return (await Promise.all(kinds.map((kind, index) => killOn(kind, size, index + 1)))).flat();
  },
};

async function killOn(kind: DatabaseKind, size: Size, seed: number): Promise<Figure[]> {
  const kills = KILLS[kind][size];
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
    }
    const owed = await allDelivered(database, PATIENCE_MS);
    wrong.push(...(await followAgain(caller, visitors.accounts)));
    await look(visitors.accounts);
    wrong.push(...violationsIn(await readTables(database)));
    return report(kind, kills, visitors, mailbox, wrong, hits, owed);
  } finally {
    caller.close();
    await process?.stop();
    await mailbox.goDown();
    await database.drop();
  }
}

function report(
  kind: DatabaseKind,
  kills: number,
  visitors: Visitors,
  mailbox: Mailbox,
  wrong: string[],
  hits: ReadonlySet<string>,
  owed: number,
): Figure[] {
  const lost = lostMails(visitors.accounts, mailbox);
  const { count: duplicates, unexplained, different } = duplicatesIn(mailbox.mails, hits);
  for (const line of [...wrong, ...visitors.complaints, ...lost, ...unexplained, ...different])
    console.log(`${kind}: ${line}`);
  const unanswered = [...visitors.unanswered.values()].reduce((sum, count) => sum + count, 0);
  const on = (what: string): string => `${what} (${kind}, ${kills} kills)`;
  return [
    {
      what: on('operations acknowledged, and left unanswered'),
      measured: `${visitors.total}, ${unanswered}`,
      holds: true,
    },
    none(on('acknowledged and lost, half done, or against an invariant'), wrong.length),
    none(on('answers that were neither right nor cut off'), visitors.complaints.length),
    none(on(`lost of ${mailbox.mails.length - duplicates} mails`), lost.length + owed),
    {
      what: on(`mails that came again, of ${hits.size} that were on their way when a process was killed`),
      measured: String(duplicates),
      holds: true,
    },
    none(on('of these more than one for a kill in the midst of it'), unexplained.length),
    none(on('of these with another link'), different.length),
  ];
}
