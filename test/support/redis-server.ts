import { Redis } from 'ioredis';

/** Connects to the Redis server of the tests, at TEST_REDIS_URL; fails at once where there is none. */
export async function connectToRedis(): Promise<Redis> {
  const url = process.env['TEST_REDIS_URL'] ?? 'redis://127.0.0.1:6379';
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 3000 });
  // Told by the commands that fail.
  redis.on('error', () => undefined);
  await redis.connect();
  return redis;
}
