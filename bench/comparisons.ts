import { setTimeout as delay } from 'node:timers/promises';
import { startUp } from './start-up.js';
import type { Bench } from './bench.js';
import { type BenchDatabase, PASSWORD } from './database.js';
import { interleave, type Measure } from './interleave.js';
import type { Load, LoadResult, Traffic } from './load.js';
import type { Processes } from './processes.js';
import type { Row } from './report.js';
import type { ServerOptions } from './server.js';

/** Requests in flight. */
const IN_FLIGHT = 32;

/**
 * Requests a second of the bystander whose latency is looked at: a tenth of what the server could do, and enough for the
 * p99 of a round of three seconds to rest on a dozen requests.
 */
const BYSTANDER_RATE = 400;

/** How long logins run before anybody looks: their first requests arrive all at once, and never again like that. */
const RAMP_SECONDS = 0.5;

const ADAPTERS = ['express', 'fastify'] as const;

/** The comparisons, by the name that `--only` takes. */
export const COMPARISONS = { startUp, login, limits, guard, limiter, rates };

/** Login against its hash alone, over HTTP and bare. */
async function login({ kind, database, processes, pace }: Bench): Promise<Row[]> {
  const port = await processes.server(serverOptions(database));
  const load = await processes.load();
  const { logins, hashes, bare } = await interleave(
    {
      logins: rate(load, port, loginTraffic(database)),
      hashes: rate(load, port, loginTraffic(database, '/bench/hash-only')),
      bare: await processes.bare(database.phc),
    },
    pace,
  );
  const shared = {
    group: 'login',
    setting: kind,
    measured: 'login, 32 in flight',
    unit: '/s' as const,
    figures: logins,
  };
  return [
    { ...shared, reference: { measured: 'a route that only verifies the hash', figures: hashes }, atLeast: 0.8 },
    {
      ...shared,
      reference: { measured: 'bare verifications on all cores', figures: bare },
      ...(kind === 'postgres' && { atLeast: 0.6 }),
      ...(kind === 'sqlite' && { atLeast: 0.7 }),
    },
  ];
}

/** Login with its tries counted in the database, and without. */
async function limits({ kind, database, processes, pace }: Bench): Promise<Row[]> {
  const [counting, free] = [
    await processes.server(serverOptions(database, { countsTries: true })),
    await processes.server(serverOptions(database)),
  ];
  const load = await processes.load();
  const { counted, uncounted } = await interleave(
    {
      counted: rate(load, counting, loginTraffic(database)),
      uncounted: rate(load, free, loginTraffic(database)),
    },
    pace,
  );
  return [
    {
      group: 'limits',
      setting: kind,
      measured: 'login with limits in a table, 32 in flight',
      unit: '/s',
      figures: counted,
      reference: { measured: 'login without limits', figures: uncounted },
      atLeast: 0.95,
    },
  ];
}

/** The guard, which looks at the session, with a memory of it and without, and against one that only verifies the JWT. */
async function guard({ kind, database, processes, pace, isShort }: Bench): Promise<Row[]> {
  const rows: Row[] = [];
  for (const adapter of isShort ? ADAPTERS.slice(0, 1) : ADAPTERS) {
    const [port, remembering] = [
      await processes.server(serverOptions(database, { adapter })),
      await processes.server(serverOptions(database, { adapter, sessionCacheSeconds: 5 })),
    ];
    const load = await processes.load();
    const traffic = async (on: number, path: string): Promise<Measure> => {
      const accessTokens = (await pairs(on, database)).map((pair) => pair.access_token);
      return rate(load, on, { kind: 'get', path, accessTokens });
    };
    const { guarded, cached, jwtOnly } = await interleave(
      {
        guarded: await traffic(port, '/bench/guarded'),
        cached: await traffic(remembering, '/bench/guarded'),
        jwtOnly: await traffic(port, '/bench/jwt-only'),
      },
      pace,
    );
    const hasBar = adapter === 'express' && kind === 'postgres';
    const shared = { group: 'guard', setting: `${kind}, ${adapter}`, unit: '/s' as const };
    const withoutSession = { measured: 'the same with a JWT-only guard', figures: jwtOnly };
    const remembered = { ...shared, measured: 'guarded route, cacheSeconds: 5', figures: cached };
    rows.push(
      {
        ...shared,
        measured: 'guarded route',
        figures: guarded,
        reference: withoutSession,
        ...(hasBar && { atLeast: 0.6 }),
      },
      { ...remembered, reference: withoutSession, ...(hasBar && { atLeast: 0.9 }) },
      { ...remembered, reference: { measured: 'guarded route', figures: guarded }, atLeast: 1 },
    );
  }
  return rows;
}

