import { DATABASE_KINDS, type DatabaseKind } from '../support/database-servers.js';
import type { Fault, Figure } from './fault.js';
import type { MailWeather } from './support/mail-sink.js';
import { BURST, timesOfBursts } from './support/timed-bursts.js';
import { TimedClient } from './support/timed-client.js';
import { compare, type Comparison, median, timesOf } from './support/timed-comparison.js';
import {
  BURSTS,
  emailChange,
  importedLogin,
  login,
  only,
  AGAIN,
  resend,
  resetRequest,
  signup,
  type TimedFlow,
} from './support/timed-flows.js';
import { newAddress } from './support/timed-people.js';
import { reachable, startTimedServer, type TimedServerOptions } from './support/timed-server.js';

/** Requests of each arm. */
const COUNT = { short: 40, whole: 200 };
/** A login in flight, always; what is turned away comes again. */
const LOGINS_IN_FLIGHT = 32;
const BURST_ROUNDS = 10;
const IMPORTED_FLOOR_MS = 250;
/** Less than the default, and as good where only areas are judged. */
const SHORT_CLOCK_MS = 100;

/**
 * How far an area may be from one half. Where nothing differs, the area of 200 against 200 has a standard deviation of 0.029,
 * so one comparison in 1,900 is further than 0.10 by chance; and a whole run makes about two hundred. So an arm that misses
 * is measured a second time, with new requests, and counts as told apart only if it misses again: by chance that is once in
 * thousands of runs, while what really tells shows again.
 *
 * The short form runs beside other work on two cores. Noise hits arms that are asked in turns alike and leaves their area at
 * one half; with 40 against 40 its deviation is 0.065, and 0.30 is more than four of them, twice in a row: once in 10^10. Medians of so few
 * requests on such a machine may differ by milliseconds for no reason, so no shift is judged there. A stand-in that is
 * not computed, or a clock that does not run, has an area near 1 on any machine, which the control shows each time.
 */
const TOLERANCE = { short: 0.3, whole: 0.1 };
/** What the area must be at least where the equaliser is taken out. */
const CONTROL = { short: 0.8, whole: 0.9 };
/** Milliseconds, or this share of a hash: the greater. */
const MOST_SHIFT_MS = 2;
const MOST_SHIFT_OF_HASH = 0.05;

const NAMES: Record<DatabaseKind, string> = { sqlite: 'SQLite', postgres: 'PostgreSQL', mariadb: 'MariaDB' };

type Size = 'short' | 'whole';

/** With the arm that causes no mail where nobody's request does, or the other way round. */
const CONTROLLED = [
  only(login, 'active'),
  only(signup, 'deleted'),
  only(resend, 'pending'),
  only(resetRequest, 'active'),
];

export const fault: Fault = {
  claim: 'Strangers ask about addresses with and without accounts; the time of an answer must not tell which is which.',
  bars: ['C2', 'C5'],
  run: (size) => (size === 'short' ? short() : whole()),
};

async function short(): Promise<Figure[]> {
  const figures: Figure[] = [];
  const equal = { kind: 'sqlite', known: 0, mail: 'slow', uniformAnswerMs: SHORT_CLOCK_MS } as const;
  await withServer(equal, async (origin) => {
    figures.push(await judged(origin, only(login, 'active', 'deactivated', 'deleted'), 'short', equal.kind));
    const flows = [only(signup, 'active'), only(resend, 'pending'), only(resetRequest, 'active')];
    figures.push(...(await Promise.all(flows.map((flow) => judged(origin, flow, 'short', equal.kind)))));
  });
  figures.push(...(await controls('short', equal.kind, [only(login, 'active'), only(resetRequest, 'active')])));
  return figures;
}

