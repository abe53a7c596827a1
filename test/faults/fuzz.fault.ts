import { randomInt } from 'node:crypto';
import { DATABASE_KINDS } from '../support/database-servers.js';
import { ALL_ENDPOINTS } from '../support/every-endpoint.js';
import { type Fault, type Figure, none, type Size } from './fault.js';
import { atMost, kib, mib, ms, told } from './support/figures.js';
import { attack, type Attack, type Outcome } from './support/fuzzed-stack.js';

const REQUESTS = { short: 600, whole: 100_000 };
const FORGERIES = { short: 150, whole: 2_000 };
/** Longer than an answer may take; of every change, on a machine that does other things, longer than anybody waits. In milliseconds. */
const HANG_MS = { short: 10_000, whole: 2_000 };
const KIB = 1024;
/** What may be open at one moment and not at another. */
const RESOURCES = 20;

/** Either adapter on every database; the short form each once. */
function stacks(size: Size): Pick<Attack, 'adapter' | 'kind'>[] {
  const adapters = ['express', 'fastify'] as const;
  if (size === 'whole') return DATABASE_KINDS.flatMap((kind) => adapters.map((adapter) => ({ adapter, kind })));
  return DATABASE_KINDS.map((kind, index) => ({ adapter: adapters[index % 2]!, kind }));
}

async function run(size: Size): Promise<Figure[]> {
  const seed = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 30));
  console.log(`FUZZ_SEED=${seed} sends the same again`);
  const plans = stacks(size);
  const outcomes: Outcome[] = [];
  for (const [index, stack] of plans.entries()) {
    const share = (count: number): number => Math.ceil(count / plans.length);
    const requests = Math.ceil(share(REQUESTS[size]) / ALL_ENDPOINTS.length);
    // Far enough apart that no two endpoints get the same requests.
    const forgeries = share(FORGERIES[size]);
    const plan = { ...stack, requests, forgeries, seed: seed + 1000 * index, hangMs: HANG_MS[size] };
    const outcome = await attack(plan);
    tell(plan, outcome);
    outcomes.push(outcome);
  }
  return figuresOf(outcomes, size);
}

/** Everything that tells one stack from another goes to the terminal, with what repeats a failure. */
function tell({ adapter, kind }: Attack, { requests, slowestMs, faults, half, end }: Outcome): void {
  console.log(
    `${adapter} on ${kind}: ${requests} requests, slowest ${ms(slowestMs)}, ` +
      `at the end ${mib(end.rss)} of memory, ${mib(end.heapUsed)} of them heap, ${half.resources} and ${end.resources} open resources, ` +
      `${half.listeners} and ${end.listeners} listeners`,
  );
  for (const fault of faults) console.error(fault);
}

function figuresOf(outcomes: readonly Outcome[], size: Size): Figure[] {
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((total, each) => total + of(each), 0);
  const requests = sum((each) => each.requests);
  const kept = sum(({ half, end }) => end.heapUsed - half.heapUsed) / (requests / 2);
  const grown = sum(({ half, end }) => end.rss - half.rss) / (requests / 2);
  const slowest = Math.max(...outcomes.map(({ slowestMs }) => slowestMs));
  const count = requests.toLocaleString('en');
  const forgeries = sum((each) => each.forgeries).toLocaleString('en');
  // A cache that is still filling looks like a leak where requests are few.
  const keeps = 'heap kept by a request, in the second half';
  return [
    none(
      `answers of 500 and above, of ${count} requests`,
      sum((each) => each.serverErrors),
    ),
    none(
      `answers that took longer than ${HANG_MS[size] / 1000} s, of ${count}`,
      sum((each) => each.hangs),
    ),
    told('the slowest answer', ms(slowest)),
    none(
      'answers, rows and log lines that must not be',
      sum(({ faults }) => faults.length),
    ),
    none('processes that died', outcomes.filter(({ isAlive }) => !isAlive).length),
    none(
      `forged or mutated tokens accepted, of ${forgeries}`,
      sum((each) => each.accepted),
    ),
    size === 'short' ? told(keeps, kib(kept)) : atMost(keeps, kept, KIB, kib),
    none(
      'listeners of the process more than at half of them',
      sum(({ half, end }) => Math.max(0, end.listeners - half.listeners)),
    ),
    // A connection to the database, or the timer of a mail, may be there in one moment and not in the other.
    atMost(
      'timers and sockets more than at half of them, in one process',
      Math.max(...outcomes.map(({ half, end }) => end.resources - half.resources)),
      RESOURCES,
      String,
    ),
    told('RSS grown by a request, in the second half', kib(grown)),
  ];
}

export const fault: Fault = {
  claim: 'hostile requests to every endpoint on either adapter and three databases break nothing, and open nothing',
  bars: ['C8', 'C9'],
  run,
};
