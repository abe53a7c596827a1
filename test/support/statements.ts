import type { Logger } from 'typeorm';

const TRANSACTION = /^(START TRANSACTION|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b/i;

/** Records the statements a data source runs, for counting and for reading their plans. */
export class Statements implements Logger {
  readonly entries: { sql: string; parameters: unknown[] }[] = [];

  logQuery(sql: string, parameters: unknown[] = []): void {
    if (!TRANSACTION.test(sql)) this.entries.push({ sql, parameters });
  }

  /** The statements that ran during `work`, transaction brackets aside. */
  async during(work: () => Promise<unknown>): Promise<string[]> {
    const before = this.entries.length;
    await work();
    return this.entries.slice(before).map(({ sql }) => sql);
  }

  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}
