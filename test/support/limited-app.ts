import { authLimitTable, type LimitOptions, userTable, userTokenTable } from 'nestjs-gatehouse';
import type { DriverKind } from './database-servers.js';
import { AuthLimit } from './limit-stores.js';
import { createTestApp, type TestApp, type TestAppOptions } from './test-app.js';
import { User, UserToken } from './users-plain.js';

/** What a test of limits may choose. */
export interface LimitedAppOptions extends Pick<TestAppOptions, 'adapter' | 'options' | 'on'> {
  /** Tries are counted in a table of it. */
  database?: DriverKind;
  limits?: Partial<LimitOptions>;
  /** False for an adapter that was not told of the proxy before it. */
  trustsProxy?: boolean;
}

/** An application with limits, behind a proxy: whoever asks comes from the address in X-Forwarded-For. */
export function createLimitedApp(choice: LimitedAppOptions = {}): Promise<TestApp> {
  const { limits, trustsProxy = true, options, ...rest } = choice;
  return createTestApp({
    ...rest,
    entities: [AuthLimit],
    schema: {
      userEntity: User,
      tokenEntity: UserToken,
      createTables: async (runner) => {
        const name = { name: 'name', type: 'varchar', length: '100', isNullable: true } as const;
        await runner.createTable(userTable(runner, { name: 'users', idType: 'uuid', columns: [name] }));
        await runner.createTable(
          userTokenTable(runner, { name: 'user_tokens', userTable: 'users', userIdType: 'uuid' }),
        );
        await runner.createTable(authLimitTable(runner, { name: 'auth_limits' }));
      },
    },
    options: { limitEntity: AuthLimit, ...options, limits: { mode: 'on', ...limits } },
    configure: (app) => {
      if (trustsProxy && choice.adapter !== 'fastify') {
        (app.getHttpAdapter().getInstance() as { set(name: string, value: unknown): void }).set(
          'trust proxy',
          'loopback',
        );
      }
    },
  });
}

/** The headers of a request from that address. */
export function from(ip: string, more: Record<string, string> = {}): { headers: Record<string, string> } {
  return { headers: { 'x-forwarded-for': ip, ...more } };
}

/** An address of its own for each number. */
export function address(index: number): string {
  return `198.51.${100 + Math.floor(index / 250)}.${(index % 250) + 1}`;
}
