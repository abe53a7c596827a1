import type { Bench } from './bench.js';
import { interleave, type Measure, median } from './interleave.js';
import type { Row } from './report.js';
import type { Application } from './start-up-application.js';

/** Starts of each application in a round; the round's figure is their median. */
const STARTS = 3;

/** What the module adds to the start of an application and to its memory. */
export async function startUp({ kind, database, processes, pace, isShort }: Bench): Promise<Row[]> {
  const memory: Record<Application, number[]> = { bare: [], gatehouse: [] };
  const measure =
    (application: Application): Measure =>
    async () => {
      const starts = [];
      for (let start = 0; start < (isShort ? 1 : STARTS); start++)
        starts.push(await processes.startUp(application, database.options));
      memory[application].push(median(starts.map(({ mebibytes }) => mebibytes)));
      return median(starts.map(({ milliseconds }) => milliseconds));
    };
  const times = await interleave({ gatehouse: measure('gatehouse'), bare: measure('bare') }, pace);
  const shared = { group: 'startUp', setting: kind };
  const measured = 'Nest, TypeORM and a mailer alone';
  return [
    {
      ...shared,
      measured: 'time until the application listens',
      unit: 'ms',
      figures: times.gatehouse,
      reference: { measured, figures: times.bare },
      atMost: 1.25,
    },
    {
      ...shared,
      measured: 'memory of the process then (RSS)',
      unit: 'MiB',
      // The first figure is the warm-up's.
      figures: memory.gatehouse.slice(1),
      reference: { measured, figures: memory.bare.slice(1) },
      atMost: 1.2,
    },
  ];
}
