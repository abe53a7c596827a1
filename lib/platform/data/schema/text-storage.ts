import { Injectable } from '@nestjs/common';
import type { EntityMetadata } from 'typeorm';
import { dialectOf } from '../dialect.js';
import { Database } from '../store/database.js';

/** How the database keeps and compares the text of one column. */
export interface ColumnText {
  /** Its name in the table. */
  readonly name: string;
  /** Its character set, where that is not the database's; null where it has none. */
  readonly charset: string | null;
  readonly collation: string | null;
  /** False where the character set lacks letters that people use. */
  readonly holdsEverything: boolean;
  /** False where the collation takes different texts for the same. */
  readonly tellsApart: boolean;
}

/** Character sets of MariaDB and MySQL that have every letter; `utf8` and `utf8mb3` end at U+FFFF. */
const WHOLE_UNICODE = new Set(['utf8mb4', 'utf16', 'utf16le', 'utf32']);

/** Collations of theirs that compare byte by byte, or at least letter by letter. */
const EXACT = /_(bin|cs)$|^binary$/;

/** What the database says of how it keeps text. Reads its catalogue and no row. */
@Injectable()
export class TextStorage {
  constructor(private readonly database: Database) {}

  /**
   * The encoding of everything, of the database or of the connection to it, where it lacks letters that people use; null
   * where it has them all.
   */
  async poorEncoding(): Promise<{ of: 'database' | 'connection'; name: string } | null> {
    switch (dialectOf(this.database.dataSource).textIsKept) {
      case 'by column': {
        const name = await this.one('SELECT @@character_set_client AS name');
        return WHOLE_UNICODE.has(name) ? null : { of: 'connection', name };
      }
      case 'by database': {
        const name = await this.one(`SELECT current_setting('server_encoding') AS name`);
        return name === 'UTF8' ? null : { of: 'database', name };
      }
      case 'as Unicode':
        return null;
    }
  }

  /** The text columns of a table, by their names in it; those of which there is nothing to say may be left out. */
  async columnsOf(entity: EntityMetadata): Promise<ReadonlyMap<string, ColumnText>> {
    const columns = await this.find(entity);
    return new Map(columns.map((column) => [column.name, column]));
  }

  private find(entity: EntityMetadata): Promise<ColumnText[]> {
    switch (dialectOf(this.database.dataSource).textIsKept) {
      case 'by column':
        return this.inMysql(entity);
      case 'by database':
        return this.inPostgres(entity);
      case 'as Unicode':
        return Promise.resolve([]);
    }
  }

  private async inMysql({ database, tableName }: EntityMetadata): Promise<ColumnText[]> {
    const rows = await this.query<{ name: string; charset_name: string; collation_name: string }>(
      'SELECT COLUMN_NAME AS name, CHARACTER_SET_NAME AS charset_name, COLLATION_NAME AS collation_name ' +
        'FROM information_schema.COLUMNS ' +
        'WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ? AND CHARACTER_SET_NAME IS NOT NULL',
      [database ?? null, tableName],
    );
    return rows.map(({ name, charset_name: charset, collation_name: collation }) => ({
      name,
      charset,
      collation,
      holdsEverything: WHOLE_UNICODE.has(charset),
      tellsApart: EXACT.test(collation),
    }));
  }

  /** Collations there compare byte by byte in the end, but for those that were made otherwise on purpose. */
  private async inPostgres({ tablePath, dataSource }: EntityMetadata): Promise<ColumnText[]> {
    const table = tablePath.split('.').map((part) => dataSource.driver.escape(part));
    const rows = await this.query<{ name: string; collation_name: string }>(
      'SELECT a.attname AS name, c.collname AS collation_name FROM pg_attribute a ' +
        'JOIN pg_collation c ON c.oid = a.attcollation ' +
        'WHERE a.attrelid = CAST($1 AS regclass) AND NOT c.collisdeterministic',
      [table.join('.')],
    );
    return rows.map(({ name, collation_name: collation }) => ({
      name,
      charset: null,
      collation,
      holdsEverything: true,
      tellsApart: false,
    }));
  }

  private async one(sql: string): Promise<string> {
    const [row] = await this.query<{ name: string }>(sql, []);
    return row?.name ?? '';
  }

  private query<T>(sql: string, parameters: unknown[]): Promise<T[]> {
    return this.database.look((manager) => manager.query<T[]>(sql, parameters));
  }
}
