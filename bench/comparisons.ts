import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseKind } from '../test/support/database-servers.js';
import { type BenchDatabase, PASSWORD } from './database.js';
import { interleave, type Measure, median, medianRatio, type Pace } from './interleave.js';
import type { Load, LoadResult, Traffic } from './load.js';
import type { Processes } from './processes.js';
import type { Row } from './report.js';
import type { ServerOptions } from './server.js';

/** What a comparison works with. */
export interface Bench {
  kind: DatabaseKind;
  database: BenchDatabase;
  processes: Processes;
  pace: Pace;
}

/** Requests in flight. */
const IN_FLIGHT = 32;

/**
 * Requests a second of the bystander whose latency is looked at: a tenth of what the server could do, and enough for the
 * p99 of a round of three seconds to rest on a dozen requests.
 */
const BYSTANDER_RATE = 400;

/** How long logins run before anybody looks: their first requests arrive all at once, and never again like that. */
const RAMP_SECONDS = 0.5;

/** The comparisons, by the name that `--only` takes. */
export const COMPARISONS = { login, guard, limiter, rates };

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
  const shared = { group: 'login', setting: kind, measured: 'login, 32 in flight', value: perSecond(logins) };
  return [
    {
      ...shared,
      reference: 'a route that only verifies the hash',
      referenceValue: perSecond(hashes),
      ratio: medianRatio(logins, hashes),
      ...(kind !== 'mariadb' && { atLeast: 0.8 }),
    },
    {
      ...shared,
      reference: 'bare verifications on all cores',
      referenceValue: perSecond(bare),
      ratio: medianRatio(logins, bare),
      ...(kind === 'postgres' && { atLeast: 0.6 }),
      ...(kind === 'sqlite' && { atLeast: 0.7 }),
    },
  ];
}

/** The guard, which looks at the session, against one that only verifies the JWT. */
async function guard({ kind, database, processes, pace }: Bench): Promise<Row[]> {
  const rows: Row[] = [];
  for (const adapter of ['express', 'fastify'] as const) {
    for (const sessionCacheSeconds of [0, 5]) {
      const port = await processes.server(serverOptions(database, { adapter, sessionCacheSeconds }));
      const load = await processes.load();
      const accessTokens = (await pairs(port, database)).map((pair) => pair.access_token);
      const { guarded, jwtOnly } = await interleave(
        {
          guarded: rate(load, port, { kind: 'get', path: '/bench/guarded', accessTokens }),
          jwtOnly: rate(load, port, { kind: 'get', path: '/bench/jwt-only', accessTokens }),
        },
        pace,
      );
      const hasBar = adapter === 'express' && kind === 'postgres';
      rows.push({
        group: 'guard',
        setting: `${kind}, ${adapter}`,
        measured: sessionCacheSeconds ? 'guarded route, cacheSeconds: 5' : 'guarded route',
        value: perSecond(guarded),
        reference: 'the same with a JWT-only guard',
        referenceValue: perSecond(jwtOnly),
        ratio: medianRatio(guarded, jwtOnly),
        ...(hasBar && { atLeast: sessionCacheSeconds ? 0.9 : 0.6 }),
      });
    }
  }
  return rows;
}

/** What 32 logins in flight do to a bystander, with the hash limiter and without. */
async function limiter({ kind, database, processes, pace }: Bench): Promise<Row[]> {
  const limited = await bystander(database, processes, 0);
  const unlimited = await bystander(database, processes, 64);
  const p99 = await interleave({ limited: limited.measure, unlimited: unlimited.measure }, pace);
  // The first figure is the warm-up's.
  const [withLimiter, without] = [limited.loginRates.slice(1), unlimited.loginRates.slice(1)];
  const shared = { group: 'limiter', setting: kind, reference: 'without the limiter' };
  return [
    {
      ...shared,
      measured: 'p99 of a JWT-only route during 32 logins',
      value: milliseconds(p99.limited),
      referenceValue: milliseconds(p99.unlimited),
      ratio: medianRatio(p99.limited, p99.unlimited),
      atMost: 1 / 3,
    },
    {
      ...shared,
      measured: 'those logins',
      value: perSecond(withLimiter),
      referenceValue: perSecond(without),
      ratio: medianRatio(withLimiter, without),
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
  const shared = { group: 'rates', setting: kind };
  return [
    { ...shared, measured: 'refresh, 32 in flight', value: perSecond(refreshes) },
    { ...shared, measured: 'signup, 32 in flight', value: perSecond(signups) },
  ];
}

function serverOptions(database: BenchDatabase, choice: Partial<ServerOptions> = {}): ServerOptions {
  const { options, phc } = database;
  return { adapter: 'express', database: options, phc, hashConcurrency: 0, sessionCacheSeconds: 0, ...choice };
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

function perSecond(figures: number[]): string {
  return `${Math.round(median(figures))}/s`;
}

function milliseconds(figures: number[]): string {
  return `${median(figures).toFixed(1)} ms`;
}
