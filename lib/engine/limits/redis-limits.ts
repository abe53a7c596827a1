import {
  type LimitedKey,
  type LimitReturn,
  LimitStore,
  type LimitVerdict,
  verdictOf,
} from '../../platform/common/limit.js';

/** What is used of a client of Redis: the one of `ioredis`. */
export interface RedisClient {
  eval(script: string, numberOfKeys: number, ...keysAndArguments: (string | number)[]): Promise<unknown>;
}

/** The same as afterTry in limit.ts: Redis runs a script as a whole, so nobody counts in between. */
const TAKE = `
local now, window, free = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local first, longest, most = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local state = tonumber(redis.call('GET', KEYS[1]) or '0')
local at, tries = math.floor(state / 1024), math.floor((state % 1024) / 2)
local wait = 0
if tries >= free then
  if first == 0 or tries >= most then wait = window else wait = math.min(longest, first * 2 ^ (tries - free)) end
end
if at + window <= now then state = now * 1024 + 2
elseif wait > 0 and at + wait > now then state = state - state % 2 + 1
elseif first > 0 then state = now * 1024 + (tries + 1) * 2
else state = at * 1024 + (tries + 1) * 2 end
local text = string.format('%.0f', state)
redis.call('SET', KEYS[1], text, 'PX', window)
return text`;

const GIVE_BACK = `
local state, returned = tonumber(redis.call('GET', KEYS[1]) or '0'), 2 * tonumber(ARGV[1])
if state % 1024 < returned + 2 then redis.call('DEL', KEYS[1])
else redis.call('SET', KEYS[1], string.format('%.0f', state - returned), 'KEEPTTL') end`;

const CLEAR = `redis.call('DEL', KEYS[1])`;

/**
 * Counts in Redis 6 or later, for all instances together:
 *
 *     AuthModule.forRoot({ limitStore: new RedisLimits(new Redis(process.env.REDIS_URL)), ... })
 *
 * Each key is a script of its own, so that it works on a cluster.
 */
export class RedisLimits extends LimitStore {
  /** @param prefix stands before every key, for a server that others use as well */
  constructor(
    private readonly client: RedisClient,
    private readonly prefix = 'gatehouse:',
  ) {
    super();
  }

  async take(keys: readonly LimitedKey[], now: number): Promise<LimitVerdict[]> {
    const verdicts: LimitVerdict[] = [];
    for (const { key, budget } of keys) {
      const { tries, windowMs, waits } = budget;
      const { firstMs, longestMs, mostTries } = waits ?? { firstMs: 0, longestMs: 0, mostTries: 0 };
      const limits = [now, windowMs, tries, firstMs, longestMs, mostTries];
      const state = await this.client.eval(TAKE, 1, this.prefix + key, ...limits);
      verdicts.push(verdictOf(Number(state), budget, now));
      if (!verdicts.at(-1)!.isAllowed) break;
    }
    return verdicts;
  }

  async giveBack(returns: readonly LimitReturn[]): Promise<void> {
    const given = returns.map(({ key, tries }) => {
      const name = this.prefix + key;
      return tries === 'all' ? this.client.eval(CLEAR, 1, name) : this.client.eval(GIVE_BACK, 1, name, tries);
    });
    await Promise.all(given);
  }
}
