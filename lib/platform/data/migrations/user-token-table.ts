import { Table, type QueryRunner } from 'typeorm';
import { dialectOf } from '../dialect.js';
import { keepingReferences } from './keeping-references.js';
import { tableColumn, type PortableColumn } from './table-column.js';
import type { UserIdType } from './user-table.js';

/** How {@link userTokenTable} builds the table. */
export interface UserTokenTableOptions {
  /** Name of the table, as in the entity's `@Entity()`. */
  name: string;
  /** Name of the user table the rows belong to. */
  userTable: string;
  /** Type of the user table's primary key. @default 'uuid' */
  userIdType?: UserIdType;
  /** Name of the user table's primary key. @default 'id' */
  userIdColumn?: string;
  /** Name of the column that refers to it, as in the relation's `@JoinColumn()`. @default 'user_id' */
  userColumn?: string;
  /** The application's own columns. @default none */
  columns?: PortableColumn[];
}

const COLUMNS: readonly PortableColumn[] = [
  { name: 'purpose', type: 'varchar', length: '32', binary: true },
  { name: 'token_hash', type: 'varchar', length: '64', isNullable: true, binary: true },
  { name: 'nonce', type: 'varchar', length: '32', isNullable: true, binary: true },
  { name: 'generation', type: 'int', default: 0 },
  { name: 'attempts', type: 'int', default: 0 },
  { name: 'payload', type: 'simple-json', isNullable: true, binary: true },
  { name: 'created_at', type: 'bigint' },
  { name: 'expires_at', type: 'bigint' },
  { name: 'used_at', type: 'bigint', isNullable: true },
  { name: 'revoked_at', type: 'bigint', isNullable: true },
  { name: 'last_used_at', type: 'bigint', isNullable: true },
  { name: 'ip', type: 'varchar', length: '45', isNullable: true, binary: true },
  { name: 'user_agent', type: 'varchar', length: '255', isNullable: true, binary: true },
  { name: 'mail_due_at', type: 'bigint', isNullable: true },
  { name: 'mail_attempts', type: 'int', default: 0 },
  { name: 'mail_error', type: 'varchar', length: '500', isNullable: true, binary: true },
];

/**
 * The table of an entity that extends BaseUserToken, for a migration of the application, on any supported database:
 *
 *     await queryRunner.createTable(userTokenTable(queryRunner, { name: 'user_tokens', userTable: 'users' }));
 *
 * Deleting a user deletes the rows that belong to it. Drop this table before the user table.
 */
export function userTokenTable(queryRunner: QueryRunner, options: UserTokenTableOptions): Table {
  const { name, userTable, userIdType = 'uuid', userIdColumn = 'id', userColumn = 'user_id', columns = [] } = options;
  const all: PortableColumn[] = [
    { name: 'id', type: 'uuid', isPrimary: true },
    userIdReference(queryRunner, userColumn, userIdType),
    ...COLUMNS,
    ...columns,
  ];
  return new Table({
    name,
    columns: all.map((column) => tableColumn(queryRunner, column)),
    // No more than these: every index is written on every insert, and cleanup walks the primary key.
    indices: [
      { columnNames: [userColumn] },
      { columnNames: ['token_hash'], isUnique: true },
      { columnNames: ['mail_due_at'] },
    ],
    foreignKeys: [
      {
        columnNames: [userColumn],
        referencedTableName: userTable,
        referencedColumnNames: [userIdColumn],
        onDelete: 'CASCADE',
        // What TypeORM states for an entity; MariaDB would take RESTRICT, and report the difference.
        onUpdate: 'NO ACTION',
      },
    ],
  });
}

/**
 * Adds to a token table of an earlier version the columns of BaseUserToken it lacks, and changes nothing else: rows stay,
 * with the defaults in what is new. Where nothing is missing it does nothing, so it may run again.
 *
 *     await addUserTokenColumns(queryRunner, 'user_tokens');
 *
 * @throws Error where there is no such table, or it is not one of an entity that extends BaseUserToken
 */
export async function addUserTokenColumns(queryRunner: QueryRunner, table: string): Promise<void> {
  const existing = await queryRunner.getTable(table);
  if (!existing) throw new Error(`addUserTokenColumns: there is no table ${table}; make it with userTokenTable().`);
  const missing = COLUMNS.filter(({ name }) => !existing.findColumnByName(name));
  const essential = missing.filter(({ isNullable, default: byDefault }) => !isNullable && byDefault === undefined);
  if (essential.length > 0) {
    const names = essential.map(({ name }) => name).join(', ');
    throw new Error(`addUserTokenColumns: ${table} has no ${names}, so it is not a table of sessions and links.`);
  }
  if (missing.length === 0) return;
  const columns = missing.map((column) => tableColumn(queryRunner, column));
  await keepingReferences(queryRunner, () => queryRunner.addColumns(table, columns));
}

function userIdReference(queryRunner: QueryRunner, name: string, userIdType: UserIdType): PortableColumn {
  if (userIdType === 'integer') return { name, type: 'int' };
  const { dataSource } = queryRunner;
  // Where there is no uuid type, TypeORM gives a reference to one the characters of its text form.
  const isText = dataSource.driver.normalizeType({ type: 'uuid' }) === 'varchar';
  return { name, type: 'uuid', length: isText ? dialectOf(dataSource).uuidTextLength : undefined };
}
