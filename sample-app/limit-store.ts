import { Logger } from '@nestjs/common';
import { type LimitStore, RedisLimits } from 'nestjs-gatehouse';

/** Longer than a healthy Redis takes, and short enough for somebody who waits for a login. */
const PATIENCE_MS = 1000;

/**
 * Counts tries in the Redis that REDIS_URL names, else in the table of `auth-limit.entity.ts`. What ioredis understands may
 * follow as a query: `redis://127.0.0.1:6379/0?keyPrefix=shop:`.
 */
export async function limitStore(env: NodeJS.ProcessEnv = process.env): Promise<LimitStore | undefined> {
  const url = env['REDIS_URL'];
  if (!url) return undefined;
  const { Redis } = await import('ioredis');
  // By default a command waits for as long as Redis is away, and so would every login.
  const redis = new Redis(url, { commandTimeout: PATIENCE_MS, maxRetriesPerRequest: 1 });
  const logger = new Logger('SampleRedis');
  // It connects again by itself; logins are 503 until then.
  redis.on('error', ({ message }: Error) => logger.error(message));
  return new RedisLimits(redis);
}
