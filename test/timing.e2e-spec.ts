import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { OutboxWorker } from '../lib/engine/mail/outbox-worker.js';
import { HashLimiter } from '../lib/engine/passwords/hash-limiter.js';
import type { Answer } from './support/client.js';
import { availableDatabases } from './support/databases.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const FLOOR_MS = 150;
/** Timers count in whole milliseconds and may be one early. */
const TIMER_TOLERANCE_MS = 2;

/** What a request costs the server, and what its sender sees. */
interface Observation {
  answer: Answer;
  hashes: number;
  statements: number;
  milliseconds: number;
}

/** Every Argon2 computation passes the limiter, which the spy leaves as it is. */
const computation = vi.spyOn(HashLimiter.prototype, 'run');

// Clocks on a busy machine prove nothing: what makes the times equal is asserted instead.
describe.each(availableDatabases())('the time of an answer on %s tells nothing about the address', (database) => {
  let t: TestApp;

  beforeAll(async () => {
    t = await createTestApp({ database, options: { uniformAnswerMs: FLOOR_MS } });
    await t.activeUser('active@example.com');
    await t.client.post('/auth/signup', { email: 'pending@example.com', password: PASSWORD });
    await t.activeUser('deactivated@example.com');
    await t.dataSource.query(`UPDATE users SET is_active = ${database === 'postgres' ? 'false' : '0'}
                              WHERE email = 'deactivated@example.com'`);
    await t.mailbox.waitFor('pending@example.com');
    // The mail worker runs when the answer is out; its statements are nobody's cost.
    await t.app.get(OutboxWorker, { strict: false }).beforeApplicationShutdown();
  });
  afterAll(() => t.close());

  async function observe(path: string, body: object, bearer?: string): Promise<Observation> {
    const hashesBefore = computation.mock.calls.length;
    const statementsBefore = t.statements.entries.length;
    const start = performance.now();
    const answer = await t.client.post(path, body, { bearer });
    return {
      answer,
      milliseconds: performance.now() - start,
      hashes: computation.mock.calls.length - hashesBefore,
      statements: t.statements.entries.length - statementsBefore,
    };
  }

  /** Sends the same request for several addresses, and expects the same cost and the same answer. */
  async function expectUniform(path: string, body: object, addresses: string[]): Promise<Observation[]> {
    const all: Observation[] = [];
    for (const address of addresses) all.push(await observe(path, { email: `${address}@example.com`, ...body }));
    expectAlike(all);
    return all;
  }

  const EVERYBODY = ['nobody', 'pending', 'deactivated', 'active'];

  it('login: one hash and one statement for whoever is refused', async () => {
    const all = await expectUniform('/auth/login', { password: 'wrong but long enough' }, EVERYBODY);
    all.push(...(await expectUniform('/auth/login', { password: PASSWORD }, ['nobody', 'pending', 'deactivated'])));
    expect(all.map(({ hashes, statements }) => [hashes, statements])).toEqual(all.map(() => [1, 1]));
    expect(all[0]!.answer.status).toBe(401);
  });

  it('login: one hash for whoever is let in', async () => {
    const { answer, hashes } = await observe('/auth/login', { email: 'active@example.com', password: PASSWORD });
    expect([answer.status, hashes]).toEqual([200, 1]);
  });

  it('signup: one hash, and no answer before its time', async () => {
    const all = await expectUniform('/auth/signup', { password: PASSWORD }, [
      'new',
      'pending',
      'deactivated',
      'active',
    ]);
    expect(all[0]!.answer.status).toBe(201);
    expectFloor(all);
    expect(all.map(({ hashes }) => hashes)).toEqual([1, 1, 1, 1]);
  });

  it.each([
    ['/auth/password-reset/request', 2],
    ['/auth/activation/resend', 3],
  ])('%s: no hash, the same number of statements, and no answer before its time', async (path, statements) => {
    const all = await expectUniform(path, {}, EVERYBODY);
    expect(all[0]!.answer.status).toBe(202);
    expectFloor(all);
    expect(all.map((one) => [one.hashes, one.statements])).toEqual(all.map(() => [0, statements]));
  });

  it('e-mail change: one hash, the same number of statements, and no answer before its time', async () => {
    const credentials = { email: 'active@example.com', password: PASSWORD };
    const bearer: string = (await t.client.post('/auth/login', credentials)).body.access_token;
    const all: Observation[] = [];
    for (const address of EVERYBODY) {
      const body = { new_email: `${address}@example.com`, current_password: PASSWORD };
      all.push(await observe('/auth/email-change/request', body, bearer));
    }
    expectAlike(all);
    expect(all[0]!.answer.status).toBe(202);
    expectFloor(all);
    expect(all.map((one) => [one.hashes, one.statements])).toEqual(all.map(() => [1, 5]));
  });
});

function expectAlike(all: Observation[]): void {
  const [first, ...others] = all.map(({ answer, hashes }) => ({ hashes, ...visible(answer) }));
  for (const other of others) expect(other).toEqual(first);
}

function expectFloor(all: Observation[]): void {
  for (const { milliseconds } of all) expect(milliseconds).toBeGreaterThanOrEqual(FLOOR_MS - TIMER_TOLERANCE_MS);
}

/** Everything a client sees, but for the time of day. */
function visible({ status, headers, text }: Answer): { status: number; headers: [string, string][]; text: string } {
  return { status, headers: [...headers].filter(([name]) => name !== 'date'), text };
}
