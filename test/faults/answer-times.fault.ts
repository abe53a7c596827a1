import { DATABASE_KINDS, type DatabaseKind } from '../support/database-servers.js';
import type { Fault, Figure, Size } from './fault.js';
import type { MailWeather } from './support/mail-sink.js';
import { BURST, timesOfBursts } from './support/timed-bursts.js';
import { TimedClient } from './support/timed-client.js';
import { compare, median, timesOf } from './support/timed-comparison.js';
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
import { figureOf, isAlike, NAMES } from './support/timed-verdict.js';
import { newAddress } from './support/timed-people.js';
import { reachable, startTimedServer, type TimedServerOptions } from './support/timed-server.js';

/** Requests of each arm. */
const COUNT = { short: 40, whole: 200 };
/** A login in flight, always; what is turned away comes again. */
const LOGINS_IN_FLIGHT = 32;
const BURST_ROUNDS = 6;
const IMPORTED_FLOOR_MS = 250;
/** Less than the default, and as good where only areas are judged. */
const SHORT_CLOCK_MS = 100;

/** What the area must be at least where the equaliser is taken out. */
const CONTROL = { short: 0.8, whole: 0.9 };
/** With the arm that causes no mail where nobody's request does, or the other way round. */
const CONTROLLED = [
  only(login, 'active'),
  only(signup, 'deleted'),
  only(resend, 'pending'),
  only(resetRequest, 'active'),
];

export const fault: Fault = {
  claim: 'Strangers ask about addresses with and without accounts; the time of an answer must not tell which is which.',
  bars: ['C2'],
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
  for (const mail of ['well', 'down', 'slow'] as const) {
    const all = kinds.flatMap((kind) => [
      inMailWeather(kind, mail, hashMs.get(kind)!),
      ...(mail === 'well' ? [importedHashes(kind, hashMs.get(kind)!)] : []),
    ]);
    figures.push(...(await Promise.all(all)).flat());
  }
  for (const kind of kinds) figures.push(...(await amidLogins(kind)));
  for (const kind of kinds) figures.push(...(await inBursts(kind)));
  for (const kind of kinds) figures.push(...(await controls('whole', kind, CONTROLLED)));
  return figures;
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
        const first = await ofBursts(client, kind, name);
        figures.push(first.holds ? first : await ofBursts(client, kind, name, '; measured twice'));
      }
      return figures;
    } finally {
      client.close();
    }
  });
}

async function ofBursts(
  client: TimedClient,
  kind: DatabaseKind,
  name: keyof typeof BURSTS,
  remark = '',
): Promise<Figure> {
  const { times, busy } = await timesOfBursts(client, name, BURST_ROUNDS);
  const what = `${name}, bursts of ${BURST}, all known or all unknown`;
  // What one of a hundred waits takes the place of a hash.
  const figure = figureOf(what, kind, compare(times), 'whole', median(times.get('nobody')!));
  const turnedAway = [...busy].filter(([, count]) => count > 0).map(([arm, count]) => `${arm} ${count}`);
  const refused = turnedAway.length > 0 ? `; 503: ${turnedAway.join(', ')}` : '';
  return { ...figure, measured: `${figure.measured}${refused}${remark}` };
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

async function withServer<R>(options: TimedServerOptions, work: (origin: string) => Promise<R>): Promise<R> {
  const server = await startTimedServer(options);
  try {
    return await work(server.origin);
  } finally {
    await server.stop();
  }
}
