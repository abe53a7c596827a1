import { setTimeout as delay } from 'node:timers/promises';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { Mailbox, tokenIn } from '../../support/mailbox.js';
import { createDatabase, type TestDatabase } from '../../support/new-database.js';
import { type SampleProcess, startSampleProcess } from '../../support/sample-process.js';
import type { Figure } from '../fault.js';
import { readTables } from '../support/invariants.js';
import { RoundRobin } from '../support/round-robin.js';
import { verify } from '../support/verify.js';
import { Visitors } from '../support/visitors.js';

/** The application that this checkout has built, or an earlier one. */
export type Version = 'this' | { main: string; commit: string };

const ENV = {
  // What the journal of one client cannot tell from a loss; wrong passwords of one account are counted.
  AUTH_LIMITS: 'on',
  AUTH_LIMITS_LOGIN_PER_ADDRESS: '0',
  AUTH_LIMITS_MAILS_PER_ADDRESS: '0',
  AUTH_LIMITS_MAILS_PER_MAILBOX: '0',
  AUTH_LIMITS_TOKENS_PER_ADDRESS: '0',
  AUTH_MAIL_POLL_SECONDS: '1',
  SHUTDOWN_DELAY_MS: '1000',
  JWT_ACCESS_TTL_SECONDS: '7200',
};
const VISITORS = 12;
const MOST_MS = 180_000;
const SHUT_DOWN_MS = 10_000;
const PASSWORD = 'a long and winding passphrase';

/** Instances that are replaced while visitors come and go. */
export class Rollout {
  readonly balancer = new RoundRobin();
  readonly visitors: Visitors;
  /** Sessions that were opened by one instance and refused by another. */
  readonly foreign: string[] = [];
  private readonly processes: SampleProcess[] = [];
  private readonly endings: number[] = [];

  private constructor(
    readonly database: TestDatabase,
    readonly mailbox: Mailbox,
  ) {
    // Whatever the balancer sees of 5xx it counts: nothing is tolerated there.
    this.visitors = new Visitors(this.balancer, mailbox, { seed: 1, visitors: VISITORS, unavailable: true });
  }

  /** Starts that many of the earlier version, and removes everything after `use`. */
  static async with<T>(
    kind: 'postgres' | 'mariadb',
    from: Version,
    instances: number,
    use: (rollout: Rollout) => Promise<T>,
  ): Promise<T> {
    const database = await createDatabase(kind);
    const mailbox = await new Mailbox().goUp();
    const rollout = new Rollout(database, mailbox);
    try {
      // One after the other: the first makes the tables.
      for (let index = 0; index < instances; index++) await rollout.start(index, from);
      return await use(rollout);
    } finally {
      rollout.visitors.pause();
      rollout.balancer.close();
      await Promise.all(rollout.processes.map((each) => each.stop()));
      await mailbox.goDown();
      await database.drop();
    }
  }

  /** Waits until the visitors have got so much more done. */
  async getsDone(operations: number): Promise<void> {
    const enough = this.visitors.total + operations;
    for (const end = Date.now() + MOST_MS; this.visitors.total < enough;) {
      if (Date.now() > end) throw new Error('the visitors get nothing done');
      await delay(10);
    }
  }

  /** As a deployment does it, before any process of the new version runs; the old ones go on. */
  async migrate(): Promise<void> {
    const at = new URL('../../../../sample-app/database.js', import.meta.url).href;
    const { databaseOptions } = (await import(at)) as { databaseOptions(env: NodeJS.ProcessEnv): DataSourceOptions };
    const options = { ...databaseOptions({ DATABASE_URL: this.database.url }), migrationsRun: false };
    const source = await new DataSource(options).initialize();
    try {
      const run = await source.runMigrations();
      if (run.length === 0) throw new Error('there was nothing to migrate');
    } finally {
      await source.destroy();
    }
  }

  /** Ends one by SIGTERM, starts one of this version in its place, and tries sessions of both at every instance. */
  async replace(index: number): Promise<void> {
    const leaving = this.processes[index]!;
    const session = await this.openSession(leaving);
    const begun = performance.now();
    // At the same moment, as Kubernetes does it: requests are on their way there.
    leaving.kill('SIGTERM');
    this.balancer.remove(index);
    await leaving.exited;
    this.endings.push(performance.now() - begun);
    await this.start(index, 'this');
    await this.useEverywhere(session);
    await this.useEverywhere(await this.openSession(this.processes[index]!));
    await this.getsDone(20);
  }

  /** Compares the journal with what is there. */
  async look(): Promise<string[]> {
    return verify(this.balancer, this.visitors.accounts, await readTables(this.database));
  }

  slowestEnd(what: string): Figure {
    const slowest = Math.max(...this.endings);
    return { what, measured: `${Math.round(slowest)} ms`, bar: 'at most 10 s', holds: slowest <= SHUT_DOWN_MS };
  }

  private async start(index: number, version: Version): Promise<void> {
    const main = version === 'this' ? undefined : version.main;
    const process = await startSampleProcess(this.database, this.mailbox, ENV, main);
    this.processes[index] = process;
    this.balancer.add(index, process.origin);
  }

  /** A new account, signed up, activated and logged in at one instance. */
  private async openSession({ client, pid }: SampleProcess): Promise<{ access_token: string; refresh_token: string }> {
    const email = `passenger-${pid}-${Date.now()}@example.com`;
    await client.post('/auth/signup', { email, password: PASSWORD });
    await client.post('/auth/activate', { token: tokenIn(await this.mailbox.waitFor(email)) });
    const { status, body } = await client.post('/auth/login', { email, password: PASSWORD });
    if (status !== 200) throw new Error(`login answered ${status}`);
    return body as { access_token: string; refresh_token: string };
  }

  /** Both tokens, each refreshed pair at the next instance. */
  private async useEverywhere(session: { access_token: string; refresh_token: string }): Promise<void> {
    let tokens = session;
    for (const [index, { client }] of this.processes.entries()) {
      const seen = await client.get('/demo/protected', { bearer: tokens.access_token });
      const renewed = await client.post('/auth/refresh', { refresh_token: tokens.refresh_token });
      for (const { status, text } of [seen, renewed]) {
        if (status !== 200) this.foreign.push(`a session was refused by instance ${index}: ${status} ${text}`);
      }
      if (renewed.status === 200) tokens = renewed.body as typeof tokens;
    }
  }
}
