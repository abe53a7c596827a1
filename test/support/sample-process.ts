import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from './client.js';
import type { TestDatabase } from './databases.js';
import type { Mailbox } from './mailbox.js';

const MAIN = fileURLToPath(new URL('../../.build/sample-app/main.js', import.meta.url));
const START_TIMEOUT_MS = 45_000;

/** The built sample application in a process of its own. */
export interface SampleProcess {
  client: Client;
  /** Ends the process and waits until it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts the built sample application on a free port, as an operator would: configured by the environment alone.
 * Applications on the same database share its accounts; the first one makes the tables.
 */
export async function startSampleProcess(
  database: TestDatabase,
  mailbox: Mailbox,
  env: Record<string, string> = {},
): Promise<SampleProcess> {
  if (!existsSync(MAIN)) throw new Error('The sample application is not built: run `npm run build` first.');
  const child = spawn(process.execPath, [MAIN], {
    // Not where a developer keeps an .env file.
    cwd: dirname(MAIN),
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
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  // SIGKILL: a test that failed must not leave a process behind that waits for something.
  const kill = (): unknown => child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    process.off('exit', kill);
    kill();
    await exited;
  };
  try {
    return { client: new Client(await addressOf(child)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Reads the line in which the application says where it listens. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const giveUp = (why: string): void => reject(new Error(`the application ${why}:\n${output}`));
    const timer = setTimeout(() => giveUp('did not start in time'), START_TIMEOUT_MS);
    child.once('exit', (code) => giveUp(`ended with code ${code}`));
    child.once('close', () => clearTimeout(timer));
    // Read on after the start as well, or the pipes fill and the application stands still.
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        const address = /Listening on (http:\/\/[\w.:]+)/.exec(output)?.[1];
        if (!address) return;
        clearTimeout(timer);
        resolve(address);
      });
    }
  });
}
