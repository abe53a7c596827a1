import {
  type CanActivate,
  Controller,
  type DynamicModule,
  type ExecutionContext,
  Inject,
  Injectable,
  Module,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD, ExternalContextCreator, NestFactory } from '@nestjs/core';
import {
  type ClientProxy,
  ClientProxyFactory,
  MessagePattern,
  type MicroserviceOptions,
  Payload,
  Transport,
} from '@nestjs/microservices';
import { getDataSourceToken } from '@nestjs/typeorm';
import {
  AccessGuard,
  AccessTokenVerifier,
  type Account,
  Authenticated,
  AuthModule,
  AuthService,
  AuthStartUpError,
  CurrentSession,
  CurrentUser,
  OptionalAuth,
  type Principal,
  Public,
  type RuntimeOptions,
} from 'nestjs-gatehouse';
import { firstValueFrom } from 'rxjs';
import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from './support/free-port.js';
import { availableDatabases, createDatabase } from './support/databases.js';
import { tokenIn } from './support/mailbox.js';
import { ROOT, run } from './support/package-files.js';
import { tokenRows, userRow } from './support/rows.js';
import {
  applicationImports,
  createTestApp,
  LogLines,
  PASSWORD,
  type TestApp,
  type TestAppOptions,
} from './support/test-app.js';

const NEW_PASSWORD = 'yet another passphrase';

/** Mode E: a process without HTTP is told where the pages of the other one are. */
const PAGE_LINKS: RuntimeOptions = {
  activation: { urlTemplate: 'https://accounts.example.com/auth/activate/{token}' },
  passwordReset: { urlTemplate: 'https://accounts.example.com/auth/password-reset/{token}' },
  emailChange: {
    urlTemplate: 'https://accounts.example.com/auth/email-change/{token}',
    undoUrlTemplate: 'https://accounts.example.com/auth/email-change/undo/{token}',
  },
};

/** The root module of such an application, on the database and with the mailbox of the one that serves HTTP. */
function rootModule(beside: TestApp, choice: TestAppOptions = {}): DynamicModule {
  const { controllers, providers } = choice;
  @Module({ imports: applicationImports(choice, beside), controllers, providers })
  class RootModule {}
  return { module: RootModule };
}

/** What has been started and is to be closed. */
const started: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of started.splice(0)) await each.close();
});

async function startContext(module: DynamicModule, logger = new LogLines()) {
  const context = await NestFactory.createApplicationContext(module, { logger, abortOnError: false });
  started.push(context);
  return context;
}

/** A microservice, and a client of it. */
async function startMicroservice(module: DynamicModule, logger = new LogLines()) {
  const options = { host: '127.0.0.1', port: await freePort() };
  const service = await NestFactory.createMicroservice<MicroserviceOptions>(module, {
    logger,
    abortOnError: false,
    transport: Transport.TCP,
    options,
  });
  await service.listen();
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
  started.push(client, service);
  return { service, client };
}

const send = (client: ClientProxy, pattern: string, data: object) =>
  firstValueFrom(client.send<unknown>(pattern, data));

@Controller()
class AccountMessages {
  constructor(@Inject(AuthService) private readonly auth: AuthService) {}

  @MessagePattern('login')
  async logIn(@Payload() credentials: { email: string; password: string }) {
    const { accessToken } = await this.auth.login(credentials);
    return { accessToken };
  }
}

