/**
 * Loaded into an application process by `--import`, before anything of it: answers readings on the local socket that
 * GAUGE_SOCKET names. It changes nothing in what it measures: passwords are counted by the module's own metrics.
 */
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';

/** What a process is like. Memory in bytes, times in milliseconds. */
export interface Reading {
  rss: number;
  /** The highest RSS since it started. */
  peakRss: number;
  heapUsed: number;
  /** CPU that it has used so far, all of its threads together. */
  cpuMs: number;
  /** Delay of the event loop since the reading before. */
  loopP99: number;
  loopMax: number;
  /** Passwords hashed or compared so far, by the histogram `gatehouse.hash.duration`. */
  hashes: number;
  /** Timers, sockets and the like that keep the process alive. */
  resources: number;
  /** Listeners of the process itself. */
  listeners: number;
}

const reader = new PeriodicExportingMetricReader({
  exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE),
  // It is asked, and does not tell by itself.
  exportIntervalMillis: 2 ** 31 - 1,
  exportTimeoutMillis: 1000,
});
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));

const RESOLUTION_MS = 1;
const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
loop.enable();

async function countHashes(): Promise<number> {
  const { resourceMetrics } = await reader.collect();
  let count = 0;
  for (const { descriptor, dataPoints } of resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)) {
    if (descriptor.name !== 'gatehouse.hash.duration') continue;
    for (const { value } of dataPoints) count += (value as Histogram).count;
  }
  return count;
}

async function read(): Promise<Reading> {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  // Each delay is measured from when the timer was due, its own period included.
  const [loopP99, loopMax] = [loop.percentile(99) / 1e6 - RESOLUTION_MS, loop.max / 1e6 - RESOLUTION_MS];
  loop.reset();
  return {
    rss,
    // In KiB there.
    peakRss: process.resourceUsage().maxRSS * 1024,
    heapUsed,
    cpuMs: (user + system) / 1000,
    loopP99,
    loopMax,
    hashes: await countHashes(),
    resources: process.getActiveResourcesInfo().length,
    listeners: process.eventNames().reduce((count, name) => count + process.listenerCount(name), 0),
  };
}

const path = process.env['GAUGE_SOCKET'];
if (path === undefined) throw new Error('GAUGE_SOCKET names no socket');
const server = createServer({ allowHalfOpen: true }, (socket) => {
  socket.unref();
  socket.on('error', () => undefined);
  socket.once('data', (chunk) => {
    if (chunk.toString().startsWith('settle')) globalThis.gc?.();
    void read().then((reading) => socket.end(JSON.stringify(reading)));
  });
});
server.listen(path).unref();
process.once('exit', () => rmSync(path, { force: true }));
