import type { DynamicModule, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule, AuthStartUpError, BaseUser, BaseUserToken, RedisLimits } from 'nestjs-gatehouse';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { User, UserToken } from './support/users-plain.js';
import { createTestApp, LogLines, PASSWORD, type TestAppOptions } from './support/test-app.js';

/** Long and random enough for the check, and good for nothing but tests. */
const SECRET = 'start-up-tests-only:Qe7Zb1Xk9Vw3Rt5Yp0Lm2Nc8';
const SMTP_PASSWORD = 'smtp-password-of-the-test';

const OPTIONS = {
  userEntity: User,
  tokenEntity: UserToken,
  jwt: { secret: SECRET },
  smtp: { host: '127.0.0.1', port: 1, fromAddress: 'accounts@example.com' },
};

/** Fit for production but for the mode. */
const STRONG: TestAppOptions['options'] = {
  hashing: { memoryKib: 19_456, timeCost: 2 },
  activation: { urlTemplate: 'https://app.example.com/activate?token={token}' },
  passwordReset: { urlTemplate: 'https://app.example.com/reset?token={token}' },
  emailChange: {
    urlTemplate: 'https://app.example.com/confirm-email?token={token}',
    undoUrlTemplate: 'https://app.example.com/undo-email-change?token={token}',
  },
};

@Entity('users')
class UserWithoutVerification {
  @PrimaryColumn('uuid')
  id!: string;

  @Column({ type: 'varchar', length: 254, unique: true })
  email!: string;

  @Column({ name: 'password_hash', type: 'varchar', length: 255 })
  passwordHash!: string;
}

@Entity('user_tokens')
class TokenWithoutOwner extends BaseUserToken {
  declare user: User;
}

@Entity('people')
class UnregisteredUser extends BaseUser {}

const database = (...entities: Type[]): DynamicModule =>
  TypeOrmModule.forRoot({ type: 'better-sqlite3', database: ':memory:', entities, retryAttempts: 0 });

/** Why an application does not start; throws where it does. */
async function whyNot(options: object, entities: Type[] = [User, UserToken]): Promise<AuthStartUpError> {
  const { userEntity, tokenEntity } = { ...OPTIONS, ...options };
  const all = entities.length > 0 ? entities : [userEntity, tokenEntity];
  const auth = AuthModule.forRoot({ ...OPTIONS, ...options });
  const logs = new LogLines();
  const start = Test.createTestingModule({ imports: [database(...all), auth] })
    .setLogger(logs)
    .compile();
  const error: unknown = await start.then(
    (module) => module.close(),
    (reason: unknown) => reason,
  );
  if (!(error instanceof AuthStartUpError)) throw new Error('the application started', { cause: error });
  expect(logs.lines.join('\n')).not.toContain('mode=');
  return error;
}

/** Stands for a provider of the application. */
const SETTINGS = 'settings of the application';

const pathsOf = ({ problems }: AuthStartUpError) => problems.map(({ path }) => path);

/** Starts an application and returns what it logged. */
async function logOf(auth: DynamicModule): Promise<string> {
  const logger = new LogLines();
  const tables = TypeOrmModule.forRoot({
    type: 'better-sqlite3',
    database: ':memory:',
    entities: [User, UserToken],
    synchronize: true,
  });
  const imports = [tables, auth];
  const module = await Test.createTestingModule({ imports }).setLogger(logger).compile();
  const app = await module.createNestApplication({ logger }).init();
  await app.close();
  return logger.lines.join('\n');
}

afterEach(() => vi.unstubAllEnvs());

