import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { Mailbox } from '../support/mailbox.js';
import type { TestDatabase } from '../support/new-database.js';
import { type SampleProcess, startSampleProcess } from '../support/sample-process.js';
import { type Fault, type Figure, none, type Size } from './fault.js';
import { Caller } from './support/caller.js';
import { readTables, violationsIn } from './support/invariants.js';
import { allDelivered, duplicatesIn, lostMails } from './support/mails.js';
import { verify } from './support/verify.js';
import { Visitors } from './support/visitors.js';

const VISITORS = 8;
/** The disk of the script: a memory file system of this size. */
const DISK = '24m';
/** Longer than a file is waited for. */
const LOCK_MS = 8_000;
/** How long nothing can be written. */
const FULL_MS = 4_000;
const PATIENCE_MS = 150_000;
const ENV = {
  AUTH_MAIL_POLL_SECONDS: '1',
  // A client that got no answer to a refresh sends its token again when there is somebody to answer.
  JWT_REFRESH_GRACE_SECONDS: '300',
  JWT_ACCESS_TTL_SECONDS: '7200',
};

/** How nothing can be written for a while. */
type Trouble = 'disk full' | 'file locked';

export const fault: Fault = {
  claim:
    'While the disk of a SQLite database is full, or another process has locked its file, answers are 503; nothing acknowledged is lost, and everything goes on by itself afterwards.',
  async run(size) {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', folder]);
    const unmount = (): unknown => execFileSync('umount', ['--lazy', folder]);
    process.once('exit', unmount);
    try {
      return await wearOut(size, folder);
    } finally {
      process.off('exit', unmount);
      unmount();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function wearOut(size: Size, folder: string): Promise<Figure[]> {
  const file = join(folder, 'sample.sqlite');
  const database: TestDatabase = {
    kind: 'sqlite',
    url: `sqlite:${file}`,
    options: { type: 'better-sqlite3', database: file, enableWAL: true },
    drop: () => Promise.resolve(),
  };
  const mailbox = await new Mailbox().goUp();
  const caller = new Caller('http://127.0.0.1');
  const visitors = new Visitors(caller, mailbox, { seed: 1, visitors: VISITORS, unavailable: true });
  let app: SampleProcess | undefined;
  try {
    app = await startSampleProcess(database, mailbox, ENV);
    caller.origin = app.origin;
    const wrong: string[] = [];
    const recoveries: number[] = [];
    const troubles: Trouble[] = size === 'short' ? ['disk full', 'file locked'] : repeated(10);
    for (const trouble of troubles) {
      const visiting = visitors.visit();
      await delay(size === 'short' ? 2_000 : 4_000);
      const end = trouble === 'disk full' ? fillDisk(folder) : lockFile(file);
      await delay(trouble === 'disk full' ? FULL_MS : LOCK_MS);
      end();
      recoveries.push(await untilServed(caller, recoveries.length));
      visitors.pause();
      await visiting;
      const tables = await readTables(database);
      wrong.push(...violationsIn(tables), ...(await verify(caller, touched(visitors), tables)));
    }
    const owed = await allDelivered(database, PATIENCE_MS);
    // What was only in a transaction that nobody ended is gone after a restart.
    await app.stop();
    app = await startSampleProcess(database, mailbox, ENV);
    caller.origin = app.origin;
    const tables = await readTables(database);
    wrong.push(...violationsIn(tables), ...(await verify(caller, visitors.accounts, tables)));
    return report(troubles, visitors, mailbox, wrong, recoveries, owed, integrity(file));
  } finally {
    visitors.pause();
    caller.close();
    await app?.stop();
    await mailbox.goDown();
  }
}

const repeated = (times: number): Trouble[] =>
  Array.from({ length: 2 * times }, (_, index) => (index % 2 === 0 ? 'disk full' : 'file locked'));

const touched = ({ accounts }: Visitors) => accounts.filter(({ isTouched }) => isTouched);

/** Takes the last byte. */
function fillDisk(folder: string): () => void {
  const ballast = join(folder, 'ballast');
  for (let bytes = 1 << 22; bytes >= 1; bytes >>= 1) {
    try {
      for (;;) writeFileSync(ballast, Buffer.alloc(bytes), { flag: 'a' });
    } catch {
      // Full; there may be room for less.
    }
  }
  return () => rmSync(ballast);
}

/** As another process would: by a connection of its own. */
function lockFile(file: string): () => void {
  const stranger = new Sqlite(file, { timeout: 20_000 });
  stranger.exec('BEGIN EXCLUSIVE');
  return () => {
    stranger.exec('COMMIT');
    stranger.close();
  };
}

/** Milliseconds until somebody new can sign up again: those who were left without an answer may have no account to go on with. */
async function untilServed(caller: Caller, round: number): Promise<number> {
  const startedAt = Date.now();
  for (let number = 0; Date.now() - startedAt < 60_000; number++) {
    const body = { email: `after-${round}-${number}@example.org`, password: 'correct horse battery staple' };
    const reply = await caller.send({ method: 'POST', path: '/auth/signup', body });
    if (reply.kind === 'answer' && reply.status === 201) break;
    await delay(20);
  }
  return Date.now() - startedAt;
}

function integrity(file: string): string {
  const look = new Sqlite(file);
  const found = String(look.pragma('integrity_check', { simple: true }));
  look.close();
  return found;
}

function report(
  troubles: Trouble[],
  visitors: Visitors,
  mailbox: Mailbox,
  wrong: string[],
  recoveries: number[],
  owed: number,
  check: string,
): Figure[] {
  const lost = lostMails(visitors.accounts, mailbox);
  const { count: duplicates, different } = duplicatesIn(mailbox.mails, new Set());
  for (const line of [...wrong, ...visitors.complaints, ...lost, ...different]) console.log(line);
  const refused = [...visitors.unanswered.values()].reduce((sum, count) => sum + count, 0);
  const times = `${troubles.length / 2} times each`;
  const slowest = Math.max(...recoveries) / 1000;
  return [
    {
      what: `acknowledged, and 503: disk full, file locked, ${times}`,
      measured: `${visitors.total}, ${refused}`,
      holds: refused > 0,
    },
    none('acknowledged and lost, half done, or against an invariant, a restart included', wrong.length),
    none('answers that were neither right nor 503 with Retry-After', visitors.complaints.length),
    none(`lost of ${mailbox.mails.length - duplicates} mails`, lost.length + owed),
    {
      what: 'mails that came again',
      measured: String(duplicates),
      bar: `at most ${troubles.length * VISITORS}`,
      holds: duplicates <= troubles.length * VISITORS && different.length === 0,
    },
    {
      what: 'served again after',
      measured: `${slowest.toFixed(1)} s at most`,
      bar: 'at most 60 s',
      holds: slowest < 60,
    },
    { what: 'integrity_check', measured: check, bar: 'ok', holds: check === 'ok' },
  ];
}
