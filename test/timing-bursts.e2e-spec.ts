import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OutboxWorker } from '../lib/engine/mail/outbox-worker.js';
import { areaUnderCurve } from './support/auc.js';
import { inParallel } from './support/client.js';
import { describeOnServers } from './support/databases.js';
import { createTestApp, type TestApp } from './support/test-app.js';

/** As many requests at the same moment, half of them of either group, in turn. */
const BURST = 150;
/** How far from one half the area may be. Requests that locked rows were seen at 0.3 to 0.4, those that do not at 0.03. */
const TOLERANCE = 0.1;

type Group = (index: number) => string;
const KNOWN: Group = () => 'known@example.com';
const UNKNOWN: Group = (index) => `unknown-${index}@example.com`;

/** The positive control: a request that queues on the row of whoever has the address, as one that locks it does. */
@Controller('queued')
class QueuedController {
  constructor(private readonly dataSource: DataSource) {}

  @Post()
  @HttpCode(202)
  async request(@Body() { email }: { email: string }) {
    await this.dataSource.transaction(async (manager) => {
      const where = `WHERE email = '${email.replaceAll("'", '')}'`;
      await manager.query(`SELECT id FROM users ${where} FOR UPDATE`);
      await manager.query(`UPDATE users SET created_at = created_at + 1 ${where}`);
    });
    return {};
  }
}

describeOnServers('a burst of requests on %s', (database) => {
  let t: TestApp;

  beforeAll(async () => {
    // Without the clock, which hides a burst that fits into its time; and with many connections, as with few of them
    // requests that queue on a row keep all others waiting, too.
    t = await createTestApp({
      database,
      poolSize: 40,
      controllers: [QueuedController],
      options: { uniformAnswerMs: 0 },
    });
    await t.activeUser(KNOWN(0));
    await t.mailIsDone();
    // The mail worker runs when the answers are out; what it does is nobody's answer.
    await t.app.get(OutboxWorker, { strict: false }).beforeApplicationShutdown();
  });
  afterAll(() => t.close());

  /** How well the times of the answers to one burst tell `second` from `first`. */
  async function areaOf(path: string, first: Group, second: Group): Promise<number> {
    const times: [number[], number[]] = [[], []];
    await inParallel(BURST, async (index) => {
      const email = (index % 2 === 0 ? first : second)(index);
      const start = performance.now();
      const { status } = await t.client.post(path, { email });
      times[index % 2]!.push(performance.now() - start);
      expect(status).toBe(202);
    });
    return areaUnderCurve(...times);
  }

  /** On a busy machine one burst may prove nothing: what it seems to tell must show in a second one. */
  async function tells(path: string, first: Group, second: Group): Promise<boolean> {
    for (let run = 0; run < 2; run++) {
      if (Math.abs((await areaOf(path, first, second)) - 0.5) <= TOLERANCE) return false;
    }
    return true;
  }

  it.each(['/auth/password-reset/request', '/auth/activation/resend'])(
    'to %s does not tell a known address from an unknown one, nor unknown ones from each other',
    async (path) => {
      // The first burst opens the connections, in which everything else would drown.
      expect(await tells(path, UNKNOWN, UNKNOWN)).toBe(false);
      expect(await tells(path, UNKNOWN, KNOWN)).toBe(false);
    },
  );

  it('that queues on the row of a known address tells it, by the same measure', async () => {
    expect(await tells('/queued', UNKNOWN, UNKNOWN)).toBe(false);
    expect(await tells('/queued', UNKNOWN, KNOWN)).toBe(true);
  });
});
