import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { getDataSourceToken } from '@nestjs/typeorm';
import {
  AuthStartUpError,
  authEventTable,
  authLimitTable,
  BaseAuthEvent,
  userTable,
  userTokenTable,
} from 'nestjs-gatehouse';
import { type DataSource, type DataSourceOptions, Entity, type QueryRunner } from 'typeorm';
import type { TestDatabase } from './databases.js';
import { AuthLimit } from './limit-stores.js';
import { Mailbox } from './mailbox.js';
import { Statements } from './statements.js';
import { applicationImports, LogLines, type TestAppOptions } from './test-app.js';
import { User, UserToken } from './users-plain.js';

/** The audit trail of the tests. */
@Entity('auth_events')
export class AuthEventRow extends BaseAuthEvent {}

/** Makes the tables of {@link User}, {@link UserToken}, {@link AuthEventRow} and {@link AuthLimit}. */
export async function createFourTables(runner: QueryRunner): Promise<void> {
  const name = { name: 'name', type: 'varchar', length: '100', isNullable: true } as const;
  await runner.createTable(userTable(runner, { name: 'users', columns: [name] }));
  await runner.createTable(userTokenTable(runner, { name: 'user_tokens', userTable: 'users' }));
  await runner.createTable(authEventTable(runner, { name: 'auth_events' }));
  await runner.createTable(authLimitTable(runner, { name: 'auth_limits' }));
}

/** All four entities, and what else a test chooses. */
export function withFourEntities({ entities = [], options, ...choice }: TestAppOptions = {}): TestAppOptions {
  return {
    ...choice,
    entities: [AuthEventRow, AuthLimit, ...entities],
    schema: { userEntity: User, tokenEntity: UserToken, createTables: createFourTables },
    options: { eventEntity: AuthEventRow, limitEntity: AuthLimit, ...options },
  };
}

/** How a start ended. */
export interface Start {
  /** Why it was refused. */
  error?: AuthStartUpError;
  /** What was logged. */
  lines: string[];
}

/**
 * Starts an application on a database as it is, and closes it. Whoever is to change something between connecting and the
 * hooks of the start, as a main.ts could, does it in `before`.
 * @throws whatever refuses the start but an AuthStartUpError
 */
export async function startOn(
  database: Pick<TestDatabase, 'options'>,
  choice: TestAppOptions = {},
  before: (source: DataSource) => Promise<unknown> = () => Promise.resolve(),
): Promise<Start> {
  const mailbox = await new Mailbox().goUp();
  const logs = new LogLines();
  const beside = { database: database as TestDatabase, mailbox, statements: new Statements() };
  let app: INestApplication | undefined;
  try {
    const module = await Test.createTestingModule({ imports: applicationImports(withFourEntities(choice), beside) })
      .setLogger(logs)
      .compile();
    app = module.createNestApplication({ logger: logs });
    await before(app.get<DataSource>(getDataSourceToken()));
    await app.init();
    return { lines: logs.lines };
  } catch (error) {
    if (!(error instanceof AuthStartUpError)) throw error;
    return { error, lines: logs.lines };
  } finally {
    await app?.close();
    await mailbox.goDown();
  }
}

/** The same database, by other options of the data source. */
export function opened(database: TestDatabase, options: object): Pick<TestDatabase, 'options'> {
  return { options: { ...database.options, ...options } as DataSourceOptions };
}
