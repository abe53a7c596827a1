import { inspect } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import {
  Controller,
  Get,
  type INestApplication,
  type LoggerService,
  type ModuleMetadata,
  type Provider,
  type Type,
} from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { getDataSourceToken, TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import {
  type Account,
  AuthModule,
  type AuthModuleOptions,
  type RuntimeOptions,
  type StructuralOptions,
  Authenticated,
  Clock,
  CurrentUser,
  type ModeLetter,
  OptionalAuth,
  userTable,
  userTokenTable,
  Verified,
} from 'nestjs-gatehouse';
import type { DataSource, QueryRunner } from 'typeorm';
import { Client } from './client.js';
import { holdToDocument, releaseFromDocument } from './openapi-contract.js';
import type { DriverKind } from './database-servers.js';
import { createDatabase, type TestDatabase } from './databases.js';
import { NumberedUser, NumberedUserToken, User, UserToken } from './users-plain.js';
import { Mailbox } from './mailbox.js';
import { PASSWORD } from './password.js';
import { Statements } from './statements.js';
import { TestClock } from './test-clock.js';

export { PASSWORD } from './password.js';

/** The application's two entities, and the migration that makes their tables. */
export interface Schema {
  userEntity: Type;
  /** Absent at level basic. */
  tokenEntity?: Type;
  /** Where the user entity has names of its own. */
  userColumns?: Record<string, string>;
  createTables(runner: QueryRunner): Promise<void>;
}

/** What a test may choose. */
export interface TestAppOptions {
  level?: 'basic';
  mode?: ModeLetter;
  database?: DriverKind;
  /** Shares a database with another application of the same test. */
  on?: TestDatabase;
  adapter?: 'express' | 'fastify';
  /** True gives users integer keys. */
  integerKeys?: boolean;
  /** Entities and tables of the test's own; the key is then theirs. */
  schema?: Schema;
  /** Tables beside those of the schema. */
  moreTables?: (runner: QueryRunner) => Promise<void>;
  /** Options of the module, over the fixture's. */
  options?: StructuralOptions & RuntimeOptions;
  poolSize?: number;
  globalPrefix?: string;
  /** Which proxies the adapter is told to believe: `trust proxy` of Express, `trustProxy` of Fastify. */
  trustProxy?: boolean | string;
  /** For an application that must know its address before it starts; else any free port. */
  port?: number;
  /** What main.ts would do to the application before it listens. */
  configure?: (app: INestApplication) => void;
  /** Entities beside the two; their tables are the test's to make. */
  entities?: Type[];
  /** More of the application. */
  imports?: ModuleMetadata['imports'];
  controllers?: Type[];
  providers?: Provider[];
}

/** Routes of an application that protects its own. */
@Controller('demo')
export class DemoController {
  @Get('protected')
  @Authenticated()
  protected(@CurrentUser() user: Account) {
    return { user_id: user.id };
  }

  @Get('bare')
  @Authenticated()
  bare() {
    return { ok: true };
  }

  @Get('verified-only')
  @Verified()
  verifiedOnly() {
    return { ok: true };
  }

  @Get('optional')
  @OptionalAuth()
  optional(@CurrentUser() user?: Account) {
    return { user_id: user?.id ?? null };
  }
}

/** Collects every line the application logs. */
export class LogLines implements LoggerService {
  readonly lines: string[] = [];
  private readonly add = (message: unknown, ...more: unknown[]): void => {
    // Objects as ConsoleLogger prints them: what an error carries would show in a real log.
    this.lines.push([message, ...more].map((each) => (typeof each === 'string' ? each : inspect(each))).join(' '));
  };
  log = this.add;
  error = this.add;
  warn = this.add;
}

/** A running application with a database, a mailbox and a clock of its own. */
export interface TestApp {
  app: INestApplication;
  client: Client;
  mailbox: Mailbox;
  clock: TestClock;
  dataSource: DataSource;
  database: TestDatabase;
  statements: Statements;
  logs: LogLines;
  /** Signs up, follows the link, and returns the pair. */
  activeUser(
    email: string,
    password?: string,
  ): Promise<{ access_token: string; refresh_token: string; user_id: string }>;
  /** Waits until no mail is owed: whatever has not arrived by then was never meant to. */
  mailIsDone(): Promise<void>;
  close(): Promise<void>;
}

/** Random enough for the start-up check, and good for nothing but tests. */
const TEST_SECRET = 'unit-tests-only:8fJ2qLx0Zr5WmTn7KdVb3HsYc9PgEa1U';

/** The one fixture: a real application over HTTP, on a real database, with a real SMTP server. */
export async function createTestApp(choice: TestAppOptions = {}): Promise<TestApp> {
  const schema = schemaOf(choice);
  const database = choice.on ?? (await createDatabase(choice.database ?? 'sqlite'));
  const mailbox = await new Mailbox().goUp();
  const statements = new Statements();
  const clock = new TestClock();
  const logs = new LogLines();
  const module = await Test.createTestingModule({
    imports: applicationImports(choice, { database, mailbox, statements }),
    controllers: [DemoController, ...(choice.controllers ?? [])],
    providers: choice.providers,
  })
    .setLogger(logs)
    .overrideProvider(Clock)
    .useValue(clock)
    .compile();
  const app = module.createNestApplication(httpAdapter(choice), { logger: logs });
  if (choice.globalPrefix) app.setGlobalPrefix(choice.globalPrefix);
  choice.configure?.(app);
  const dataSource = app.get<DataSource>(getDataSourceToken());
  if (!choice.on) await createTables(dataSource, schema, choice.moreTables);
  await app.listen(choice.port ?? 0, '127.0.0.1');
  const client = new Client(await app.getUrl());
  holdToDocument(app, client.origin);
  return {
    app,
    client,
    mailbox,
    clock,
    dataSource,
    database,
    statements,
    logs,
    activeUser: (email, password = PASSWORD) => activeUser(client, mailbox, email, password),
    mailIsDone: () => mailIsDone(dataSource),
    close: async () => {
      await app.close();
      releaseFromDocument(client.origin);
      await mailbox.goDown();
      if (!choice.on) await database.drop();
    },
  };
}

function httpAdapter({ adapter, trustProxy }: TestAppOptions): ExpressAdapter | FastifyAdapter {
  if (adapter === 'fastify') return new FastifyAdapter(trustProxy === undefined ? {} : { trustProxy });
  const express = new ExpressAdapter();
  if (trustProxy !== undefined) express.set('trust proxy', trustProxy);
  return express;
}

/** What an application of that choice imports: its database, the module, and what the test adds. */
export function applicationImports(
  choice: TestAppOptions,
  { database, mailbox, statements }: Pick<TestApp, 'database' | 'mailbox' | 'statements'>,
): NonNullable<ModuleMetadata['imports']> {
  const { level, mode = 'A', poolSize } = choice;
  const { userEntity, tokenEntity, userColumns } = schemaOf(choice);
  return [
    TypeOrmModule.forRoot({
      ...database.options,
      entities: [userEntity, ...(tokenEntity ? [tokenEntity] : []), ...(choice.entities ?? [])],
      logging: true,
      logger: statements,
      ...(poolSize && { poolSize }),
    } as TypeOrmModuleOptions),
    AuthModule.forRoot({
      userEntity,
      userColumns,
      ...(level === 'basic' ? { level } : { tokenEntity, mode }),
      ...moduleOptions(choice),
      ...(level === 'basic' ? {} : mailOptions(mailbox, choice)),
    } as AuthModuleOptions),
    ...(choice.imports ?? []),
  ];
}

function schemaOf({ schema, integerKeys = false, level }: TestAppOptions): Schema {
  return schema ?? plainSchema(integerKeys, level);
}

function moduleOptions({ options }: TestAppOptions): StructuralOptions & RuntimeOptions {
  return {
    ...options,
    jwt: { secret: TEST_SECRET, ...options?.jwt },
    // As cheap as Argon2 gets: the tests are about flows, not about the cost of a hash.
    hashing: { memoryKib: 64, timeCost: 1, ...options?.hashing },
    // Every test comes from one address, and most of them guess: limits are for the tests of limits.
    limits: { mode: process.env['NODE_ENV'] === 'production' ? 'on' : 'off', ...options?.limits },
  };
}

function mailOptions(mailbox: Mailbox, { mode, options }: TestAppOptions): RuntimeOptions {
  return {
    smtp: {
      host: '127.0.0.1',
      port: mailbox.port,
      fromAddress: 'accounts@example.com',
      fromName: 'Example',
      ...options?.smtp,
    },
    uniformAnswerMs: options?.uniformAnswerMs ?? 0,
    ...(mode === 'E' && { publicUrl: options?.publicUrl ?? 'http://localhost:3000' }),
  };
}

async function mailIsDone(dataSource: DataSource): Promise<void> {
  const owed = 'SELECT 1 AS owed FROM user_tokens WHERE mail_due_at IS NOT NULL';
  // Asking again at once would take from the mail worker, in this very process, the time it needs.
  while ((await dataSource.query<unknown[]>(owed)).length > 0) await pause(5);
}

async function createTables(
  dataSource: DataSource,
  schema: Schema,
  more?: TestAppOptions['moreTables'],
): Promise<void> {
  const runner = dataSource.createQueryRunner();
  await schema.createTables(runner);
  await more?.(runner);
  await runner.release();
}

/** Users with a name and nothing else of their own. */
function plainSchema(integerKeys: boolean, level?: 'basic'): Schema {
  const idType = integerKeys ? 'integer' : 'uuid';
  return {
    userEntity: integerKeys ? NumberedUser : User,
    tokenEntity: level === 'basic' ? undefined : integerKeys ? NumberedUserToken : UserToken,
    createTables: async (runner) => {
      await runner.createTable(
        userTable(runner, {
          name: 'users',
          idType,
          columns: [{ name: 'name', type: 'varchar', length: '100', isNullable: true }],
        }),
      );
      if (level !== 'basic')
        await runner.createTable(
          userTokenTable(runner, { name: 'user_tokens', userTable: 'users', userIdType: idType }),
        );
    },
  };
}

async function activeUser(client: Client, mailbox: Mailbox, email: string, password: string) {
  const { tokenIn } = await import('./mailbox.js');
  const signup = await client.post('/auth/signup', { email, password });
  if (signup.body.access_token) return signup.body;
  const token = signup.body.activation_url
    ? /[A-Za-z0-9_-]{64}/.exec(signup.body.activation_url)![0]
    : tokenIn(await mailbox.waitFor(email));
  return (await client.post('/auth/activate', { token })).body;
}
