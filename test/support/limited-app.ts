import { authLimitTable, type LimitOptions, userTable, userTokenTable } from 'nestjs-gatehouse';
import type { DriverKind } from './database-servers.js';
import { AuthLimit } from './limit-stores.js';
import { createTestApp, type Schema, type TestApp, type TestAppOptions } from './test-app.js';
import { User, UserToken } from './users-plain.js';

/** What a test of limits may choose. */
export interface LimitedAppOptions extends Pick<
  TestAppOptions,
  'adapter' | 'options' | 'on' | 'level' | 'imports' | 'controllers'
> {
  /** Tries are counted in a table of it. */
  database?: DriverKind;
  limits?: Partial<LimitOptions>;
  /** Users of the test's own; their tables, without that of the limits. */
  schema?: Schema;
  /** What the adapter is told to believe. @default loopback, where the proxy before it is */
  trustProxy?: boolean | string;
}

/** Users with a name and nothing else of their own. */
const PLAIN: Schema = {
  userEntity: User,
  tokenEntity: UserToken,
  createTables: async (runner) => {
    const name = { name: 'name', type: 'varchar', length: '100', isNullable: true } as const;
    await runner.createTable(userTable(runner, { name: 'users', idType: 'uuid', columns: [name] }));
    await runner.createTable(userTokenTable(runner, { name: 'user_tokens', userTable: 'users', userIdType: 'uuid' }));
  },
};

/** An application with limits, behind a proxy: whoever asks comes from the address in X-Forwarded-For. */
export function createLimitedApp(choice: LimitedAppOptions = {}): Promise<TestApp> {
  const { limits, trustProxy = 'loopback', options, schema = PLAIN, ...rest } = choice;
  return createTestApp({
    ...rest,
    trustProxy,
    entities: [AuthLimit],
    schema: {
      ...schema,
      createTables: async (runner) => {
        await schema.createTables(runner);
        await runner.createTable(authLimitTable(runner, { name: 'auth_limits' }));
      },
    },
    options: { limitEntity: AuthLimit, ...options, limits: { mode: 'on', ...limits } },
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
