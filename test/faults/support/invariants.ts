import { DataSource } from 'typeorm';
import type { TestDatabase } from '../../support/new-database.js';
import { grouped } from './grouped.js';

/** Twice the time a mail may take: how long a claim of a worker lasts. */
const LEASE_MS = 120_000;

/** A row of the users. */
export interface UserRow {
  id: string;
  email: string;
  isActive: boolean;
  isVerified: boolean;
}

/** A row of the tokens: a session, a link, an owed mail. */
export interface TokenRow {
  id: string;
  userId: string;
  purpose: string;
  tokenHash: string | null;
  nonce: string | null;
  expiresAt: number;
  usedAt: number | null;
  revokedAt: number | null;
  mailDueAt: number | null;
  mailAttempts: number;
  mailError: string | null;
}

/** Both tables of the sample application, as they are in the database. */
export interface Tables {
  users: UserRow[];
  tokens: TokenRow[];
}

/** A look into the tables past the application, through a connection of its own. */
export async function readTables(database: TestDatabase): Promise<Tables> {
  return onTables(database, async (tables) => {
    const users: Record<string, unknown>[] = await tables.query(
      'SELECT id, email, is_active, email_verified_at FROM users',
    );
    const tokens: Record<string, unknown>[] = await tables.query(
      `SELECT id, user_id, purpose, token_hash, nonce, expires_at, used_at, revoked_at, mail_due_at, mail_attempts,
        mail_error FROM user_tokens`,
    );
    return { users: users.map(toUser), tokens: tokens.map(toToken) };
  });
}

/** Opens the database, past the application, for as long as `look` takes. */
export async function onTables<T>({ options }: TestDatabase, look: (tables: DataSource) => Promise<T>): Promise<T> {
  const tables = await new DataSource(options).initialize();
  try {
    return await look(tables);
  } finally {
    await tables.destroy();
  }
}

/** What must be true of the tables at any moment, whatever happened: each violation in words. */
export function violationsIn({ users, tokens }: Tables, now = Date.now()): string[] {
  const byUser = grouped(tokens, ({ userId }) => userId);
  const known = new Set(users.map(({ id }) => id));
  const isOpen = (row: TokenRow): boolean => row.usedAt === null && row.revokedAt === null && row.expiresAt > now;
  return [
    ...repeated(users.map(({ email }) => email.toLowerCase())).map((email) => `${email} has two accounts`),
    ...repeated(tokens.flatMap(({ tokenHash }) => tokenHash ?? [])).map(() => 'two links have one token'),
    ...tokens.filter(({ userId }) => !known.has(userId)).map((row) => `${row.purpose} ${row.id} has no account`),
    ...users.flatMap((user) => violationsOf(user, byUser.get(user.id) ?? [], isOpen)),
    ...tokens.flatMap((row) => mailViolations(row, now)),
  ];
}

function violationsOf(user: UserRow, rows: TokenRow[], isOpen: (row: TokenRow) => boolean): string[] {
  const count = (purpose: string, is: (row: TokenRow) => boolean): number =>
    rows.filter((row) => row.purpose === purpose && is(row)).length;
  const found: string[] = [];
  const { email } = user;
  if (!user.isActive && count('session', isOpen) > 0) found.push(`${email} is not active and has a live session`);
  if (!user.isVerified && count('activation', () => true) === 0)
    found.push(`${email} waits for a link that is not there`);
  if (user.isActive && !user.isVerified) found.push(`${email} is active and has proved nothing`);
  if (count('activation', ({ usedAt }) => usedAt !== null) > 1) found.push(`${email} was activated twice`);
  if (count('email-change', isOpen) > 1) found.push(`${email} has two live links to another address`);
  return found;
}

function mailViolations(row: TokenRow, now: number): string[] {
  const found: string[] = [];
  const what = `${row.purpose} ${row.id}`;
  const isLink = ['activation', 'password-reset', 'email-change', 'email-change-undo'].includes(row.purpose);
  if (isLink && (row.tokenHash === null || row.nonce === null)) found.push(`${what} has no link`);
  if (row.purpose === 'session' && row.mailDueAt !== null) found.push(`${what} owes a mail`);
  if (row.mailDueAt !== null && row.mailDueAt > now + LEASE_MS) found.push(`${what} is claimed past any lease`);
  if (row.mailDueAt === null && row.mailError !== null)
    found.push(`the mail of ${what} was given up: ${row.mailError}`);
  return found;
}

function repeated(values: string[]): string[] {
  const seen = new Set<string>();
  return values.filter((value) => seen.has(value) || !seen.add(value));
}

const text = (value: unknown): string | null => (value === null ? null : String(value));
const instant = (value: unknown): number | null => (value === null ? null : Number(value));

function toUser(row: Record<string, unknown>): UserRow {
  return {
    id: String(row['id']),
    email: String(row['email']),
    isActive: Boolean(row['is_active']),
    isVerified: row['email_verified_at'] !== null,
  };
}

function toToken(row: Record<string, unknown>): TokenRow {
  return {
    id: String(row['id']),
    userId: String(row['user_id']),
    purpose: String(row['purpose']),
    tokenHash: text(row['token_hash']),
    nonce: text(row['nonce']),
    expiresAt: Number(row['expires_at']),
    usedAt: instant(row['used_at']),
    revokedAt: instant(row['revoked_at']),
    mailDueAt: instant(row['mail_due_at']),
    mailAttempts: Number(row['mail_attempts']),
    mailError: text(row['mail_error']),
  };
}
