import { DataSource } from 'typeorm';
import { type Mailbox, tokenIn } from '../../support/mailbox.js';
import type { TestDatabase } from '../../support/new-database.js';

/** The mail that a signup owes, as it stands in the table. */
export interface OwedMail {
  id: string;
  email: string;
  dueAt: number | null;
  attempts: number;
  error: string | null;
}

/** What became of it. */
export interface Fate extends OwedMail {
  /** How often it arrived. */
  copies: number;
  /** False where two copies differ in link or Message-ID, or one has the Message-ID of another row. */
  isOneMail: boolean;
  /** Names of its events. */
  events: string[];
}

/** The mail of each signup, read past the application. */
export async function owedMails(database: TestDatabase): Promise<OwedMail[]> {
  const rows = await query(
    database,
    `SELECT t.id, u.email, t.mail_due_at, t.mail_attempts, t.mail_error FROM user_tokens t
     INNER JOIN users u ON u.id = t.user_id WHERE t.purpose = 'activation'`,
  );
  return rows.map((row) => ({
    id: String(row['id']),
    email: String(row['email']),
    dueAt: row['mail_due_at'] === null ? null : Number(row['mail_due_at']),
    attempts: Number(row['mail_attempts']),
    error: row['mail_error'] === null ? null : String(row['mail_error']),
  }));
}

/** Ends every back-off: a process has a real clock, and nobody waits for it. */
export async function tryAgainNow(database: TestDatabase): Promise<void> {
  await query(database, `UPDATE user_tokens SET mail_due_at = ${Date.now()} WHERE mail_due_at IS NOT NULL`);
}

/** Moves every mail that has failed to where no try of it is due for an hour. */
export async function holdBack(database: TestDatabase): Promise<void> {
  const later = Date.now() + 3_600_000;
  await query(
    database,
    `UPDATE user_tokens SET mail_due_at = ${later} WHERE mail_due_at IS NOT NULL AND mail_error IS NOT NULL`,
  );
}

export async function fatesOf(database: TestDatabase, mailbox: Mailbox): Promise<Fate[]> {
  const events = await query(database, "SELECT event, detail FROM auth_events WHERE event LIKE 'mail%'");
  return (await owedMails(database)).map((mail) => {
    const copies = mailbox.to(mail.email);
    const ids = new Set(copies.map(({ messageId }) => messageId));
    const links = new Set(copies.map(tokenIn));
    return Object.assign(mail, {
      copies: copies.length,
      isOneMail: copies.length === 0 || (ids.size === 1 && ids.has(`<${mail.id}@example.com>`) && links.size === 1),
      events: events.filter(({ detail }) => JSON.stringify(detail).includes(mail.id)).map(({ event }) => String(event)),
    });
  });
}

/** Tables can be locked for a moment by the application. */
async function query({ options }: TestDatabase, statement: string): Promise<Record<string, unknown>[]> {
  const tables = await new DataSource(options).initialize();
  try {
    return await tables.query(statement);
  } finally {
    await tables.destroy();
  }
}
