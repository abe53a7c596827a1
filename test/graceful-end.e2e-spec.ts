import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Caller, type Reply } from './faults/support/caller.js';
import { createDatabase, type TestDatabase } from './support/databases.js';
import { Mailbox } from './support/mailbox.js';
import { type SampleProcess, startSampleProcess } from './support/sample-process.js';

const SENDERS = 4;
/** A route that asks no database: one that does is 503 when the module has ended. */
const INFO = { method: 'GET', path: '/sample/info' } as const;

describe.each(['express', 'fastify'])('the sample application on %s, told to end by SIGTERM', (adapter) => {
  let database: TestDatabase;
  let mailbox: Mailbox;
  let app: SampleProcess | undefined;
  const over = new AbortController();

  beforeAll(async () => {
    [database, mailbox] = [await createDatabase('sqlite'), await new Mailbox().goUp()];
  });
  afterEach(async () => {
    over.abort();
    await app?.stop();
  });
  afterAll(async () => {
    await mailbox.goDown();
    await database.drop();
  });

  it(
    'ends although connections are kept open and used again, and answers whatever comes on them',
    { timeout: 90_000 },
    async () => {
      app = await startSampleProcess(database, mailbox, { HTTP_ADAPTER: adapter, SHUTDOWN_DELAY_MS: '500' });
      const { origin, exited } = app;
      const answers: Reply[] = [];
      const senders = Array.from({ length: SENDERS }, async () => {
        const caller = new Caller(origin);
        for (let isThere = true; isThere && !over.signal.aborted;) {
          const reply = await caller.send(INFO);
          isThere = reply.kind === 'answer';
          if (isThere) answers.push(reply);
        }
        caller.close();
      });
      await delay(300);
      const before = answers.length;
      app.kill('SIGTERM');
      expect(await Promise.race([exited, delay(30_000, 'still there')])).toEqual({ code: 0, signal: null });
      await Promise.all(senders);
      expect(before).toBeGreaterThan(SENDERS);
      expect(answers.length).toBeGreaterThan(before);
      expect(new Set(answers.map((reply) => reply.kind === 'answer' && reply.status))).toEqual(new Set([200]));
    },
  );
});
