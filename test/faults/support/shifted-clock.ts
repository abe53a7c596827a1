import { readFileSync } from 'node:fs';

/**
 * Loaded before an application (`node --import`): its wall clock, and nothing else of it, is wrong by the seconds that
 * stand in the file CLOCK_FILE. SIGWINCH, which Nest does not take for the end, reads them again, which steps the clock as a correction of the time does. Timers go
 * on, for they run by the monotonic clock, which no correction touches.
 */
const file = process.env['CLOCK_FILE'];
const RealDate = Date;
let offsetMs = 0;

function read(): void {
  if (file) offsetMs = Number(readFileSync(file, 'utf8')) * 1000;
}

const now = (): number => RealDate.now() + offsetMs;

read();
process.on('SIGWINCH', () => {
  read();
  // A signal has no answer: whoever sent it waits for this line.
  console.log(`clock stepped to ${offsetMs / 1000} s`);
});
globalThis.Date = new Proxy(RealDate, {
  construct: (_target, args: [], newTarget) => {
    return Reflect.construct(RealDate, args.length === 0 ? [now()] : args, newTarget) as Date;
  },
  get: (target, name) => (name === 'now' ? now : (Reflect.get(target, name) as unknown)),
});
