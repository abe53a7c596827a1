import type { Account, BaseUserToken, BaseUserWithoutKey, TokenPurpose, UserId } from 'nestjs-gatehouse';
import type { EntityTarget } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { TestApp } from './test-app.js';

/** A row of the users table as the tests look at it. */
export type UserRow = BaseUserWithoutKey<UserId> & { name?: string | null };

/** The account of an address, with its hash, straight from the table. */
export function userRow(t: TestApp, email: string): Promise<UserRow | null> {
  const users = t.dataSource.createQueryBuilder(entity<UserRow>(t, 'users'), 'user');
  return users.addSelect('user.passwordHash').where({ email }).getOne();
}

/** How many accounts there are. */
export function countUsers(t: TestApp): Promise<number> {
  return t.dataSource.getRepository(entity<UserRow>(t, 'users')).count();
}

/** Changes an account behind the module's back, as an operator would. */
export async function changeUser(t: TestApp, email: string, changes: Partial<Account>): Promise<void> {
  await t.dataSource.createQueryBuilder().update(entity<UserRow>(t, 'users')).set(changes).where({ email }).execute();
}

/** An account of before the module: inactive, and nothing says whether it was ever active. */
export async function addInactiveUser(t: TestApp, email: string): Promise<void> {
  const { columns } = t.dataSource.getMetadata(entity<UserRow>(t, 'users'));
  const { isGenerated } = columns.find(({ propertyName }) => propertyName === 'id')!;
  const key = isGenerated ? {} : { id: uuidv7() };
  const account = { email, passwordHash: 'x', isActive: false, createdAt: new Date(0), updatedAt: new Date(0) };
  await t.dataSource.getRepository(entity<object>(t, 'users')).insert({ ...key, ...account });
}

/** The sessions, links and owed mails of an address, oldest first. */
export function tokenRows(t: TestApp, email: string, purpose?: TokenPurpose): Promise<BaseUserToken[]> {
  return t.dataSource
    .createQueryBuilder(entity<BaseUserToken>(t, 'user_tokens'), 'token')
    .innerJoin('token.user', 'user')
    .where('user.email = :email', { email })
    .andWhere(purpose ? { purpose } : {})
    .orderBy('token.id')
    .getMany();
}

/** How many sessions, links and owed mails there are at all: a flow that owes nobody a mail leaves it as it was. */
export function countTokens(t: TestApp): Promise<number> {
  return t.dataSource.getRepository(entity<BaseUserToken>(t, 'user_tokens')).count();
}

/** Every row of both tables, as text. */
export async function dump({ dataSource }: Pick<TestApp, 'dataSource'>): Promise<string> {
  const users: unknown[] = await dataSource.query('SELECT * FROM users ORDER BY id');
  const tokens: unknown[] = await dataSource.query('SELECT * FROM user_tokens ORDER BY id');
  return JSON.stringify({ users, tokens }, null, 1);
}

function entity<T>(t: TestApp, table: string): EntityTarget<T> {
  return t.dataSource.entityMetadatas.find(({ tableName }) => tableName === table)!.target as EntityTarget<T>;
}
