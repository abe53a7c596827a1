import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Crowd, Sample } from './crowd-inside.js';

export type { Crowd, Sample } from './crowd-inside.js';

/** Beyond the time a crowd is asked to take: its last answers, and a busy machine. */
const PATIENCE_MS = 60_000;

/** Clients in a process of their own, so that they share no event loop with those that are measured beside them. */
export class CrowdProcess {
  private constructor(private readonly child: ChildProcess) {}

  static async start(): Promise<CrowdProcess> {
    const child = fork(fileURLToPath(new URL('./crowd-inside.js', import.meta.url)), { env: {} });
    process.once('exit', () => child.kill('SIGKILL'));
    const signal = AbortSignal.timeout(PATIENCE_MS);
    await once(child, 'message', { signal });
    return new CrowdProcess(child);
  }

  /** Does it, one crowd at a time, and gives every answer. */
  async run(crowd: Crowd): Promise<Sample[]> {
    const signal = AbortSignal.timeout(crowd.seconds * 1000 + PATIENCE_MS);
    const answer = once(this.child, 'message', { signal });
    this.child.send(crowd);
    const [samples] = (await answer) as [Sample[]];
    return samples;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}