describe('without HTTP, an application starts and closes', () => {
  let home: TestApp;
  beforeAll(async () => {
    home = await createTestApp();
  });
  afterAll(() => home.close());

  const choices: [name: string, choice: TestAppOptions][] = [
    ['level basic', { level: 'basic' }],
    ...(['A', 'B', 'C', 'D'] as const).map((mode): [string, TestAppOptions] => [`mode ${mode}`, { mode }]),
    ['mode E with links', { mode: 'E', options: PAGE_LINKS }],
  ];

  it.each(choices)('as an application context, %s', async (_, choice) => {
    const context = await startContext(rootModule(home, choice));
    const source = context.get<DataSource>(getDataSourceToken());
    expect(source.isInitialized).toBe(true);
    await context.close();
    expect(source.isInitialized).toBe(false);
  });

  it.each(choices)('as a microservice, %s', async (_, choice) => {
    const { service } = await startMicroservice(rootModule(home, choice));
    const source = service.get<DataSource>(getDataSourceToken());
    expect(source.isInitialized).toBe(true);
    await service.close();
    expect(source.isInitialized).toBe(false);
  });

  it('at level none, in both ways', async () => {
    @Module({
      imports: [AuthModule.forRoot({ level: 'none', jwt: { secret: 'without-http-tests-only:t6Yq1Ze8Rm3Wn5Kb' } })],
    })
    class RootModule {}
    const context = await startContext({ module: RootModule });
    const { service } = await startMicroservice({ module: RootModule });
    for (const app of [context, service]) expect(app.get(AccessGuard)).toBeInstanceOf(AccessGuard);
  });

  it.each([startContext, startMicroservice])('not in mode E without links, and says which (%o)', async (start) => {
    const error = await start(rootModule(home, { mode: 'E' })).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AuthStartUpError);
    const { problems } = error as AuthStartUpError;
    expect(problems.map(({ path }) => path)).toEqual([
      'activation.urlTemplate',
      'passwordReset.urlTemplate',
      'emailChange.urlTemplate',
      'emailChange.undoUrlTemplate',
    ]);
    expect(problems[1]!.message).toContain('this process has no HTTP');
    expect(problems[1]!.fix).toContain('{token} for the token');
  });
});

describe.each(availableDatabases())('an application context on %s', (database) => {
  let home: TestApp;
  beforeAll(async () => {
    // It does not look for owed mail by itself: what arrives, the context has sent.
    home = await createTestApp({ database, options: { mail: { pollSeconds: 3600 } } });
  });
  afterAll(() => home.close());

  it('signs up, mails, activates, logs in, deactivates, and closes without a complaint', async () => {
    const email = 'seeded@example.com';
    const logger = new LogLines();
    const context = await startContext(rootModule(home), logger);
    const auth = context.get(AuthService);
    expect(await auth.signup({ email, password: PASSWORD })).toMatchObject({ activationRequired: true });
    const { userId } = await auth.activate(tokenIn(await home.mailbox.waitFor(email)));
    const { accessToken, refreshToken } = await auth.login({ email, password: PASSWORD });
    expect((await home.client.get('/demo/protected', { bearer: accessToken })).body).toEqual({ user_id: userId });
    const next = await auth.refresh(refreshToken);
    await auth.requestPasswordReset(email);
    await auth.confirmPasswordReset(tokenIn(await home.mailbox.waitFor(email, 2)), NEW_PASSWORD);
    expect((await home.client.get('/demo/protected', { bearer: next.accessToken })).status).toBe(401);

    expect(await auth.deactivate(userId)).toBe(true);
    await expect(auth.login({ email, password: NEW_PASSWORD })).rejects.toMatchObject({
      code: 'LOGIN_INVALID_CREDENTIALS',
    });
    expect(await auth.reactivate(userId)).toBe(true);
    await auth.login({ email, password: NEW_PASSWORD });
    await context.close();
    expect(logger.lines.filter((line) => /error|fail/i.test(line.replaceAll('_error', '')))).toEqual([]);
  });

  it('lets mail that is on its way arrive before it closes', async () => {
    const email = 'last-minute@example.com';
    const context = await startContext(rootModule(home));
    home.mailbox.behaviour = 'hang';
    await context.get(AuthService).signup({ email, password: PASSWORD });
    await home.mailbox.waitUntilHanging();
    home.mailbox.behaviour = 'accept';
    const closing = context.close();
    home.mailbox.release();
    await closing;
    expect(home.mailbox.to(email)).toHaveLength(1);
    expect((await tokenRows(home, email, 'activation'))[0]).toMatchObject({ mailDueAt: null, mailError: null });
  });
});

