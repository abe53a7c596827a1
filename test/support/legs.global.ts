import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import { connectToServer, type DriverKind } from './database-servers.js';

/** Something outside the package that some tests need and a machine may lack. */
export type Leg = DriverKind | 'express' | 'fastify' | 'chromium';

/** What this machine can test, and the browser to do it with. */
export interface Legs {
  available: Leg[];
  chromiumPath: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Read in a test with `inject('legs')`. */
    legs: Legs;
  }
}

const chromiumPath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

const probes: Record<Leg, () => Promise<unknown>> = {
  sqlite: () => connectAndClose('sqlite'),
  postgres: () => connectAndClose('postgres'),
  mariadb: () => connectAndClose('mariadb'),
  mysql: () => connectAndClose('mysql'),
  express: () => import('@nestjs/platform-express'),
  fastify: () => import('@nestjs/platform-fastify'),
  chromium: () => access(chromiumPath, constants.X_OK),
};

/**
 * Finds out which legs this machine has, prints them, and hands the list to the tests, which skip the others.
 * With GATEHOUSE_REQUIRE_ALL_LEGS=1 a missing leg is an error, so that CI cannot pass by testing less.
 */
export default async function setup(project: TestProject): Promise<void> {
  const results = await Promise.all((Object.keys(probes) as Leg[]).map(probe));
  const missing = results.filter((result) => result.reason !== undefined);
  const available = results.filter((result) => result.reason === undefined).map((result) => result.leg);
  console.log(`legs: ${available.join(' ')}`);
  for (const { leg, reason } of missing) console.log(`skipped: every test on ${leg}, because ${reason}`);
  if (missing.length > 0 && process.env['GATEHOUSE_REQUIRE_ALL_LEGS'] === '1') {
    throw new Error(`GATEHOUSE_REQUIRE_ALL_LEGS=1, and missing: ${missing.map(({ leg }) => leg).join(', ')}`);
  }
  project.provide('legs', { available, chromiumPath });
}

async function probe(leg: Leg): Promise<{ leg: Leg; reason?: string }> {
  try {
    await probes[leg]();
    return { leg };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { leg, reason: message || code || String(error) };
  }
}

async function connectAndClose(kind: DriverKind): Promise<void> {
  const server = await connectToServer(kind);
  await server.destroy();
}
