import { availableParallelism } from 'node:os';
import { PASSWORD } from '../../support/password.js';
import type { Size } from '../fault.js';
import type { CrowdProcess } from './crowd.js';
import type { MeasuredSample } from './measured-sample.js';

/** What 20 parallel logins do to the process that answers them. Memory in bytes, times in milliseconds. */
export interface LoadOfLogins {
  /** CPU of one login. */
  cpuMs: number;
  loopP99: number;
  /** The highest RSS of the same requests when nothing is hashed, and when passwords are. */
  baseRss: number;
  peakRss: number;
  /** How many passwords are hashed at the same time. */
  permits: number;
}

const PARALLEL = 20;
const SECONDS = { short: 1, whole: 15 };
/** Size of libuv's thread pool, which nobody has changed. */
const THREADS = 4;

/** 20 connections that log in one after the other. */
export async function loadOfLogins(
  { port, gauge, activeUser }: MeasuredSample,
  crowd: CrowdProcess,
  size: Size,
): Promise<LoadOfLogins> {
  await activeUser('busy@example.com');
  const login = { port, method: 'POST', path: '/auth/login', from: ['127.0.0.1'], connections: PARALLEL } as const;
  // Refused before the hash: what the process needs for as many requests as it can answer, and no password.
  await crowd.run({ ...login, seconds: SECONDS[size], bodies: [{ email: 'busy@example.com', password: 7 }] });
  const before = await gauge.read();
  const body = { email: 'busy@example.com', password: PASSWORD };
  const samples = await crowd.run({ ...login, seconds: SECONDS[size], bodies: [body] });
  const after = await gauge.read();
  const odd = samples.find(([, , status]) => status !== 200);
  if (odd) throw new Error(`a login is answered ${odd[2]}`);
  return {
    cpuMs: (after.cpuMs - before.cpuMs) / samples.length,
    loopP99: after.loopP99,
    baseRss: before.peakRss,
    peakRss: after.peakRss,
    permits: Math.min(availableParallelism(), THREADS - 1),
  };
}
