import { createHash } from 'node:crypto';
import { addUserColumns } from 'nestjs-gatehouse';
import { DataSource, type DataSourceOptions, type QueryRunner, Table } from 'typeorm';
import { AuthEventRow } from '../../../sample-app/auth-event.entity.js';
import { AuthLimit } from '../../../sample-app/auth-limit.entity.js';
import { CreateAccounts1790000000000 } from '../../../sample-app/migrations/1790000000000-create-accounts.js';
import { AddTokenColumns1795000000000 } from '../../../sample-app/migrations/1795000000000-add-token-columns.js';
import { AddLimits1796000000000 } from '../../../sample-app/migrations/1796000000000-add-limits.js';
import { UserToken } from '../../../sample-app/user-token.entity.js';
import { User } from '../../../sample-app/user.entity.js';
import type { DatabaseKind } from '../../support/database-servers.js';
import { createDatabase } from '../../support/new-database.js';
import { insertRows, orderedUuid, userOf } from './many-rows.js';

/** What the migrations of the sample application did. */
export interface Migrated {
  /** All of up, down and up, and of that the columns that an earlier version lacked. */
  seconds: number;
  columnsSeconds: number;
  /** Adding the columns of an account to a table of users that the application had before. */
  usersSeconds: number;
  /** Rows that are gone or have changed and should not. */
  lost: number;
  /** What the entities would still change in the tables. */
  differences: number;
}

/** Tables whose rows every migration but the first keeps. */
const KEPT = ['users', 'user_tokens', 'auth_events'];

/** Up; rows; down and up to the version before and back, one by one; down and up of everything. */
export async function migrate(kind: DatabaseKind, rows: number): Promise<Migrated> {
  const database = await createDatabase(kind);
  const options = {
    ...database.options,
    entities: [User, UserToken, AuthEventRow, AuthLimit],
    migrations: [CreateAccounts1790000000000, AddTokenColumns1795000000000, AddLimits1796000000000],
  } as DataSourceOptions;
  const tables = await new DataSource(options).initialize();
  try {
    return await new Migrations(tables, rows).run();
  } finally {
    await tables.destroy();
    await database.drop();
  }
}

class Migrations {
  private seconds = 0;

  constructor(
    private readonly tables: DataSource,
    private readonly rows: number,
  ) {}

  async run(): Promise<Migrated> {
    const { tables } = this;
    await this.timed(() => tables.runMigrations());
    await this.fill();
    const before = await this.digests();
    // As an earlier version left it, whose sessions and links had one column less.
    await this.down();
    await this.down();
    await withRunner(tables, (runner) => withoutColumn(runner, 'user_tokens', 'attempts'));
    const columnsSeconds = await this.timed(() => tables.runMigrations());
    await this.fillLimits();
    let lost = this.lost(before, await this.digests());
    await this.down();
    await this.down();
    await this.timed(() => tables.runMigrations());
    lost += this.lost(before, await this.digests());
    for (let count = tables.migrations.length; count > 0; count--) await this.down();
    await this.timed(() => tables.runMigrations());
    const { upQueries } = await tables.driver.createSchemaBuilder().log();
    const { usersSeconds, usersLost } = await this.addUserColumns();
    return {
      seconds: this.seconds,
      columnsSeconds,
      usersSeconds,
      lost: lost + usersLost,
      differences: upQueries.length,
    };
  }

  private down(): Promise<number> {
    return this.timed(() => this.tables.undoLastMigration());
  }

  private async timed(work: () => Promise<unknown>): Promise<number> {
    const startedAt = performance.now();
    await work();
    const took = (performance.now() - startedAt) / 1000;
    this.seconds += took;
    return took;
  }

