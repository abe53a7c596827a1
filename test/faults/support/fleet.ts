import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer, Client } from '../../support/client.js';
import { inParallel } from '../../support/client.js';
import type { Mailbox } from '../../support/mailbox.js';
import type { TestDatabase } from '../../support/new-database.js';
import { type SampleProcess, startSampleProcess } from '../../support/sample-process.js';
import type { Work } from './work-meter.js';

const METER = new URL('./work-meter.js', import.meta.url).href;

/** What one client would exhaust, whose requests all come from one address. */
const NO_NETWORK_LIMITS = {
  AUTH_LIMITS: 'on',
  AUTH_LIMITS_LOGIN_PER_ADDRESS: '0',
  AUTH_LIMITS_MAILS_PER_ADDRESS: '0',
  AUTH_LIMITS_TOKENS_PER_ADDRESS: '0',
  // A crowd must not be slow enough for a wait to end.
  AUTH_LIMITS_LOGIN_WAIT_SECONDS: '3600',
  AUTH_LIMITS_LOGIN_LONGEST_WAIT_SECONDS: '3600',
  AUTH_MAIL_POLL_SECONDS: '1',
};

/** Several processes of the sample application on one database, asked in turn; limits on, none of them by network. */
export class Fleet {
  readonly processes: SampleProcess[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'gatehouse-fleet-'));
  private turn = 0;

  /** @param env what is configured otherwise */
  constructor(
    private readonly database: TestDatabase,
    private readonly mailbox: Mailbox,
    private readonly env: Record<string, string> = {},
  ) {}

  get size(): number {
    return this.processes.length;
  }

  /** Starts those that are missing, one after the other: two that migrate at once would both try. */
  async grow(size: number): Promise<void> {
    while (this.size < size) await this.start(this.size);
  }

  /** Starts one in the place of one that is gone. */
  async start(index: number): Promise<void> {
    const meter = { NODE_OPTIONS: `--import=${METER}`, WORK_FILE: this.workFile(index) };
    const env = { ...NO_NETWORK_LIMITS, ...meter, ...this.env };
    this.processes[index] = await startSampleProcess(this.database, this.mailbox, env);
  }

  /** Each call names the next one. */
  get next(): Client {
    return this.at(this.turn++);
  }

  at(index: number): Client {
    return this.processes[index % this.processes.length]!.client;
  }

  /** `count` requests at the same moment, in turn to each. */
  crowd(count: number, send: (client: Client, index: number) => Promise<Answer>): Promise<Answer[]> {
    return inParallel(count, (index) => send(this.at(index), index));
  }

  /** What each of them has done since it started. */
  work(): Work[] {
    return this.processes.map((_, index) => JSON.parse(readFileSync(this.workFile(index), 'utf8')) as Work);
  }

  /** Passwords that all of them have hashed or compared. */
  hashes(): number {
    return this.work().reduce((sum, { hashes }) => sum + hashes, 0);
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((each) => each?.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private workFile(index: number): string {
    return join(this.folder, `work-${index}.json`);
  }
}
