import { Table, type QueryRunner, type TableColumn } from 'typeorm';
import { dialectOf } from '../dialect.js';
import { keepingReferences } from './keeping-references.js';
import { tableColumn, type PortableColumn } from './table-column.js';

/** What a user's primary key is: made by the module (`uuid`) or counted by the database (`integer`). */
export type UserIdType = 'uuid' | 'integer';

/** How {@link userTable} builds the table. */
export interface UserTableOptions {
  /** Name of the table, as in the entity's `@Entity()`. */
  name: string;
  /** The primary key: `uuid` for an entity that extends BaseUser, `integer` for `@PrimaryGeneratedColumn()`. @default 'uuid' */
  idType?: UserIdType;
  /** True adds the column `username`, for an entity with that property. @default false */
  username?: boolean;
  /** The application's own columns. @default none */
  columns?: PortableColumn[];
}

const COLUMNS: readonly PortableColumn[] = [
  { name: 'email', type: 'varchar', length: '254', isUnique: true, binary: true },
  { name: 'password_hash', type: 'varchar', length: '255', binary: true },
  { name: 'is_active', type: 'boolean', default: false },
  { name: 'email_verified_at', type: 'bigint', isNullable: true },
  { name: 'created_at', type: 'bigint' },
  { name: 'updated_at', type: 'bigint' },
];

/** A pending account has no username, so it may be null. */
const USERNAME: PortableColumn = {
  name: 'username',
  type: 'varchar',
  length: '64',
  isNullable: true,
  isUnique: true,
  binary: true,
};

/**
 * The table of an entity that extends BaseUser, for a migration of the application, on any supported database:
 *
 *     await queryRunner.createTable(userTable(queryRunner, { name: 'users', columns: [...] }));
 *
 * Constraints are named by the data source's naming strategy, as TypeORM names those of the entity.
 */
export function userTable(queryRunner: QueryRunner, options: UserTableOptions): Table {
  const { name, idType = 'uuid', username, columns = [] } = options;
  const all = [
    idColumn(queryRunner, idType),
    ...userTableColumns(queryRunner, { username }),
    ...columns.map((column) => tableColumn(queryRunner, column)),
  ];
  // The column's own isUnique would name the index as a constraint, and TypeORM report the difference.
  const uniques = dialectOf(queryRunner.dataSource).hasUniqueIndexesOnly ? all.filter((column) => column.isUnique) : [];
  const indices = uniques.map(({ name: column }) => ({ columnNames: [column], isUnique: true }));
  return new Table({ name, columns: all, indices });
}

/**
 * The columns of BaseUser but the primary key, for `queryRunner.addColumns()` on a user table that is still empty; with
 * `username: true` that one too.
 */
export function userTableColumns(
  queryRunner: QueryRunner,
  { username = false }: Pick<UserTableOptions, 'username'> = {},
): TableColumn[] {
  const columns = username ? [...COLUMNS, USERNAME] : COLUMNS;
  return columns.map((column) => tableColumn(queryRunner, column));
}

/**
 * Adds to a user table that already has rows the columns of BaseUser it lacks:
 *
 *     await addUserColumns(queryRunner, 'members', {
 *       email: 'lower(mail)', password_hash: "''", is_active: 'true', created_at: '0', updated_at: '0' });
 *
 * An empty password hash matches no password: such users reset theirs.
 *
 * @param table name of the existing table
 * @param values for each added column that may not be null, the SQL expression existing rows get, and for any other if
 * they get something; over columns that were there before, since all are filled by one statement; never put user input
 * @param options `username: true` adds that column too
 * @throws Error naming the columns that need a value and have none
 */
export async function addUserColumns(
  queryRunner: QueryRunner,
  table: string,
  values: Record<string, string>,
  options: Pick<UserTableOptions, 'username'> = {},
): Promise<void> {
  const existing = await queryRunner.getTable(table);
  const added = userTableColumns(queryRunner, options).filter((column) => !existing?.findColumnByName(column.name));
  const required = added.filter((column) => !column.isNullable && column.default === undefined);
  const unfilled = required.filter((column) => values[column.name] === undefined).map((column) => column.name);
  if (unfilled.length > 0)
    throw new Error(`addUserColumns: state what existing rows of ${table} get in ${unfilled.join(', ')}`);

  await keepingReferences(queryRunner, () => addAndFill(queryRunner, table, added, required, values));
}

/** Columns that may not be null are so from when they have their values. */
async function addAndFill(
  queryRunner: QueryRunner,
  table: string,
  added: TableColumn[],
  required: TableColumn[],
  values: Record<string, string>,
): Promise<void> {
  await queryRunner.addColumns(
    table,
    added.map((column) => (required.includes(column) ? nullable(column) : column)),
  );
  const { driver } = queryRunner.dataSource;
  const filled = added.filter(({ name }) => values[name] !== undefined);
  // One statement for all of them: each would write every row of the table anew.
  const changes = filled.map(({ name }) => `${driver.escape(name)} = ${values[name]}`);
  if (changes.length > 0) await queryRunner.query(`UPDATE ${driver.escape(table)} SET ${changes.join(', ')}`);
  await queryRunner.changeColumns(
    table,
    required.map((column) => ({ oldColumn: nullable(column), newColumn: column })),
  );
}

function nullable(column: TableColumn): TableColumn {
  const copy = column.clone();
  copy.isNullable = true;
  return copy;
}

function idColumn(queryRunner: QueryRunner, idType: UserIdType): TableColumn {
  return tableColumn(
    queryRunner,
    idType === 'uuid'
      ? { name: 'id', type: 'uuid', isPrimary: true }
      : { name: 'id', type: 'int', isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
  );
}