  private async fill(): Promise<void> {
    const at = Date.now();
    await insertRows(this.tables, 'users', this.rows, (index) => ({
      ...userOf(orderedUuid(at, index), index),
      username: index % 2 === 0 ? `many-${index}` : null,
      locale: 'de',
    }));
    await insertRows(this.tables, 'user_tokens', this.rows, (index) => ({
      id: orderedUuid(at, index),
      user_id: orderedUuid(at, (index * 7) % this.rows),
      purpose: index % 2 === 0 ? 'session' : 'activation',
      token_hash: index % 2 === 0 ? null : createHash('sha256').update(String(index)).digest('hex'),
      generation: index % 9,
      payload: '{"amr":["pwd"]}',
      created_at: at,
      expires_at: at + index,
      ip: '127.0.0.1',
      mail_due_at: index % 5 === 0 ? at : null,
    }));
    await insertRows(this.tables, 'auth_events', this.rows, (index) => ({
      id: orderedUuid(at, index),
      occurred_at: at,
      event: 'authn_login_success',
      level: 'INFO',
      user_id: orderedUuid(at, index),
      detail: '{}',
    }));
    await this.fillLimits();
  }

  private fillLimits(): Promise<void> {
    return insertRows(this.tables, 'auth_limits', this.rows, (index) => ({
      id: createHash('sha256').update(`limit ${index}`).digest('hex'),
      state: index,
      expires_at: index,
    }));
  }

  /** For each row of the tables that are kept, what is in it. */
  private async digests(): Promise<Map<string, string>> {
    const digests = new Map<string, string>();
    for (const table of KEPT) {
      const rows = await this.tables.query<Record<string, unknown>[]>(`SELECT * FROM ${table}`);
      for (const row of rows) {
        // The order of columns may change: SQLite and PostgreSQL add at the end.
        const text = JSON.stringify(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1)));
        digests.set(`${table} ${String(row['id'])}`, createHash('sha256').update(text).digest('base64'));
      }
    }
    return digests;
  }

  private lost(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): number {
    return [...before].filter(([row, digest]) => after.get(row) !== digest).length;
  }

  /** A table of the application's own, with users in it and what refers to them. */
  private async addUserColumns(): Promise<{ usersSeconds: number; usersLost: number }> {
    const { tables, rows } = this;
    return withRunner(tables, async (runner) => {
      const id = { name: 'id', type: 'int', isPrimary: true };
      await runner.createTable(new Table({ name: 'members', columns: [id, varchar('mail')] }));
      const toMember = { columnNames: ['member_id'], referencedTableName: 'members', referencedColumnNames: ['id'] };
      const columns = [id, { name: 'member_id', type: 'int' }];
      const foreignKeys = [{ ...toMember, onDelete: 'CASCADE' }];
      await runner.createTable(new Table({ name: 'orders', columns, foreignKeys }));
      await insertRows(tables, 'members', rows, (index) => ({ id: index, mail: `Member-${index}@Example.com` }));
      await insertRows(tables, 'orders', rows, (index) => ({ id: index, member_id: index }));
      const startedAt = performance.now();
      await addUserColumns(runner, 'members', {
        email: 'lower(mail)',
        password_hash: "''",
        is_active: 'true',
        created_at: '0',
        updated_at: '0',
      });
      const usersSeconds = (performance.now() - startedAt) / 1000;
      const kept = `SELECT COUNT(*) AS kept FROM members JOIN orders ON member_id = members.id WHERE email = lower(mail)`;
      const [row] = (await runner.query(kept)) as [{ kept: string | number }];
      return { usersSeconds, usersLost: rows - Number(row.kept) };
    });
  }
}

const varchar = (name: string) => ({ name, type: 'varchar', length: '254' });

async function withoutColumn(runner: QueryRunner, table: string, column: string): Promise<void> {
  await runner.beforeMigration();
  await runner.dropColumn(table, column);
  await runner.afterMigration();
}

async function withRunner<T>(tables: DataSource, use: (runner: QueryRunner) => Promise<T>): Promise<T> {
  const runner = tables.createQueryRunner();
  try {
    return await use(runner);
  } finally {
    await runner.release();
  }
}
