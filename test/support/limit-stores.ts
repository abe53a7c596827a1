import { randomUUID } from 'node:crypto';
import { BaseAuthLimit, authLimitTable, type LimitStore, RedisLimits } from 'nestjs-gatehouse';
import { DataSource, type DataSourceOptions, Entity } from 'typeorm';
import { inject } from 'vitest';
import { MemoryLimits } from '../../lib/engine/limits/memory-limits.js';
import { Database } from '../../lib/platform/data/store/database.js';
import { DatabaseLimits } from '../../lib/platform/data/store/limits.store.js';
import type { DriverKind } from './database-servers.js';
import { availableDrivers, createDatabase } from './databases.js';
import { connectToRedis } from './redis-server.js';

/** Where tries can be counted. */
export type LimitStoreKind = 'memory' | 'redis' | DriverKind;

/** The limit entity of the tests. */
@Entity('auth_limits')
export class AuthLimit extends BaseAuthLimit {}

/** Stores of one kind, of as many processes as are asked for, which count together; empty at first. */
export interface LimitStores {
  stores: LimitStore[];
  close(): Promise<void>;
}

/** Every kind this machine has. */
export function availableLimitStores(): LimitStoreKind[] {
  const redis = inject('legs').available.includes('redis') ? (['redis'] as const) : [];
  return ['memory', ...redis, ...availableDrivers()];
}

/** Makes them, each with a connection of its own. */
export async function createLimitStores(kind: LimitStoreKind, processes: number): Promise<LimitStores> {
  if (kind === 'memory') return { stores: [new MemoryLimits()], close: () => Promise.resolve() };
  return kind === 'redis' ? inRedis(processes) : inDatabase(kind, processes);
}

async function inRedis(processes: number): Promise<LimitStores> {
  const prefix = `gatehouse-test-${randomUUID()}:`;
  const clients = await Promise.all(Array.from({ length: processes }, connectToRedis));
  return {
    stores: clients.map((client) => new RedisLimits(client, prefix)),
    close: async () => {
      const keys = await clients[0]!.keys(`${prefix}*`);
      if (keys.length > 0) await clients[0]!.del(keys);
      for (const client of clients) client.disconnect();
    },
  };
}

async function inDatabase(kind: DriverKind, processes: number): Promise<LimitStores> {
  const database = await createDatabase(kind);
  const options = { ...database.options, entities: [AuthLimit], poolSize: 20 } as DataSourceOptions;
  const sources = await Promise.all(Array.from({ length: processes }, () => new DataSource(options).initialize()));
  const runner = sources[0]!.createQueryRunner();
  await runner.createTable(authLimitTable(runner, { name: 'auth_limits' }));
  await runner.release();
  return {
    stores: sources.map((source) => new DatabaseLimits(new Database(source), AuthLimit)),
    close: async () => {
      for (const source of sources) await source.destroy();
      await database.drop();
    },
  };
}