describe('start-up', () => {
  it('reports every problem of configuration and entities in one error, each with its fix', async () => {
    const error = await whyNot(
      {
        userEntity: UserWithoutVerification,
        tokenEntity: TokenWithoutOwner,
        jwt: { secret: 'far-too-short' },
        smtp: {},
        password: { minLength: 4 },
        colour: 'blue',
      },
      [],
    );
    expect(pathsOf(error)).toEqual(
      expect.arrayContaining([
        'colour',
        'jwt.secret',
        'password.minLength',
        'smtp.host',
        'UserWithoutVerification.passwordHash',
        'UserWithoutVerification.isActive',
        'UserWithoutVerification.emailVerifiedAt',
        'TokenWithoutOwner.user',
      ]),
    );
    const [headline, ...lines] = error.message.split('\n');
    expect(headline).toBe(`nestjs-gatehouse cannot start: ${error.problems.length} problems.`);
    expect(lines).toHaveLength(error.problems.length);
    for (const [index, { path, fix }] of error.problems.entries()) {
      expect(lines[index]).toMatch(new RegExp(`^${index + 1}\\. ${path.replaceAll('.', '\\.')}[ :]`));
      expect(lines[index]?.endsWith(fix)).toBe(true);
      expect(fix).toMatch(/^[A-Z].{10,}$/);
    }
    expect(error.message).toContain('. jwt.secret (JWT_SECRET): is shorter than 32 bytes');
  });

  it.each([
    ['short', 'hunter2-hunter2', 'is shorter than 32 bytes'],
    ['a placeholder', 'change-me-change-me-change-me-change-me-42', 'is a placeholder'],
    ['a repetition', 'abcdefghijabcdefghijabcdefghijabcdefghij', 'repeats a few characters'],
  ])('refuses a secret that is %s, and never prints it', async (_, secret, reason) => {
    const inCode = await whyNot({ jwt: { secret } });
    vi.stubEnv('JWT_SECRET', secret);
    const inEnvironment = await whyNot({ jwt: {} });
    for (const error of [inCode, inEnvironment]) {
      expect(pathsOf(error)).toContain('jwt.secret');
      expect(error.message).toContain(reason);
      expect(JSON.stringify([error.message, error.problems, error.stack])).not.toContain(secret);
    }
  });

  it('refuses to start without a secret, or with an empty one', async () => {
    vi.stubEnv('JWT_SECRET', '');
    const missing = await whyNot({ jwt: {} });
    expect(pathsOf(missing)).toEqual(['jwt.secret']);
    expect(missing.message).toContain('openssl rand -base64 48');
    expect(pathsOf(await whyNot({ jwt: { secret: '' } }))).toEqual(['jwt.secret']);
  });

  it.each(['A', 'B', 'E'] as const)(
    'refuses mode %s without a mail server, and never shows links instead',
    async (mode) => {
      const error = await whyNot({ mode, publicUrl: 'https://api.example.com', smtp: {} });
      expect(pathsOf(error)).toEqual(['smtp.host']);
    },
  );

  it('refuses mode E without the address of its pages', async () => {
    expect(pathsOf(await whyNot({ mode: 'E' }))).toEqual(['publicUrl']);
  });

  it.each(['F', 'a', 'Production', ''])('knows no mode "%s"', async (mode) => {
    expect(pathsOf(await whyNot({ mode }))).toEqual(['mode']);
  });

  it('names the column a user entity lacks, and the declaration that adds it', async () => {
    const error = await whyNot({ userEntity: UserWithoutVerification }, [UserWithoutVerification, User, UserToken]);
    const missing = error.problems.find(({ path }) => path === 'UserWithoutVerification.emailVerifiedAt');
    expect(missing).toMatchObject({
      message: 'is missing',
      fix: expect.stringContaining('Extend BaseUser, or declare'),
    });
    expect(missing?.fix).toContain('emailVerifiedAt!: Date | null');
  });

  it('names the relation a token entity lacks, and the declaration that adds it', async () => {
    const error = await whyNot({ tokenEntity: TokenWithoutOwner }, [User, TokenWithoutOwner]);
    expect(pathsOf(error)).toEqual(['TokenWithoutOwner.user']);
    expect(error.problems[0]?.fix).toContain("@ManyToOne(() => User, { onDelete: 'CASCADE', nullable: false })");
  });

  it('names an entity the data source does not know', async () => {
    const error = await whyNot({ userEntity: UnregisteredUser });
    expect(pathsOf(error)).toEqual(['UnregisteredUser']);
    expect(error.message).toContain('add UnregisteredUser to `entities`');
  });
});

describe.each(['C', 'D'] as const)('mode %s in production', (mode) => {
  it('refuses to start', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    const error = await whyNot({ ...STRONG, mode });
    expect(pathsOf(error)).toEqual(['mode']);
    expect(error.message).toContain('is unsafe in production');
    expect(error.message).toContain('allowUnsafeMode (AUTH_ALLOW_UNSAFE_MODE)');
  });

  it.each(['code', 'environment'])('starts where %s says allowUnsafeMode, and warns', async (place) => {
    vi.stubEnv('NODE_ENV', 'production');
    if (place === 'environment') vi.stubEnv('AUTH_ALLOW_UNSAFE_MODE', 'true');
    const allow = place === 'code' ? { allowUnsafeMode: true } : {};
    const t = await createTestApp({ mode, options: { ...STRONG, ...allow } });
    const signup = await t.client.post('/auth/signup', { email: 'ann@example.com', password: PASSWORD });
    expect(signup.status).toBe(201);
    expect(t.logs.lines.filter((line) => line.startsWith('allowUnsafeMode'))).toHaveLength(1);
    await t.close();
  });
});

