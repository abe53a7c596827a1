import { availableParallelism } from 'node:os';
import { loadArgon2Engine } from '../lib/engine/passwords/argon2-engine.js';
import { PASSWORD } from './database.js';

/** Verifications and nothing else, one per core at a time, as a process of its own: what the machine can do at most. */
const engine = await loadArgon2Engine();

async function verifyUntil(deadline: number, phc: string): Promise<number> {
  let count = 0;
  while (performance.now() < deadline) {
    if (!(await engine.verify(phc, PASSWORD))) throw new Error('the hash does not verify');
    count++;
  }
  return count;
}

async function measure(seconds: number, phc: string): Promise<number> {
  const start = performance.now();
  const workers = Array.from({ length: availableParallelism() }, () => verifyUntil(start + seconds * 1000, phc));
  const total = (await Promise.all(workers)).reduce((sum, count) => sum + count, 0);
  return (total * 1000) / (performance.now() - start);
}

process.on('message', async ({ seconds, phc }: { seconds: number; phc: string }) => {
  process.send!({ perSecond: await measure(seconds, phc) });
});
process.once('disconnect', () => process.exit());
process.send!('ready');
