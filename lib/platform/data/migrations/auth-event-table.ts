import { Table, type QueryRunner } from 'typeorm';
import { tableColumn, type PortableColumn } from './table-column.js';

/** How {@link authEventTable} builds the table. */
export interface AuthEventTableOptions {
  /** Name of the table, as in the entity's `@Entity()`. */
  name: string;
  /** The application's own columns. @default none */
  columns?: PortableColumn[];
}

const COLUMNS: readonly PortableColumn[] = [
  { name: 'id', type: 'uuid', isPrimary: true },
  { name: 'occurred_at', type: 'bigint' },
  { name: 'event', type: 'varchar', length: '64', binary: true },
  { name: 'level', type: 'varchar', length: '8', binary: true },
  { name: 'user_id', type: 'varchar', length: '64', isNullable: true, binary: true },
  { name: 'session_id', type: 'varchar', length: '36', isNullable: true, binary: true },
  { name: 'ip', type: 'varchar', length: '45', isNullable: true, binary: true },
  { name: 'user_agent', type: 'varchar', length: '255', isNullable: true, binary: true },
  { name: 'detail', type: 'simple-json', binary: true },
];

/**
 * The table of an entity that extends BaseAuthEvent, for a migration of the application, on any supported database:
 *
 *     await queryRunner.createTable(authEventTable(queryRunner, { name: 'auth_events' }));
 */
export function authEventTable(queryRunner: QueryRunner, { name, columns = [] }: AuthEventTableOptions): Table {
  return new Table({
    name,
    columns: [...COLUMNS, ...columns].map((column) => tableColumn(queryRunner, column)),
    indices: [{ columnNames: ['user_id'] }],
  });
}