/** What 32 logins in flight do to a bystander, with the hash limiter and without. */
async function limiter({ kind, database, processes, pace }: Bench): Promise<Row[]> {
  const limited = await bystander(database, processes, 0);
  const unlimited = await bystander(database, processes, 64);
  const p99 = await interleave({ limited: limited.measure, unlimited: unlimited.measure }, pace);
  const shared = { group: 'limiter', setting: kind };
  const measured = 'without the limiter';
  return [
    {
      ...shared,
      measured: 'p99 of a JWT-only route during 32 logins',
      unit: 'ms',
      figures: p99.limited,
      reference: { measured, figures: p99.unlimited },
      atMost: 1 / 3,
    },
    {
      ...shared,
      measured: 'those logins',
      unit: '/s',
      // The first figure is the warm-up's.
      figures: limited.loginRates.slice(1),
      reference: { measured, figures: unlimited.loginRates.slice(1) },
    },
  ];
}

async function bystander(database: BenchDatabase, processes: Processes, hashConcurrency: number) {
  const port = await processes.server(serverOptions(database, { hashConcurrency }));
  const [logins, others] = [await processes.load(), await processes.load()];
  const accessTokens = (await pairs(port, database)).map((pair) => pair.access_token);
  const loginRates: number[] = [];
  const measure: Measure = async (seconds) => {
    const flood = logins({
      port,
      seconds: seconds + RAMP_SECONDS,
      connections: IN_FLIGHT,
      traffic: loginTraffic(database),
    });
    const look = delay(RAMP_SECONDS * 1000).then(() =>
      others({
        port,
        seconds,
        connections: IN_FLIGHT,
        perSecond: BYSTANDER_RATE,
        traffic: { kind: 'get', path: '/bench/jwt-only', accessTokens },
      }),
    );
    const [{ perSecond: loginRate }, { p99 }] = await Promise.all([flood, look]);
    loginRates.push(loginRate);
    return p99;
  };
  return { measure, loginRates };
}

/** Rates without a bar. */
async function rates({ kind, database, processes, pace }: Bench): Promise<Row[]> {
  const port = await processes.server(serverOptions(database));
  const load = await processes.load();
  let prefix = 0;
  const { refreshes, signups } = await interleave(
    {
      // A rotated token is spent, so every round begins with new sessions.
      refreshes: async (seconds) => {
        const refreshTokens = (await pairs(port, database)).map((pair) => pair.refresh_token);
        return rate(load, port, { kind: 'refresh', refreshTokens })(seconds);
      },
      signups: (seconds) =>
        rate(load, port, { kind: 'signup', prefix: `new${prefix++}-`, password: PASSWORD })(seconds),
    },
    pace,
  );
  const shared = { group: 'rates', setting: kind, unit: '/s' as const };
  return [
    { ...shared, measured: 'refresh, 32 in flight', figures: refreshes },
    { ...shared, measured: 'signup, 32 in flight', figures: signups },
  ];
}

function serverOptions(database: BenchDatabase, choice: Partial<ServerOptions> = {}): ServerOptions {
  const { options, phc } = database;
  return {
    adapter: 'express',
    database: options,
    phc,
    hashConcurrency: 0,
    sessionCacheSeconds: 0,
    countsTries: false,
    ...choice,
  };
}

function rate(load: (load: Load) => Promise<LoadResult>, port: number, traffic: Traffic): Measure {
  return async (seconds) => (await load({ port, seconds, connections: IN_FLIGHT, traffic })).perSecond;
}

function loginTraffic({ emails }: BenchDatabase, path = '/auth/login'): Traffic {
  return { kind: 'login', path, emails, password: PASSWORD };
}

/** A session of its own for each connection. */
function pairs(port: number, { emails }: BenchDatabase): Promise<{ access_token: string; refresh_token: string }[]> {
  return Promise.all(
    emails.slice(0, IN_FLIGHT).map(async (email) => {
      const answer = await fetch(`http://127.0.0.1:${port}/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email, password: PASSWORD }),
      });
      if (!answer.ok) throw new Error(`login answered ${answer.status}: ${await answer.text()}`);
      return (await answer.json()) as { access_token: string; refresh_token: string };
    }),
  );
}
