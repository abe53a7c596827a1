import { TableColumn, type ColumnType, type Driver, type QueryRunner, type TableColumnOptions } from 'typeorm';
import { dialectOf } from '../dialect.js';

/** A column in the words of an entity's `@Column()`, which mean the same on every database. */
export interface PortableColumn extends Omit<TableColumnOptions, 'type' | 'default'> {
  /** Type as an entity states it, e.g. `varchar`, `boolean`, `simple-json`; becomes the database's own. */
  type: ColumnType;
  /** Default as an entity states it: a value, not SQL. */
  default?: string | number | boolean;
  /**
   * True compares text byte for byte on MariaDB and MySQL, whose usual collations take `é` for `e` and `A` for `a`;
   * PostgreSQL and SQLite do so by themselves. Set it on every text column that identifies something.
   *
   * @default false
   */
  binary?: boolean;
}

type DefaultedColumn = Parameters<Driver['normalizeDefault']>[0];

/** Translates a column into the types, defaults and collations of the query runner's database. */
export function tableColumn(queryRunner: QueryRunner, { binary, ...column }: PortableColumn): TableColumn {
  const { dataSource } = queryRunner;
  const { driver } = dataSource;
  return new TableColumn({
    ...column,
    type: driver.normalizeType(column),
    // The drivers read no more of the metadata than the column's type and default.
    default: driver.normalizeDefault({ type: column.type, default: column.default } as DefaultedColumn),
    ...(binary ? dialectOf(dataSource).binaryText : {}),
  });
}
