import { setTimeout as delay } from 'node:timers/promises';
import type { Mailbox, ReceivedMail } from '../../support/mailbox.js';
import type { TestDatabase } from '../../support/new-database.js';
import { type Account, idOf, kindOf } from './account.js';
import { grouped } from './grouped.js';
import { onTables, readTables, type Tables } from './invariants.js';

const LOOK_EVERY_MS = 500;

/**
 * Waits until no mail is owed any more.
 * @returns how many still are when `patienceMs` have passed
 */
export async function allDelivered(database: TestDatabase, patienceMs: number): Promise<number> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const { tokens } = await readTables(database);
    const owed = tokens.filter(({ mailDueAt }) => mailDueAt !== null).length;
    if (owed === 0 || Date.now() > end) return owed;
    await delay(LOOK_EVERY_MS);
  }
}

/** Ends what workers that are gone have claimed, as two minutes would: a process has a real clock, which nobody can move. */
export async function endLeases(database: TestDatabase): Promise<void> {
  await onTables(database, (tables) =>
    tables.query(`UPDATE user_tokens SET mail_due_at = ${Date.now()} WHERE mail_due_at IS NOT NULL`),
  );
}

/** Mails that were promised and have not come, in words. */
export function lostMails(accounts: readonly Account[], mailbox: Mailbox): string[] {
  const arrived = new Map<string, Set<string>>();
  for (const mail of mailbox.mails) {
    for (const to of mail.recipients) {
      const key = `${kindOf(mail)} to ${to}`;
      arrived.set(key, (arrived.get(key) ?? new Set()).add(idOf(mail)));
    }
  }
  const promised = accounts.flatMap(({ promises }) => promises);
  const byKey = grouped(promised, ({ kind, to }) => `${kind} to ${to}`);
  return [...byKey].flatMap(([key, { length }]) => {
    const missing = length - (arrived.get(key)?.size ?? 0);
    return missing > 0 ? [`${missing} of ${length}: ${key}`] : [];
  });
}

/** The mails that a worker has claimed and not recorded: the id of each row, and the claim, which is there until it ends. */
export function underWay({ tokens }: Tables, now = Date.now()): string[] {
  const claimed = tokens.filter(({ mailDueAt }) => mailDueAt !== null && mailDueAt > now);
  return claimed.map(({ id, mailDueAt }) => `${id} ${mailDueAt}`);
}

/** What arrived more than once. */
export interface Duplicates {
  /** Mails beyond the first of each. */
  count: number;
  /** Of these, in words: those that no fault explains, and those that have another link or recipient than the first. */
  unexplained: string[];
  different: string[];
}

function linksIn({ text = '' }: ReceivedMail): string {
  return (text.match(/https?:\/\/\S+/g) ?? []).join(' ');
}

/** @param hits what {@link underWay} found at each fault */
export function duplicatesIn(mails: readonly ReceivedMail[], hits: ReadonlySet<string>): Duplicates {
  const result: Duplicates = { count: 0, unexplained: [], different: [] };
  const faults = grouped([...hits], (hit) => hit.split(' ')[0]!);
  for (const [id, [first, ...copies]] of grouped(mails, idOf)) {
    const excess = copies.length - (faults.get(id)?.length ?? 0);
    result.count += copies.length;
    if (excess > 0) result.unexplained.push(`${kindOf(first!)} ${id} came ${excess} times too often`);
    for (const copy of copies) {
      // The greeting may be another one: of a name that was changed in between.
      const isSame = linksIn(copy) === linksIn(first!) && copy.recipients.join() === first!.recipients.join();
      if (!isSame) result.different.push(`the second ${kindOf(copy)} ${id} has another link, or another recipient`);
    }
  }
  return result;
}