describe('a command line', () => {
  it('signs somebody up and ends by itself', async () => {
    const database = await createDatabase('sqlite');
    const env = {
      PATH: process.env['PATH'],
      AUTH_MODE: 'C',
      DATABASE_URL: database.url,
      JWT_SECRET: 'child-tests-only:Q4mZ7tWc2LxN9vRb5HyKs8DjFgPe3UaX',
      SEED_PASSWORD: PASSWORD,
    };
    const { stdout, stderr } = await run(
      process.execPath,
      ['.build/sample-app/seed.js', 'seed@example.com'],
      ROOT,
      env,
    );
    expect(stdout).toMatch(/^http:\/\/localhost:5173\/activate\?token=[\w-]{64}\n$/m);
    expect(stderr).toBe('');
    await database.drop();
  });
});

describe('a queue worker in mode E', () => {
  it('mails links to the pages of the process that serves them', async () => {
    const home = await createTestApp({ mode: 'E' });
    const context = await startContext(rootModule(home, { mode: 'E', options: PAGE_LINKS }));
    const email = 'paged@example.com';
    await context.get(AuthService).signup({ email, password: PASSWORD });
    const mail = await home.mailbox.waitFor(email);
    expect(mail.text).toContain(`https://accounts.example.com/auth/activate/${tokenIn(mail)}`);
    expect((await home.client.get(`/auth/activate/${tokenIn(mail)}`)).status).toBe(200);
    expect(await userRow(home, email)).toMatchObject({ isActive: true });
    await context.close();
    await home.close();
  });
});

describe('a microservice', () => {
  it('logs in by a message what the process over HTTP then knows', async () => {
    const home = await createTestApp();
    const email = 'by-message@example.com';
    await home.activeUser(email);
    const { client } = await startMicroservice(rootModule(home, { controllers: [AccountMessages] }));
    const answer = (await send(client, 'login', { email, password: PASSWORD })) as { accessToken: string };
    expect((await home.client.get('/demo/bare', { bearer: answer.accessToken })).status).toBe(200);
    await expect(send(client, 'login', { email, password: NEW_PASSWORD })).rejects.toMatchObject({ status: 'error' });
    for (const each of started.splice(0)) await each.close();
    await home.close();
  });
});

/** How often a handler ran that must not. */
const runs = { refused: 0 };

/** Who sent a message. Whoever may connect could claim to be anybody; the token shows it. */
@Injectable()
class MessageGuard implements CanActivate {
  constructor(@Inject(AccessTokenVerifier) private readonly verifier: AccessTokenVerifier) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const data = context.switchToRpc().getData<{ token?: unknown; sender?: Principal<unknown> }>();
    data.sender = typeof data.token === 'string' ? await this.verifier.verify(data.token) : undefined;
    return data.sender !== undefined;
  }
}

@Controller()
class GuardedMessages {
  @Public()
  @MessagePattern('public')
  public() {
    return 'for everybody';
  }

  @Public()
  @UseGuards(MessageGuard)
  @MessagePattern('own-guard')
  whoami(@Payload() { sender }: { sender: Principal }) {
    return sender.userId;
  }

  @MessagePattern('plain')
  plain() {
    return ++runs.refused;
  }

  @Authenticated()
  @MessagePattern('authenticated')
  authenticated() {
    return ++runs.refused;
  }

  @OptionalAuth()
  @MessagePattern('optional')
  optional() {
    return ++runs.refused;
  }

  @Public()
  @MessagePattern('asks-for-user')
  asksForUser(@CurrentUser() _user?: Account) {
    return ++runs.refused;
  }

  @Public()
  @MessagePattern('asks-for-session')
  asksForSession(@CurrentSession() _session?: Principal) {
    return ++runs.refused;
  }
}

