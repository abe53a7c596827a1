import { setTimeout as delay } from 'node:timers/promises';
import { type Figure, none } from '../fault.js';
import { exactly } from './races.js';
import { NAMES, PASSWORD, type Site } from './site.js';

const OWED = 'mail_due_at IS NOT NULL';
const PATIENCE_MS = 600_000;
/** Signups at a time: few enough that none finds the queue before the hash full. */
const AT_A_TIME = 40;

/** That many sign up at the one instance there is; it dies before any of their mails is sent, the mail server being away. */
export async function owe(site: Site, mails: number): Promise<string[]> {
  const { mailbox, fleet } = site;
  const emails = Array.from({ length: mails }, (_, index) => `owed-${index}@example.com`);
  await mailbox.goDown();
  for (let from = 0; from < mails; from += AT_A_TIME) {
    const some = emails.slice(from, from + AT_A_TIME);
    await Promise.all(
      some.map((email) => site.expect(201, fleet.next.post('/auth/signup', { email, password: PASSWORD }))),
    );
  }
  await fleet.processes[0]!.stop();
  await allFallDue(site, 3_600_000);
  return emails;
}

/** All of those mails fall due at one instant, and every instance wants each of them. */
export async function outbox(site: Site, emails: readonly string[]): Promise<Figure[]> {
  const { mailbox } = site;
  const mails = emails.length;
  await mailbox.goUp();
  await allFallDue(site, 1500);
  const owed = `SELECT count(*) FROM user_tokens WHERE ${OWED}`;
  await until('no mail is owed any more', async () => (await site.count(owed)) === 0);
  // Whoever still held one would send it now.
  await delay(2500);
  const perAddress = emails.map((email) => mailbox.to(email).length);
  const shares = sentBy(site);
  const where = `${mails} owed mails, four workers (${NAMES[site.kind]})`;
  return [
    exactly(`delivered of ${where}`, perAddress.filter((count) => count > 0).length, mails),
    none(`delivered twice of ${where}`, perAddress.filter((count) => count > 1).length),
    {
      what: `sent by each worker of ${where}`,
      measured: shares.join(' + '),
      bar: 'each more than 0',
      holds: shares.every((share) => share > 0),
    },
  ];
}

/** @param wait in milliseconds from now */
async function allFallDue(site: Site, wait: number): Promise<void> {
  const due = Date.now() + wait;
  await site.source.query(`UPDATE user_tokens SET mail_due_at = ${due}, mail_attempts = 0 WHERE ${OWED}`);
}

function sentBy({ fleet }: Site): number[] {
  return fleet.work().map(({ events }) => events['mail_sent'] ?? 0);
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
    await delay(100);
  }
}
