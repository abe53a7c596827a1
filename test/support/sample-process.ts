import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Client } from './client.js';
import type { Mailbox } from './mailbox.js';

// By its name: this file is also run compiled, from elsewhere.
const ROOT = dirname(createRequire(import.meta.url).resolve('nestjs-gatehouse/package.json'));
const MAIN = join(ROOT, '.build', 'sample-app', 'main.js');
const START_TIMEOUT_MS = 180_000;

/** The built sample application in a process of its own. */
export interface SampleProcess {
  readonly client: Client;
  readonly origin: string;
  readonly pid: number;
  /** What it has written so far, to either stream. */
  readonly output: string;
  /** How it ended; one that was killed has no code. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Sends it a signal and does not wait for what it does. */
  kill(signal: NodeJS.Signals): void;
  /** Ends the process and waits until it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts the built sample application on a free port, as an operator would: configured by the environment alone.
 * Applications on the same database share its accounts; the first one makes the tables.
 * @param main where that of another version lies
 */
export async function startSampleProcess(
  database: { readonly url: string },
  mailbox: Pick<Mailbox, 'port'>,
  env: Record<string, string> = {},
  main = MAIN,
): Promise<SampleProcess> {
  if (!existsSync(main)) throw new Error('The sample application is not built: run `npm run build` first.');
  const child = spawn(process.execPath, [main], {
    // Not where a developer keeps an .env file.
    cwd: dirname(main),
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      DATABASE_URL: database.url,
      AUTH_HASH_MEMORY_KIB: '64',
      AUTH_HASH_TIME_COST: '1',
      AUTH_UNIFORM_ANSWER_MS: '0',
      // Whoever asks is at one address here.
      AUTH_LIMITS: 'off',
      JWT_SECRET: 'child-tests-only:Q4mZ7tWc2LxN9vRb5HyKs8DjFgPe3UaX',
      SMTP_HOST: '127.0.0.1',
      SMTP_PORT: String(mailbox.port),
      SMTP_FROM_ADDR: 'accounts@example.com',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<Awaited<SampleProcess['exited']>>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  // Read on after the start as well, or the pipes fill and the application stands still.
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  // SIGKILL: a test that failed must not leave a process behind that waits for something.
  const kill = (): unknown => child.kill('SIGKILL');
  process.once('exit', kill);
  void exited.then(() => process.off('exit', kill));
  const stop = async (): Promise<void> => {
    kill();
    await exited;
  };
  try {
    const origin = await addressOf(child, () => output);
    return {
      client: new Client(origin),
      origin,
      pid: child.pid!,
      get output() {
        return output;
      },
      exited,
      kill: (signal) => void child.kill(signal),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits for the line in which the application says where it listens. */
function addressOf(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const giveUp = (why: string): void => reject(new Error(`the application ${why}:\n${output()}`));
    const timer = setTimeout(() => giveUp('did not start in time'), START_TIMEOUT_MS);
    child.once('exit', (code) => giveUp(`ended with code ${code}`));
    child.once('close', () => clearTimeout(timer));
    child.stdout!.on('data', () => {
      const address = /Listening on (http:\/\/[\w.:]+)/.exec(output())?.[1];
      if (!address) return;
      clearTimeout(timer);
      resolve(address);
    });
  });
}