async function whole(): Promise<Figure[]> {
  const kinds = await reachable(DATABASE_KINDS);
  const figures: Figure[] = [];
  const hashMs = new Map<DatabaseKind, number>();
  // What is quickest and depends on the machine most comes first, and alone.
  for (const kind of kinds) {
    await withServer({ kind, known: 0 }, async (origin) => {
      const times = await measured(origin, only(login), COUNT.whole);
      hashMs.set(kind, median(times.get('nobody')!));
      figures.push(await judged(origin, login, 'whole', kind, hashMs.get(kind)));
    });
  }
  // Mostly waiting, on clocks: side by side.
  figures.push(...(await onAll(kinds, (kind) => importedHashes(kind, hashMs.get(kind)!))));
  for (const mail of ['well', 'down', 'slow'] as const) {
    figures.push(...(await onAll(kinds, (kind) => inMailWeather(kind, mail, hashMs.get(kind)!))));
  }
  for (const kind of kinds) figures.push(...(await amidLogins(kind)));
  for (const kind of kinds) figures.push(...(await inBursts(kind)));
  for (const kind of kinds) figures.push(...(await controls('whole', kind, CONTROLLED)));
  return figures;
}

async function onAll(kinds: readonly DatabaseKind[], figuresOf: (kind: DatabaseKind) => Promise<Figure[]>) {
  return (await Promise.all(kinds.map(figuresOf))).flat();
}

async function importedHashes(kind: DatabaseKind, hashMs: number): Promise<Figure[]> {
  const options = { kind, known: 0, importedFloorMs: IMPORTED_FLOOR_MS };
  return withServer(options, async (origin) => [await judged(origin, importedLogin, 'whole', kind, hashMs)]);
}

/** Every flow that a mail may follow. */
async function inMailWeather(kind: DatabaseKind, mail: MailWeather, hashMs: number): Promise<Figure[]> {
  return withServer({ kind, known: 0, mail }, async (origin) => {
    const flows = [signup, resend, resetRequest, await changes(origin)];
    const asked = mail === 'well' ? flows : flows.map(strongest);
    const name = mail === 'well' ? '' : `, mail server ${mail}`;
    return Promise.all(asked.map((flow) => judged(origin, flow, 'whole', kind, hashMs, name)));
  });
}

/** The arm that differs most from nobody in what it does. */
function strongest(flow: TimedFlow): TimedFlow {
  return only(flow, flow.name === 'resend' ? 'pending' : 'active');
}

async function changes(origin: string): Promise<TimedFlow> {
  const client = new TimedClient(origin);
  try {
    return await emailChange(client);
  } finally {
    client.close();
  }
}

async function amidLogins(kind: DatabaseKind): Promise<Figure[]> {
  return withServer({ kind, known: 0 }, async (origin) => {
    const crowd = new TimedClient(origin, LOGINS_IN_FLIGHT);
    const over = new AbortController();
    const asked = { path: '/auth/login', status: 401 };
    const crowds = Array.from({ length: LOGINS_IN_FLIGHT }, async () => {
      while (!over.signal.aborted) {
        const body = { email: newAddress(), password: 'wrong but long enough' };
        await crowd.timeUnlessBusy({ ...asked, body });
      }
    });
    try {
      const name = `, ${LOGINS_IN_FLIGHT} logins in flight`;
      const hashMs = median((await measured(origin, only(login), 20)).get('nobody')!);
      const flows = [login, signup, resend, resetRequest].map(strongest);
      return await Promise.all(flows.map((flow) => judged(origin, flow, 'whole', kind, hashMs, name)));
    } finally {
      over.abort();
      await Promise.all(crowds);
      crowd.close();
    }
  });
}

async function inBursts(kind: DatabaseKind): Promise<Figure[]> {
  return withServer({ kind, known: BURST }, async (origin) => {
    const client = new TimedClient(origin, BURST);
    const figures: Figure[] = [];
    try {
      for (const name of Object.keys(BURSTS) as (keyof typeof BURSTS)[]) {
        const { times, busy } = await timesOfBursts(client, name, BURST_ROUNDS);
        const hashMs = median(times.get('nobody')!);
        const turnedAway = [...busy].map(([arm, count]) => `${arm} ${count}`).join(', ');
        const figure = figureOf(
          `${name}, bursts of ${BURST} all known or all unknown`,
          kind,
          compare(times),
          'whole',
          hashMs,
        );
        figures.push({
          ...figure,
          measured: `${figure.measured}${/[1-9]/.test(turnedAway) ? `; 503: ${turnedAway}` : ''}`,
        });
      }
      return figures;
    } finally {
      client.close();
    }
  });
}

