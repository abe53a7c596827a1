import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Load, LoadResult } from './load.js';
import type { DataSourceOptions } from 'typeorm';
import type { ServerOptions } from './server.js';
import type { Application, StartUp } from './start-up-application.js';

/** Time beyond its own after which a load is given up, and a process that should have started or ended. */
const PATIENCE_MS = 30_000;

/** Nothing of the caller's environment decides a figure. Rate limits stop exactly what a benchmark does. */
const ENVIRONMENT = { PATH: process.env['PATH'], AUTH_LIMITS: 'off' };

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** A process of the benchmark that answers each message with one. */
class Worker {
  private constructor(
    private readonly child: ChildProcess,
    /** What it said when it was ready. */
    readonly greeting: unknown,
  ) {}

  static async start(file: string, args: string[] = [], execArgv: string[] = []): Promise<Worker> {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const child = fork(path, args, { env: ENVIRONMENT, execArgv });
    // Whoever stops the benchmark ends the measurement; the database is still dropped.
    const kill = () => child.kill();
    for (const signal of SIGNALS) process.on(signal, kill);
    child.once('exit', () => SIGNALS.forEach((signal) => process.off(signal, kill)));
    return new Worker(child, await reply(child, PATIENCE_MS));
  }

  async ask<T>(message: object, seconds: number): Promise<T> {
    const answer = reply(this.child, seconds * 1000 + PATIENCE_MS);
    this.child.send(message);
    const result = (await answer) as T | { error: string };
    if (typeof result === 'object' && result !== null && 'error' in result) throw new Error(result.error);
    return result as T;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    const impatience = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE_MS);
    if (this.child.connected) this.child.disconnect();
    await exited;
    clearTimeout(impatience);
  }
}

async function reply(child: ChildProcess, patienceMs: number): Promise<unknown> {
  const signal = AbortSignal.timeout(patienceMs);
  const exit = new AbortController();
  try {
    return await Promise.race([
      once(child, 'message', { signal: AbortSignal.any([signal, exit.signal]) }).then(
        ([message]) => message as unknown,
      ),
      once(child, 'exit', { signal: exit.signal }).then(([code]) => {
        throw new Error(`a process of the benchmark ended with ${String(code)}`);
      }),
    ]);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    exit.abort();
  }
}

/** The processes of one comparison: applications, load generators, bare verifications. */
export class Processes implements AsyncDisposable {
  private readonly workers: Worker[] = [];

  constructor(private readonly profileDirectory?: string) {}

  /** Starts an application; gives its port. */
  async server(options: ServerOptions): Promise<number> {
    const profiling = this.profileDirectory ? ['--cpu-prof', `--cpu-prof-dir=${this.profileDirectory}`] : [];
    const worker = await this.start('server.js', [JSON.stringify(options)], profiling);
    return (worker.greeting as { port: number }).port;
  }

  /** Starts a load generator. */
  async load(): Promise<(load: Load) => Promise<LoadResult>> {
    const worker = await this.start('load.js');
    return (load) => worker.ask<LoadResult>(load, load.seconds);
  }

  /** Starts a process for bare verifications. */
  async bare(phc: string): Promise<(seconds: number) => Promise<number>> {
    const worker = await this.start('bare.js');
    return async (seconds) => (await worker.ask<{ perSecond: number }>({ seconds, phc }, seconds)).perSecond;
  }

  /** Starts an application, ends it, and gives what its start took. */
  async startUp(application: Application, options: DataSourceOptions): Promise<StartUp> {
    const worker = await Worker.start(
      'start-up-application.js',
      [application, JSON.stringify(options)],
      ['--expose-gc'],
    );
    await worker.stop();
    return worker.greeting as StartUp;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
  }

  private async start(file: string, args: string[] = [], execArgv: string[] = []): Promise<Worker> {
    const worker = await Worker.start(file, args, execArgv);
    this.workers.push(worker);
    return worker;
  }
}
