import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseKind } from '../../support/database-servers.js';
import { createDatabase, type TestDatabase } from '../../support/new-database.js';
import { PASSWORD } from '../../support/password.js';
import { type SampleProcess, startSampleProcess } from '../../support/sample-process.js';
import { Gauge } from './gauge.js';

/** The sample application as a process with the hashes of production, on a database of its own. */
export interface MeasuredSample {
  readonly sample: SampleProcess;
  readonly database: TestDatabase;
  readonly gauge: Gauge;
  readonly port: number;
  /** An active account. */
  activeUser(email: string): Promise<void>;
}

/** Nobody listens: modes without mail never ask. */
const NO_MAILBOX = { port: 9 };

/** Starts it in mode C, which needs no mail, for as long as `use` takes. */
export async function withSample<T>(
  kind: DatabaseKind,
  env: Record<string, string>,
  use: (measured: MeasuredSample) => Promise<T>,
): Promise<T> {
  const database = await createDatabase(kind);
  const gauge = new Gauge();
  try {
    const hashing = { AUTH_HASH_MEMORY_KIB: '19456', AUTH_HASH_TIME_COST: '2' };
    const sample = await startSampleProcess(database, NO_MAILBOX, { AUTH_MODE: 'C', ...hashing, ...gauge.env, ...env });
    try {
      const activeUser = (email: string): Promise<void> => activate(sample, email);
      return await use({ sample, database, gauge, port: Number(new URL(sample.origin).port), activeUser });
    } finally {
      await sample.stop();
    }
  } finally {
    // A server notices late that a process is gone.
    await delay(100);
    await database.drop();
  }
}

async function activate({ client }: SampleProcess, email: string): Promise<void> {
  const { body } = await client.post('/auth/signup', { email, password: PASSWORD });
  const token = /[A-Za-z0-9_-]{64}/.exec(String(body?.activation_url))?.[0];
  const { status } = await client.post('/auth/activate', { token });
  if (status !== 200) throw new Error(`${email} could not be activated: ${status} ${JSON.stringify(body)}`);
}
