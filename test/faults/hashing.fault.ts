import { availableParallelism } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { HashLimiter } from '../../lib/engine/passwords/hash-limiter.js';
import { loadArgon2Engine } from '../../lib/engine/passwords/argon2-engine.js';
import { AuthError } from '../../lib/platform/common/auth.errors.js';
import type { Fault, Figure, Size } from './fault.js';

/** OWASP, Password Storage: what the package hashes with unless it is told otherwise. */
const PARAMETERS = { memoryKib: 19_456, timeCost: 2 };
const QUEUE = 64;
const PASSWORD = 'correct horse battery staple';
/** How many ask at the same moment: more than may wait. */
const CROWD = 200;

export const fault: Fault = {
  claim:
    'However many passwords come at once, the event loop goes on, memory is bounded, and who is too many is turned away at once.',
  bars: ['C14'],
  run: async (size: Size): Promise<Figure[]> => {
    const engine = await loadArgon2Engine();
    const stored = await engine.hash(PASSWORD, PARAMETERS);
    const limiter = new HashLimiter({ concurrency: 0, queue: QUEUE });
    const verify = () => limiter.run(() => engine.verify(stored, PASSWORD));
    await Promise.all(Array.from({ length: limiter.concurrency }, verify));
    const before = process.memoryUsage.rss();
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    let [peak, compared, refused] = [before, 0, 0];
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5);
    const startedAt = performance.now();
    for (let round = 0; round < (size === 'short' ? 5 : 50); round++) {
      const outcomes = await Promise.allSettled(Array.from({ length: CROWD }, verify));
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') compared += outcome.value ? 1 : 0;
        else if (outcome.reason instanceof AuthError && outcome.reason.code === 'SERVICE_BUSY') refused++;
        else throw outcome.reason;
      }
    }
    const seconds = (performance.now() - startedAt) / 1000;
    clearInterval(watch);
    delay.disable();
    const p99 = delay.percentile(99) / 1e6;
    const grownMiB = (peak - before) / 1024 ** 2;
    const boundMiB = (limiter.concurrency * PARAMETERS.memoryKib) / 1024 + 32;
    const asked = compared + refused;
    return [
      parameters(stored),
      { what: `delay of the event loop, p99, ${limiter.concurrency} hashes at once`, ...atMost(p99, 50, 'ms') },
      { what: `memory that ${CROWD} at once add`, ...atMost(grownMiB, boundMiB, 'MiB') },
      {
        what: `turned away of ${asked}, beyond ${limiter.concurrency} and a queue of ${QUEUE}`,
        ...bounded(compared, asked),
      },
      {
        what: `comparisons a second on ${availableParallelism()} cores`,
        measured: (compared / seconds).toFixed(0),
        holds: true,
      },
    ];
  },
};

function parameters(stored: string): Figure {
  const [, variant = '', , measured = ''] = stored.split('$');
  const bar = 'm=19456,t=2,p=1';
  return { what: `parameters of ${variant}`, measured, bar, holds: variant === 'argon2id' && measured === bar };
}

function atMost(value: number, most: number, unit: string): Pick<Figure, 'measured' | 'bar' | 'holds'> {
  return { measured: `${value.toFixed(0)} ${unit}`, bar: `at most ${most.toFixed(0)} ${unit}`, holds: value <= most };
}

/** As many as there is room for, in every round; the others hear so at once. */
function bounded(compared: number, asked: number): Pick<Figure, 'measured' | 'bar' | 'holds'> {
  const rounds = asked / CROWD;
  const room = rounds * (QUEUE + new HashLimiter({ concurrency: 0, queue: QUEUE }).concurrency);
  return { measured: String(asked - compared), bar: String(asked - room), holds: compared === room };
}
