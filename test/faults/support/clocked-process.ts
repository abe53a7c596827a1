import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Mailbox } from '../../support/mailbox.js';
import type { TestDatabase } from '../../support/new-database.js';
import { type SampleProcess, startSampleProcess } from '../../support/sample-process.js';

const PRELOAD = new URL('./shifted-clock.js', import.meta.url).href;

/** The sample application with a clock of its own, in a time zone of its own. */
export class ClockedProcess {
  private constructor(
    readonly app: SampleProcess,
    private readonly folder: string,
    readonly zone: string,
  ) {}

  static async start(
    database: TestDatabase,
    mailbox: Mailbox,
    { zone, env }: { zone: string; env: Record<string, string> },
  ): Promise<ClockedProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-clock-'));
    writeFileSync(join(folder, 'seconds'), '0');
    const clock = { NODE_OPTIONS: `--import=${PRELOAD}`, CLOCK_FILE: join(folder, 'seconds') };
    try {
      return new ClockedProcess(
        await startSampleProcess(database, mailbox, { ...env, ...clock, TZ: zone }),
        folder,
        zone,
      );
    } catch (error) {
      rmSync(folder, { recursive: true });
      throw error;
    }
  }

  /** Sets its clock to so many seconds ahead of the true time; behind it, if negative. */
  async step(seconds: number): Promise<void> {
    writeFileSync(join(this.folder, 'seconds'), String(seconds));
    const said = () => this.app.output.split('clock stepped to ').length;
    const before = said();
    this.app.kill('SIGWINCH');
    for (const end = performance.now() + 20_000; performance.now() < end;) {
      if (said() > before) return;
      await delay(10);
    }
    throw new Error('the clock was not stepped');
  }

  async stop(): Promise<void> {
    await this.app.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
