import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { AuthStartUpError, formatProblem } from '../../platform/config/start-up-error.js';
import { type TableFault, TableProbe } from '../../platform/data/schema/table-probe.js';
import { databaseCode, isUnavailable } from '../../platform/data/store/database-errors.js';
import { tableProblem } from './table-problems.js';
import { TextCheck } from './text-check.js';

/**
 * Looks at the database itself, once every module of the application is initialised: whatever runs migrations before
 * (TypeORM by `migrationsRun`, the application in `onModuleInit` or before it listens) has done so by then. Where the
 * database is out of reach, nothing is known of its tables, and nothing is said of them: requests are 503 until it is back.
 */
@Injectable()
export class DatabaseCheck implements OnApplicationBootstrap {
  private readonly logger = new Logger('AuthModule');

  constructor(
    private readonly probe: TableProbe,
    private readonly texts: TextCheck,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** @throws AuthStartUpError with everything that is wrong */
  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.checkTables) return;
    const faults = await this.ask(() => this.probe.findFaults());
    if (!faults) return;
    // The module works without the right to delete, but for what it says.
    const [tolerable, fatal] = [faults.filter(isTolerable), faults.filter((fault) => !isTolerable(fault))];
    if (fatal.length > 0) throw new AuthStartUpError(fatal.map(tableProblem));
    const warnings = (await this.ask(() => this.texts.warnings())) ?? [];
    for (const warning of [...tolerable.map((fault) => formatProblem(tableProblem(fault))), ...warnings]) {
      this.logger.warn(warning);
    }
  }

  /** What could not be found out is no fault, and must not be taken for one. */
  private async ask<T>(question: () => Promise<T[]>): Promise<T[] | undefined> {
    try {
      return await question();
    } catch (error) {
      const why = isUnavailable(error) ? 'it is out of reach' : databaseCode(error) || 'it did not answer in time';
      this.logger.warn(`The tables were not checked, as the database could not be asked (${why}).`);
      return undefined;
    }
  }
}

function isTolerable(fault: TableFault): boolean {
  return fault.kind === 'no right' && fault.right === 'DELETE';
}
