import { Table, type QueryRunner } from 'typeorm';
import { tableColumn, type PortableColumn } from './table-column.js';

/** How {@link authLimitTable} builds the table. */
export interface AuthLimitTableOptions {
  /** Name of the table, as in the entity's `@Entity()`. */
  name: string;
}

const COLUMNS: readonly PortableColumn[] = [
  { name: 'id', type: 'varchar', length: '64', isPrimary: true, binary: true },
  { name: 'state', type: 'bigint' },
  { name: 'expires_at', type: 'bigint' },
];

/**
 * The table of an entity that extends BaseAuthLimit, for a migration of the application, on any supported database:
 *
 *     await queryRunner.createTable(authLimitTable(queryRunner, { name: 'auth_limits' }));
 */
export function authLimitTable(queryRunner: QueryRunner, { name }: AuthLimitTableOptions): Table {
  return new Table({
    name,
    columns: COLUMNS.map((column) => tableColumn(queryRunner, column)),
    indices: [{ columnNames: ['expires_at'] }],
  });
}
