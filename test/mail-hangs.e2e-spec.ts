import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { inParallel } from './support/client.js';
import { availableDatabases } from './support/databases.js';
import type { MailboxBehaviour } from './support/mailbox.js';
import { failed, giveMoreTime, settled, signUp, wake } from './support/owed-mail.js';
import { createTestApp, type TestApp } from './support/test-app.js';

/** More than there are places for quick mails. The server lets go of none of them before the time-out, half a minute later. */
const HANGING = 12;
/** Real time. Far below that time-out, and far above what a busy machine needs. */
const SOON_MS = 10_000;
/** Nothing is sent twice: neither to those, nor to the one that comes after them. */
const ONE_EACH = Array.from({ length: HANGING + 1 }, () => 1);

describe.each(availableDatabases())('recipients on whom the mail server hangs, on %s', (database) => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({ database });
  });
  afterEach(() => {
    t.mailbox.behaviourTo.clear();
    t.mailbox.release();
  });
  afterAll(() => t.close());

  /** Signs up addresses to which the server behaves in a certain way. */
  async function signUpAll(name: string, behaviour: MailboxBehaviour): Promise<string[]> {
    const emails = Array.from({ length: HANGING }, (_, index) => `${name}-${index}@example.org`);
    for (const email of emails) t.mailbox.behaviourTo.set(email, behaviour);
    await inParallel(HANGING, (index) => signUp(t, emails[index]!));
    return emails;
  }

  /** Milliseconds of real time. */
  async function timeToArrive(email: string, begun: number): Promise<number> {
    await t.mailbox.waitFor(email);
    return performance.now() - begun;
  }

  /** Lets the server go on, and all the time pass that could make the worker send again. */
  async function arrivals(emails: readonly string[]): Promise<number[]> {
    await t.mailbox.waitUntilHanging(HANGING);
    t.mailbox.release();
    for (const email of emails) expect((await settled(t, email)).mailError).toBeNull();
    await giveMoreTime(t);
    return emails.map((email) => t.mailbox.to(email).length);
  }

  it.each<MailboxBehaviour>(['hang', 'hang after message'])('do not hold up the next mail (%s)', async (behaviour) => {
    const [name, good] = [behaviour.replaceAll(' ', '-'), `good-${behaviour.length}@example.org`];
    const begun = performance.now();
    const hanging = await signUpAll(name, behaviour);
    await t.mailbox.waitUntilHanging(10);
    await signUp(t, good);
    expect(await timeToArrive(good, begun)).toBeLessThan(SOON_MS);
    expect(await arrivals([...hanging, good])).toEqual(ONE_EACH);
  });

  it('do not hold up a mail that was never tried when all of them are tried again', async () => {
    const hanging = await signUpAll('again', 'try again later');
    for (const email of hanging) await failed(t, email);
    for (const email of hanging) t.mailbox.behaviourTo.set(email, 'hang');
    t.clock.advance({ seconds: 7 });
    wake(t);
    await t.mailbox.waitUntilHanging(10);
    const begun = performance.now();
    await signUp(t, 'first-try@example.org');
    expect(await timeToArrive('first-try@example.org', begun)).toBeLessThan(SOON_MS);
    expect(await arrivals([...hanging, 'first-try@example.org'])).toEqual(ONE_EACH);
  });

  it('do not hold up a mail that is tried again', async () => {
    t.mailbox.behaviourTo.set('later@example.org', 'try again later');
    await signUp(t, 'later@example.org');
    await failed(t, 'later@example.org');
    t.mailbox.behaviourTo.delete('later@example.org');
    const hanging = await signUpAll('beside', 'hang');
    await t.mailbox.waitUntilHanging(10);
    const begun = performance.now();
    t.clock.advance({ seconds: 7 });
    wake(t);
    expect(await timeToArrive('later@example.org', begun)).toBeLessThan(SOON_MS);
    expect(await arrivals([...hanging, 'later@example.org'])).toEqual(ONE_EACH);
  });
});
