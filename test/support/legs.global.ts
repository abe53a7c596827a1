import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import { connectToServer, type DriverKind } from './database-servers.js';
import { connectToRedis } from './redis-server.js';

/** Something outside the package that some tests need and a machine may lack. */
export type Leg = DriverKind | 'redis' | 'express' | 'fastify' | 'chromium' | 'firefox' | 'webkit';

/** Where Debian's packages put the browsers, and what WebKitGTK needs: a driver, and a screen that nobody sees. */
const paths = {
  chromium: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  firefox: process.env['FIREFOX_PATH'] ?? '/usr/bin/firefox-esr',
  webKitDriver: '/usr/bin/WebKitWebDriver',
  miniBrowser: `/usr/lib/${multiarch()}/webkit2gtk-4.1/MiniBrowser`,
  xvfb: '/usr/bin/Xvfb',
};

/** What this machine can test, and the browsers to do it with. */
export interface Legs {
  available: Leg[];
  paths: typeof paths;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Read in a test with `inject('legs')`. */
    legs: Legs;
  }
}

/** Each fails where its leg is missing; a server tells its version. */
const probes: Record<Leg, () => Promise<unknown>> = {
  sqlite: () => versionOf('sqlite'),
  postgres: () => versionOf('postgres'),
  mariadb: () => versionOf('mariadb'),
  mysql: () => versionOf('mysql'),
  'mysql-on-mariadb': () => versionOf('mysql-on-mariadb'),
  redis: redisVersion,
  express: () => import('@nestjs/platform-express'),
  fastify: () => import('@nestjs/platform-fastify'),
  chromium: () => executable(paths.chromium),
  firefox: () => executable(paths.firefox),
  webkit: () => Promise.all([paths.webKitDriver, paths.miniBrowser, paths.xvfb].map(executable)).then(() => undefined),
};

/**
 * Finds out which legs this machine has, prints them, and hands the list to the tests, which skip the others.
 * With GATEHOUSE_REQUIRE_ALL_LEGS=1 a missing leg is an error, so that CI cannot pass by testing less.
 */
export default async function setup(project: TestProject): Promise<void> {
  const results = await Promise.all((Object.keys(probes) as Leg[]).map(probe));
  const missing = results.filter((result) => result.reason !== undefined);
  const present = results.filter((result) => result.reason === undefined);
  console.log(`legs: ${present.map(({ leg, version }) => (version ? `${leg} (${version})` : leg)).join(', ')}`);
  for (const { leg, reason } of missing) console.log(`skipped: every test on ${leg}, because ${reason}`);
  if (missing.length > 0 && process.env['GATEHOUSE_REQUIRE_ALL_LEGS'] === '1') {
    throw new Error(`GATEHOUSE_REQUIRE_ALL_LEGS=1, and missing: ${missing.map(({ leg }) => leg).join(', ')}`);
  }
  project.provide('legs', { available: present.map(({ leg }) => leg), paths });
}

function executable(path: string): Promise<void> {
  return access(path, constants.X_OK);
}

/** Debian's name for the processor, in the path of libraries. */
function multiarch(): string {
  return process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
}

async function redisVersion(): Promise<string> {
  const redis = await connectToRedis();
  try {
    return /redis_version:([\d.]+)/.exec(await redis.info('server'))?.[1] ?? 'unknown';
  } finally {
    redis.disconnect();
  }
}

async function probe(leg: Leg): Promise<{ leg: Leg; version?: string; reason?: string }> {
  try {
    const found = await probes[leg]();
    return { leg, version: typeof found === 'string' ? found : undefined };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { leg, reason: message || code || String(error) };
  }
}

/** Refuses a MariaDB server in place of a MySQL server, and the other way round: one of them would go untested. */
async function versionOf(kind: DriverKind): Promise<string> {
  const server = await connectToServer(kind);
  try {
    const ask = kind === 'sqlite' ? 'SELECT sqlite_version() AS version' : 'SELECT version() AS version';
    const [row] = await server.query<{ version: string }[]>(ask);
    const version = /\d[\w.-]*/.exec(row!.version)![0];
    if (version.includes('MariaDB') !== kind.includes('mariadb')) throw new Error(`the server there is ${version}`);
    return version;
  } finally {
    await server.destroy();
  }
}