/** The same measurement where the equalisers are out: one that finds nothing there finds nothing anywhere. */
async function controls(size: Size, kind: DatabaseKind, flows: readonly TimedFlow[]): Promise<Figure[]> {
  return withServer({ kind, known: 0, withoutEqualiser: true }, async (origin) => {
    const figures: Figure[] = [];
    const own = size === 'whole' ? [only(await changes(origin), 'own')] : [];
    for (const flow of [...flows, ...own]) {
      const all = compare(await measured(origin, flow, COUNT[size])).filter(({ arm }) => arm !== AGAIN);
      const area = Math.max(...all.map((each) => 0.5 + Math.abs(each.area - 0.5)));
      figures.push({
        what: `control, equaliser taken out: ${flow.name} (${NAMES[kind]})`,
        measured: `AUC ${area.toFixed(2)}`,
        bar: `at least ${CONTROL[size]}`,
        holds: area >= CONTROL[size],
      });
    }
    return figures;
  });
}

/** Measures a flow, and what misses once more. */
async function judged(
  origin: string,
  flow: TimedFlow,
  size: Size,
  kind: DatabaseKind,
  hashMs = 0,
  circumstances = '',
): Promise<Figure> {
  const name = flow.name + circumstances;
  const first = compare(await measured(origin, flow, COUNT[size]));
  const missed = first.filter((each) => !isAlike(each, size, hashMs)).map(({ arm }) => arm);
  if (missed.length === 0) return figureOf(name, kind, first, size, hashMs);
  const second = compare(await measured(origin, only(flow, ...missed), COUNT[size]));
  const final = first.map((each) => second.find(({ arm }) => missed.includes(arm) && arm === each.arm) ?? each);
  const figure = figureOf(name, kind, final, size, hashMs);
  return { ...figure, measured: `${figure.measured}; measured twice: ${missed.join(', ')}` };
}

async function measured(origin: string, flow: TimedFlow, count: number) {
  const client = new TimedClient(origin);
  try {
    return await timesOf(client, flow, count);
  } finally {
    client.close();
  }
}

function isAlike({ area, shift }: Comparison, size: Size, hashMs: number): boolean {
  const isShifted = size === 'whole' && Math.abs(shift) > mostShift(hashMs);
  return Math.abs(area - 0.5) <= TOLERANCE[size] && !isShifted;
}

const mostShift = (hashMs: number): number => Math.max(MOST_SHIFT_MS, MOST_SHIFT_OF_HASH * hashMs);

function figureOf(name: string, kind: DatabaseKind, all: readonly Comparison[], size: Size, hashMs: number): Figure {
  const areas = all.map(({ area }) => area);
  const furthest = all.toSorted((a, b) => Math.abs(b.area - 0.5) - Math.abs(a.area - 0.5))[0]!;
  const shift = Math.max(...all.map((each) => Math.abs(each.shift)));
  const [least, most] = [0.5 - TOLERANCE[size], 0.5 + TOLERANCE[size]];
  const range = `AUC ${Math.min(...areas).toFixed(2)} to ${Math.max(...areas).toFixed(2)} (${furthest.arm})`;
  const bar = `${least.toFixed(2)} to ${most.toFixed(2)}`;
  return {
    what: `${name} (${NAMES[kind]})`,
    measured: `${range}, shift ${shift.toFixed(1)} ms`,
    bar: size === 'short' ? bar : `${bar}, ${mostShift(hashMs).toFixed(1)} ms`,
    holds: all.every((each) => isAlike(each, size, hashMs)),
  };
}

async function withServer<R>(options: TimedServerOptions, work: (origin: string) => Promise<R>): Promise<R> {
  const server = await startTimedServer(options);
  try {
    return await work(server.origin);
  } finally {
    await server.stop();
  }
}