const WITH_GUARD: TestAppOptions = {
  controllers: [GuardedMessages],
  providers: [MessageGuard, { provide: APP_GUARD, useExisting: AccessGuard }],
};

/** Ways to serve messages beside or without routes, each with the guard of the whole application. */
const SERVERS: [name: string, serve: (home: TestApp) => Promise<{ client: ClientProxy; logs: LogLines }>][] = [
  [
    'a microservice',
    async (home) => {
      const logs = new LogLines();
      return { ...(await startMicroservice(rootModule(home, WITH_GUARD), logs)), logs };
    },
  ],
  ...(['express', 'fastify'] as const).map((adapter): (typeof SERVERS)[number] => [
    `a hybrid application on ${adapter}`,
    async (home) => {
      const options = { host: '127.0.0.1', port: await freePort() };
      const hybrid = await createTestApp({
        ...WITH_GUARD,
        adapter,
        on: home.database,
        configure: (app) =>
          void app.connectMicroservice<MicroserviceOptions>(
            { transport: Transport.TCP, options },
            { inheritAppConfig: true },
          ),
      });
      await hybrid.app.startAllMicroservices();
      const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
      started.push(client, hybrid);
      return { client, logs: hybrid.logs };
    },
  ]),
];

describe.each(SERVERS)('AccessGuard for the whole of %s', (_, serve) => {
  let home: TestApp;
  beforeAll(async () => {
    home = await createTestApp();
  });
  afterAll(() => home.close());

  it('lets through what is public, and with it whom a guard of the application knows', async () => {
    const { client } = await serve(home);
    const { access_token: token, user_id } = await home.activeUser('sender@example.com');
    expect(await send(client, 'public', {})).toBe('for everybody');
    expect(await send(client, 'own-guard', { token })).toBe(user_id);
    for (const data of [{}, { token: 'garbage' }, { token, sender: { userId: user_id } }]) {
      if ('sender' in data) await home.client.post('/auth/logout', undefined, { bearer: token });
      await expect(send(client, 'own-guard', data)).rejects.toMatchObject({ status: 'error' });
    }
  });

  it('refuses everything else, tells the caller nothing and the log what to do', async () => {
    const { client, logs } = await serve(home);
    const { access_token: token } = await home.activeUser('refused@example.com');
    const patterns = ['plain', 'authenticated', 'optional', 'asks-for-user', 'asks-for-session'];
    for (const pattern of patterns) {
      // What looks like a request with a header is data all the same.
      for (const data of [{}, { token, headers: { authorization: `Bearer ${token}` } }]) {
        const refusal = send(client, pattern, data);
        await expect(refusal).rejects.toEqual({ status: 'error', message: 'Internal server error' });
      }
    }
    expect(runs.refused).toBe(0);
    const told = logs.lines.filter((line) => line.includes('There is no request behind GuardedMessages.'));
    expect(told).toHaveLength(2 * patterns.length);
    for (const line of told) expect(line).toMatch(/type "rpc".*mark it @Public\(\)/);
  });
});

describe('AccessGuard with a context of another kind', () => {
  // What bots, queues and command lines hand to guards: ExternalContextCreator with a type of their own.
  it.each(['telegraf', 'necord', 'bullmq', 'rmq'])(
    'passes what is public of "%s", and refuses the rest',
    async (type) => {
      const home = await createTestApp();
      const context = await startContext(rootModule(home, WITH_GUARD));
      const messages = context.get(GuardedMessages);
      const call = (name: 'public' | 'plain' | 'optional') =>
        context
          .get(ExternalContextCreator)
          .create(
            messages,
            messages[name],
            name,
            undefined,
            undefined,
            undefined,
            undefined,
            undefined,
            type,
          )({});
      expect(await call('public')).toBe('for everybody');
      for (const name of ['plain', 'optional'] as const)
        await expect(call(name)).rejects.toThrow(`GuardedMessages.${name} (a handler of type "${type}")`);
      expect(runs.refused).toBe(0);
      await context.close();
      await home.close();
    },
  );
});
