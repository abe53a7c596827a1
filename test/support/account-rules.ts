import { canonicalEmail } from 'nestjs-gatehouse';
import type { DataSource } from 'typeorm';

/** A row of the table of users, as every database has it. */
export interface PlainUser {
  id: string;
  email: string;
  password_hash: string;
  is_active: number | boolean;
  email_verified_at: number | string | null;
}

/** A row of the table of sessions and links. */
export interface PlainToken {
  id: string;
  user_id: string;
  purpose: string;
  token_hash: string | null;
  generation: number;
  used_at: number | string | null;
}

/** Both tables. */
export async function plainRows(dataSource: DataSource): Promise<{ users: PlainUser[]; tokens: PlainToken[] }> {
  return {
    users: await dataSource.query<PlainUser[]>('SELECT * FROM users'),
    tokens: await dataSource.query<PlainToken[]>('SELECT * FROM user_tokens'),
  };
}

/**
 * What the rows say that cannot be, where nobody but the owners of the accounts `proved` has ever shown a link or a
 * session. Empty where all is well.
 */
export function brokenRules(
  { users, tokens }: { users: readonly PlainUser[]; tokens: readonly PlainToken[] },
  proved: ReadonlySet<string>,
): string[] {
  const ids = new Set(users.map(({ id }) => id));
  const isTwice = users.length !== new Set(users.map(({ email }) => email)).size;
  return [
    ...(isTwice ? ['an address has two accounts'] : []),
    ...users.flatMap((user) => brokenByUser(user, proved.has(user.id))),
    ...tokens.flatMap((token) => brokenByToken(token, ids, proved)),
  ];
}

function brokenByUser(user: PlainUser, isProved: boolean): string[] {
  const { id, email, password_hash, is_active, email_verified_at } = user;
  const broken: string[] = [];
  if (canonicalEmail(email) !== email) broken.push(`user ${id}: ${JSON.stringify(email)} is not canonical`);
  if (!password_hash.startsWith('$argon2id$')) broken.push(`user ${id}: the hash is none`);
  if (Boolean(is_active) !== isProved) broken.push(`user ${id}: active ${Boolean(is_active)}`);
  if ((email_verified_at !== null) !== isProved) broken.push(`user ${id}: verified ${email_verified_at !== null}`);
  return broken;
}

function brokenByToken(token: PlainToken, ids: ReadonlySet<string>, proved: ReadonlySet<string>): string[] {
  const broken: string[] = [];
  const { id, user_id, token_hash, generation, purpose, used_at } = token;
  if (!ids.has(user_id)) broken.push(`token ${id}: belongs to nobody`);
  if (generation !== 0) broken.push(`token ${id}: was refreshed`);
  if (token_hash !== null && !/^[0-9a-f]{64}$/.test(token_hash)) broken.push(`token ${id}: the hash is none`);
  const isUsed = used_at !== null;
  if (isUsed && !(purpose === 'activation' && proved.has(user_id))) broken.push(`token ${id}: ${purpose} was used`);
  return broken;
}
