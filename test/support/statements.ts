import type { Logger } from 'typeorm';

/** Brackets of a transaction. Savepoints are not among them: each is a round trip that a flow should not need. */
const TRANSACTION = /^(START TRANSACTION|BEGIN|COMMIT|ROLLBACK(?! TO))\b/i;

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
