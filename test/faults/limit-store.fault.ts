import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { inParallel } from '../support/client.js';
import { Mailbox, tokenIn } from '../support/mailbox.js';
import { createDatabase, type TestDatabase } from '../support/new-database.js';
import { type SampleProcess, startSampleProcess } from '../support/sample-process.js';
import { type Fault, type Figure, none, type Size } from './fault.js';
import { type Call, Caller, type Reply } from './support/caller.js';
import { OwnServer } from './support/own-server.js';

const PASSWORD = 'correct horse battery staple';
const WRONG = 'not the passphrase of anybody';
/** Free wrong passwords for an account; the first wait after them is longer than the script. */
const LIMIT = 5;
const ENV = {
  AUTH_LIMITS: 'on',
  AUTH_LIMITS_LOGIN_TRIES: String(LIMIT),
  AUTH_LIMITS_LOGIN_WAIT_SECONDS: '900',
  // All visitors have one address here.
  AUTH_LIMITS_LOGIN_PER_ADDRESS: '0',
  AUTH_LIMITS_MAILS_PER_ADDRESS: '0',
  AUTH_MAIL_POLL_SECONDS: '1',
};
const CROWD = 50;
/** Twice what a store is waited for, and what a busy machine adds. */
const PATIENCE_MS = 30_000;

/** A place where tries are counted, and how it dies. */
interface Store {
  name: string;
  /** True where it comes back with what it had counted. */
  remembers: boolean;
  env: Record<string, string>;
  die(): Promise<void>;
  comeBack(): Promise<void>;
}

export const fault: Fault = {
  claim:
    'While nobody can count tries, whatever compares a password is 503, everything else goes on, and no guess is made; it goes on by itself when the store is back.',
  bars: ['C7'],
  async run(size) {
    const figures: Figure[] = [];
    const redis = { forgets: await OwnServer.redis(), remembers: await OwnServer.redis(true) };
    const postgres = await OwnServer.postgres();
    try {
      figures.push(...(await starve(size, await createDatabase('sqlite'), () => inRedis(redis.forgets, false))));
      figures.push(...(await starve(size, await createDatabase('sqlite'), () => inRedis(redis.remembers, true))));
      for (const kind of ['locked', 'gone'] as const) {
        figures.push(...(await starve(size, await postgres.createDatabase(), (database) => inTable(database, kind))));
      }
    } finally {
      await Promise.all([redis.forgets, redis.remembers, postgres].map((server) => server.dispose()));
    }
    return figures;
  },
};

/** A Redis of the script's own, killed without a warning. */
const inRedis = (server: OwnServer, remembers: boolean): Store => ({
  name: remembers ? 'Redis, killed, with its data' : 'Redis, killed, without its data',
  remembers,
  env: { REDIS_URL: server.url.href },
  die: () => server.stop('crash'),
  comeBack: () => server.start(),
});

/** A limit table that somebody has locked, or renamed. */
function inTable({ options }: TestDatabase, kind: 'locked' | 'gone'): Store {
  let stranger: DataSource | undefined;
  const run = async (statements: string[]): Promise<void> => {
    stranger ??= await new DataSource({ ...options, poolSize: 1 } as typeof options).initialize();
    for (const statement of statements) await stranger.query(statement);
  };
  const isLocked = kind === 'locked';
  return {
    name: `limit table that is ${kind}`,
    remembers: true,
    env: {},
    die: () =>
      run(
        isLocked
          ? ['BEGIN', 'LOCK TABLE auth_limits IN ACCESS EXCLUSIVE MODE']
          : ['ALTER TABLE auth_limits RENAME TO auth_limits_away'],
      ),
    comeBack: async () => {
      await run(isLocked ? ['COMMIT'] : ['ALTER TABLE auth_limits_away RENAME TO auth_limits']);
      await stranger!.destroy();
    },
  };
}

/** Two processes that count together, before, while and after their store is dead. */
async function starve(
  size: Size,
  database: TestDatabase,
  storeOn: (database: TestDatabase) => Store,
): Promise<Figure[]> {
  const mailbox = await new Mailbox().goUp();
  const store = storeOn(database);
  const apps: SampleProcess[] = [];
  try {
    for (let count = 0; count < 2; count++)
      apps.push(await startSampleProcess(database, mailbox, { ...ENV, ...store.env }));
    return await observe(size, store, apps, mailbox);
  } finally {
    await Promise.all(apps.map((app) => app.stop()));
    await mailbox.goDown();
    await database.drop();
  }
}