describe('limits in production', () => {
  it('are told to count in memory where nothing else is there to count, and nowhere else', async () => {
    for (const [environment, limitStore, times] of [
      ['production', undefined, 1],
      ['production', new RedisLimits({ eval: () => Promise.resolve('0') }), 0],
      ['development', undefined, 0],
    ] as const) {
      vi.stubEnv('NODE_ENV', environment);
      const t = await createTestApp({ options: { ...STRONG, limitStore, limits: { mode: 'on' } } });
      const said = t.logs.lines.filter((line) => line.startsWith('Limits count in the memory'));
      expect(said).toHaveLength(times);
      await t.close();
    }
  });

  it('cannot be switched off', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    await expect(createTestApp({ options: { ...STRONG, limits: { mode: 'off' } } })).rejects.toThrow(/limits\.mode/);
  });
});

describe.each(['A', 'B', 'E'] as const)('mode %s in production', (mode) => {
  it('starts, without a warning', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    const t = await createTestApp({ mode, options: { ...STRONG, publicUrl: 'https://api.example.com' } });
    expect(t.logs.lines.some((line) => line.includes('unsafe'))).toBe(false);
    await t.close();
  });

  it.each(['returnLinkInResponse', 'autoActivate'])('refuses %s by itself', async (flag) => {
    vi.stubEnv('NODE_ENV', 'production');
    const error = await whyNot({ ...STRONG, mode, publicUrl: 'https://api.example.com', [flag]: true });
    expect(pathsOf(error)).toEqual([flag]);
  });
});

describe('the log line of the effective configuration', () => {
  it('says everything in one line and no secret', async () => {
    const smtp = { username: 'mailer', password: SMTP_PASSWORD };
    const t = await createTestApp({ options: { jwt: { secret: SECRET }, smtp } });
    const lines = t.logs.lines.filter((line) => line.includes('mode='));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^level=complete mode=A \(production\) sendsMail=true autoActivate=false [^\n]+$/);
    for (const part of ['jwt.secret=[redacted]', 'smtp.password=[redacted]', 'smtp.username=[redacted]']) {
      expect(lines[0]).toContain(part);
    }
    const everything = t.logs.lines.join('\n');
    for (const secret of [SECRET, SMTP_PASSWORD]) expect(everything).not.toContain(secret);
    await t.close();
  });

  it('shows that code wins over the environment, and the environment over the default', async () => {
    vi.stubEnv('AUTH_ACTIVATION_TTL_SECONDS', '3600');
    vi.stubEnv('AUTH_PASSWORD_RESET_TTL_SECONDS', '600');
    const t = await createTestApp({ options: { passwordReset: { ttlSeconds: 900 } } });
    const line = t.logs.lines.find((candidate) => candidate.includes('mode='));
    expect(line).toContain('activation.ttlSeconds=3600 ');
    expect(line).toContain('passwordReset.ttlSeconds=900 ');
    await t.close();
  });
});

describe('forRootAsync', () => {
  const { userEntity, tokenEntity, ...runtime } = OPTIONS;

  it('takes structural options beside a factory, which may wait and be injected', async () => {
    class SettingsModule {}
    const settings: DynamicModule = {
      module: SettingsModule,
      providers: [{ provide: SETTINGS, useValue: { loginUrl: 'https://app.example.com/login' } }],
      exports: [SETTINGS],
    };
    const log = await logOf(
      AuthModule.forRootAsync({
        userEntity,
        tokenEntity,
        mode: 'E',
        imports: [settings],
        inject: [SETTINGS],
        useFactory: async ({ loginUrl }: { loginUrl: string }) => {
          await Promise.resolve();
          return { ...runtime, loginUrl, publicUrl: 'https://api.example.com' };
        },
      }),
    );
    expect(log).toContain('mode=E (backend-pages)');
    expect(log).toContain('loginUrl=https://app.example.com/login');
    expect(log).toContain('/auth/password-reset/:token');
  });

  it('reports what is wrong with the factory’s options just the same', async () => {
    const auth = AuthModule.forRootAsync({
      userEntity,
      tokenEntity,
      mode: 'A',
      useFactory: () => ({ ...runtime, smtp: {} }),
    });
    await expect(logOf(auth)).rejects.toBeInstanceOf(AuthStartUpError);
  });
});
