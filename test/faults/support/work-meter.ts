import { renameSync, writeFileSync } from 'node:fs';
import { createNoopMeter, type Meter, metrics } from '@opentelemetry/api';

/**
 * Loaded into a sample application before its own code (`node --import`): counts what the module reports to OpenTelemetry,
 * as a collector would, and keeps the counts in the file that WORK_FILE names.
 */
const file = process.env['WORK_FILE']!;
const work: Work = { hashes: 0, events: {} };

/** What a process has done since it started. */
export interface Work {
  /** Passwords hashed or compared, whoever's. */
  hashes: number;
  /** Events by name. */
  events: Record<string, number>;
}

/** As a whole: it is read at any moment. */
const keep = (): void => {
  writeFileSync(`${file}.new`, JSON.stringify(work));
  renameSync(`${file}.new`, file);
};
const meter: Meter = createNoopMeter();
meter.createHistogram = (name) => ({
  record: () => {
    if (name !== 'gatehouse.hash.duration') return;
    work.hashes++;
    keep();
  },
});
meter.createCounter = () => ({
  add: (count, attributes) => {
    const event = String(attributes?.['gatehouse.event']);
    work.events[event] = (work.events[event] ?? 0) + count;
    keep();
  },
});

keep();
metrics.setGlobalMeterProvider({ getMeter: () => meter });
