import type { DatabaseKind } from '../test/support/database-servers.js';
import type { BenchDatabase } from './database.js';
import type { Pace } from './interleave.js';
import type { Processes } from './processes.js';

/** What a comparison works with. */
export interface Bench {
  kind: DatabaseKind;
  database: BenchDatabase;
  processes: Processes;
  pace: Pace;
  /** True where it only has to be shown that everything can be measured. */
  isShort: boolean;
}
