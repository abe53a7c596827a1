import { expect, vi } from 'vitest';
import { OutboxWorker } from '../../lib/engine/mail/outbox-worker.js';
import { tokenRows } from './rows.js';
import { PASSWORD, type TestApp } from './test-app.js';

/** Longer than the first back-offs and any lease. */
export const LATER = { seconds: 7200 };

/** Signs an address up, which owes it a mail. */
export const signUp = (t: TestApp, email: string) => t.client.post('/auth/signup', { email, password: PASSWORD });
/** Redeems an activation link. */
export const activate = (t: TestApp, token: string) => t.client.post('/auth/activate', { token });
/** Makes the worker look for owed mail now; with the clock moved, that is what a poll finds later. */
export const wake = (t: TestApp): void => t.app.get(OutboxWorker).wake();

/** The one row of an address. */
export async function onlyRow(t: TestApp, email: string) {
  const [row, ...more] = await tokenRows(t, email);
  if (!row || more.length > 0) throw new Error(`${email} has ${more.length + (row ? 1 : 0)} rows, not 1`);
  return row;
}

/** Waits until an attempt to send was recorded as failed, and returns the row. */
export function failed(t: TestApp, email: string) {
  return vi.waitFor(async () => {
    const row = await onlyRow(t, email);
    expect(row.mailError).not.toBeNull();
    return row;
  }, 10_000);
}

/** Waits until nothing is owed to the address any more, and returns the row. */
export function settled(t: TestApp, email: string) {
  return vi.waitFor(async () => {
    const row = await onlyRow(t, email);
    expect(row.mailDueAt).toBeNull();
    return row;
  }, 10_000);
}

/** Lets time pass and the worker look for whatever could be due; a later mail to somebody else shows that it has. */
export async function giveMoreTime(t: TestApp): Promise<void> {
  t.clock.advance(LATER);
  const witness = `witness-${t.clock.now()}@example.org`;
  await signUp(t, witness);
  await t.mailbox.waitFor(witness);
}