async function observe(size: Size, store: Store, apps: SampleProcess[], mailbox: Mailbox): Promise<Figure[]> {
  const origins = apps.map(({ origin }) => origin);
  const rounds = size === 'short' ? 2 : 10;
  const logIn = (email: string, password: string, index: number) =>
    ask(origins[index % origins.length]!, { method: 'POST', path: '/auth/login', body: { email, password } });
  const attack = (email: string) => inParallel(CROWD, (index) => logIn(email, WRONG, index));
  const bearer = await activate(apps[0]!, mailbox, 'owner@example.org');
  const others = () => everythingElse(origins, bearer, `new-${Math.random()}@example.org`);

  const before = comparedIn(await attack('victim@example.org'));
  const memoryBefore = residentMiB(apps[0]!);
  await store.die();
  const startedAt = Date.now();
  const [guesses, beside] = await Promise.all([attack('victim@example.org'), others()]);
  const knownAfterMs = Date.now() - startedAt;
  const later: Reply[] = [];
  const besideLater: Reply[] = [];
  for (let round = 0; round < rounds; round++) {
    later.push(...(await attack('victim@example.org')), ...(await attack(`other-${round}@example.org`)));
    besideLater.push(...(await others()));
  }
  const memoryAfter = residentMiB(apps[0]!);
  await store.comeBack();
  const backAfterMs = await until(
    async () =>
      answered(await logIn('owner@example.org', PASSWORD, 0), 200) &&
      answered(await logIn('owner@example.org', PASSWORD, 1), 200),
  );
  const after = comparedIn(await attack('victim@example.org'));
  const fresh = comparedIn(await attack('next-victim@example.org'));

  const on = `(${store.name})`;
  const dead = [...guesses, ...later];
  const rest = [...beside, ...besideLater];
  const total = before + after;
  for (const reply of [...dead, ...rest].filter(
    (each) => each.kind !== 'answer' || (each.status >= 500 && each.status !== 503),
  ))
    console.log(`${store.name}: ${JSON.stringify(reply)}`);
  const most = store.remembers ? LIMIT : 2 * LIMIT;
  return [
    {
      what: `guesses compared of ${CROWD} in parallel, before and, for another account, after ${on}`,
      measured: `${before}, ${fresh}`,
      bar: `at most ${LIMIT}`,
      holds: before <= LIMIT && fresh <= LIMIT && before > 0 && fresh > 0,
    },
    {
      what: `guesses compared of one account in all ${on}`,
      measured: String(total),
      bar: `at most ${most}`,
      holds: total <= most,
    },
    none(
      `of ${dead.length} guesses meanwhile, compared or not 503 ${on}`,
      dead.filter((reply) => !answered(reply, 503)).length,
    ),
    none(
      `of ${rest.length} other requests meanwhile, not served ${on}`,
      rest.filter((reply) => !(reply.kind === 'answer' && reply.status < 300)).length,
    ),
    {
      what: `refused at once after ${on}`,
      measured: `${(knownAfterMs / 1000).toFixed(1)} s`,
      bar: `at most ${PATIENCE_MS / 1000} s`,
      holds: knownAfterMs < PATIENCE_MS,
    },
    {
      what: `memory it took meanwhile ${on}`,
      measured: `${(memoryAfter - memoryBefore).toFixed(0)} MiB`,
      bar: 'at most 64 MiB',
      holds: memoryAfter - memoryBefore < 64,
    },
    {
      what: `logins again after ${on}`,
      measured: `${(backAfterMs / 1000).toFixed(1)} s`,
      bar: `at most ${PATIENCE_MS / 1000} s`,
      holds: backAfterMs < PATIENCE_MS,
    },
    none(`processes that ended ${on}`, apps.filter(({ pid }) => !isAlive(pid)).length),
  ];
}

/** Health, the guard, the profile, a signup with its mail, and a reset request. */
async function everythingElse(origins: string[], bearer: string, email: string): Promise<Reply[]> {
  return inParallel(20, (index) => {
    const origin = origins[index % 2]!;
    switch (Math.floor(index / 2) % 5) {
      case 0:
        return ask(origin, { method: 'GET', path: '/health' });
      case 1:
        return ask(origin, { method: 'GET', path: '/auth/me', bearer });
      case 2:
        return ask(origin, { method: 'GET', path: '/demo/protected', bearer });
      case 3:
        return ask(origin, {
          method: 'POST',
          path: '/auth/signup',
          body: { email: `${index}-${email}`, password: PASSWORD },
        });
      default:
        return ask(origin, {
          method: 'POST',
          path: '/auth/password-reset/request',
          body: { email: 'owner@example.org' },
        });
    }
  });
}

/** By a connection of its own: one that is kept may be closed by the other side just now. */
async function ask(origin: string, call: Call): Promise<Reply> {
  const caller = new Caller(origin);
  try {
    return await caller.send(call);
  } finally {
    caller.close();
  }
}

/** Guesses that went through to the comparison. */
function comparedIn(replies: Reply[]): number {
  return replies.filter((reply) => answered(reply, 401)).length;
}

function answered(reply: Reply, status: number): boolean {
  return reply.kind === 'answer' && reply.status === status;
}

async function activate({ client }: SampleProcess, mailbox: Mailbox, email: string): Promise<string> {
  await client.post('/auth/signup', { email, password: PASSWORD });
  const { body } = await client.post('/auth/activate', { token: tokenIn(await mailbox.waitFor(email)) });
  return (body as { access_token: string }).access_token;
}

/** Milliseconds until it is true. */
async function until(condition: () => Promise<boolean>): Promise<number> {
  const startedAt = Date.now();
  while (!(await condition())) {
    if (Date.now() - startedAt > 2 * PATIENCE_MS) break;
    await delay(200);
  }
  return Date.now() - startedAt;
}

/** Of the whole process, as Linux counts it. */
function residentMiB({ pid }: SampleProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
