import { randomUUID } from 'node:crypto';
import { connectToRedis } from '../support/redis-server.js';
import type { Fault, Figure, Size } from './fault.js';
import { limits, LOGIN_TRIES, networkLimit } from './instances/limits.js';
import { outbox, owe } from './instances/outbox.js';
import { races } from './instances/races.js';
import { revocation } from './instances/revocation.js';
import { NAMES, Site } from './instances/site.js';

const INSTANCES = 4;
/** `AUTH_LIMITS_LOGIN_PER_ADDRESS` by default. */
const PER_NETWORK = 20;

type Kind = keyof typeof NAMES;

export const fault: Fault = {
  claim:
    'four instances on one database are asked in turn: one wins each race, limits are exact, what one revokes all refuse, ' +
    'and each owed mail is delivered once',
  bars: ['C1', 'C3', 'C6', 'C7'],
  async run(size) {
    const kinds: Kind[] = size === 'whole' ? ['postgres', 'mariadb'] : ['postgres'];
    const figures: Figure[] = [];
    for (const kind of kinds) figures.push(...(await everything(kind, size)));
    if (size === 'whole') for (const kind of kinds) figures.push(await ofOneNetwork(kind));
    figures.push(...(await inRedis()));
    return figures;
  },
};

function everything(kind: Kind, size: Size): Promise<Figure[]> {
  const rounds = size === 'whole' ? { races: 20, endings: 3, mails: 1000 } : { races: 1, endings: 1, mails: 100 };
  return Site.with(kind, {}, async (site) => {
    const owed = await owe(site, rounds.mails);
    await site.fleet.start(0);
    await site.fleet.grow(INSTANCES);
    return [
      ...(await outbox(site, owed)),
      ...(await races(site, rounds.races)),
      ...(await limits(site, `${NAMES[kind]} table`)),
      ...(await revocation(site, rounds.endings)),
    ];
  });
}

function ofOneNetwork(kind: Kind): Promise<Figure> {
  return Site.with(kind, { AUTH_LIMITS_LOGIN_PER_ADDRESS: String(PER_NETWORK) }, async (site) => {
    await site.fleet.grow(INSTANCES);
    return networkLimit(site, `${NAMES[kind]} table`, PER_NETWORK);
  });
}

/** Under a prefix of its own on the server of the tests, as an application shares a Redis with others. */
async function inRedis(): Promise<Figure[]> {
  const prefix = `gatehouse-test-${randomUUID()}:`;
  const url = new URL(process.env['TEST_REDIS_URL'] ?? 'redis://127.0.0.1:6379');
  url.searchParams.set('keyPrefix', prefix);
  const env = { REDIS_URL: url.href, AUTH_LIMITS_LOGIN_PER_ADDRESS: String(PER_NETWORK) };
  const redis = await connectToRedis();
  try {
    return await Site.with('postgres', env, async (site) => {
      await site.fleet.grow(INSTANCES);
      const figures = await limits(site, 'Redis');
      figures.push(await networkLimit(site, 'Redis', PER_NETWORK - 2 * LOGIN_TRIES));
      const rows = await site.count('SELECT count(*) FROM auth_limits');
      if (rows > 0) throw new Error('tries were counted in the table in place of Redis');
      return figures;
    });
  } finally {
    const keys = await redis.keys(`${prefix}*`);
    if (keys.length > 0) await redis.del(keys);
    redis.disconnect();
  }
}
