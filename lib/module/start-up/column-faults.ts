import type { EntityMetadata } from 'typeorm';
import { dialectOf } from '../../platform/data/dialect.js';
import type { ColumnRule } from './entity-rules.js';

type Column = EntityMetadata['columns'][number];

/** Enough for the PHC strings of every algorithm that the module writes or imports. */
const LEAST_HASH_LENGTH = 128;

/** Types of a number without a fraction. */
export const NUMERIC = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'integer', 'bigint']);

const DATES = new Set([
  'datetime',

  'timestamp',
  'timestamptz',
  'timestamp with time zone',
  'timestamp without time zone',
]);

/** What keeps a column from being what the module relies on, in words that follow its name. */
export function faultsOf(entity: EntityMetadata, column: Column, rule: ColumnRule): string[] {
  const checks: [fails: boolean | undefined, message: string][] = [
    [rule.nullable && !column.isNullable, 'does not allow null, which the module stores'],
    [
      rule.instant && !storesEpochMs(column),
      'is not stored as epoch milliseconds, which the module compares instants by',
    ],
    [rule.moment && !keepsDates(column), 'is not a Date, which the module stores and reads'],
    [rule.truth && !isTruth(column), 'is not a boolean, which statements compare it with'],
    [rule.text !== undefined && !isText(column), 'is not text'],
    [rule.text !== undefined && isShorter(column, rule.text), `holds less than ${rule.text} characters`],
    [
      rule.holdsHash && isShorter(column, LEAST_HASH_LENGTH),
      'is too short for a password hash, which would be cut off or refused',
    ],
    [rule.unique && !isUnique(entity, column), 'is not unique, so two rows could be taken for one another'],
    [rule.indexed && !isIndexed(entity, column), 'has no index, so every look-up would read the whole table'],
    // A hash that every find() selects ends in logs and answers.
    [rule.hidden && column.isSelect, 'is selected by default, so any query of the application would carry the hash'],
  ];
  return checks.filter(([fails]) => fails).map(([, message]) => message);
}

function storesEpochMs(column: Column): boolean {
  return (column.type === 'bigint' || column.type === 'int8') && column.transformer !== undefined;
}

/** A column type whose property is a Date, or any with a transformer of the application's. */
function keepsDates(column: Column): boolean {
  return DATES.has(normalType(column)) || column.transformer !== undefined;
}

/** Without a transformer, which a condition in SQL would go past. */
function isTruth(column: Column): boolean {
  const type = normalType(column);
  // TypeORM reads a bigint as text, and '0' would count as true.
  const isNumber =
    NUMERIC.has(type) && type !== 'bigint' && dialectOf(column.entityMetadata.dataSource).comparesBooleansWithNumbers;
  return column.transformer === undefined && (type === 'boolean' || type === 'bool' || isNumber);
}

function isText(column: Column): boolean {
  return /char|text/.test(normalType(column));
}

function isShorter({ length }: Column, least: number): boolean {
  return length !== '' && Number(length) < least;
}

/** The type of a column in the words of its database. */
export function normalType(column: Column): string {
  return column.entityMetadata.dataSource.driver.normalizeType(column);
}

function isUnique(entity: EntityMetadata, column: Column): boolean {
  const indexes = entity.indices.filter((index) => index.isUnique && !index.where);
  return [...entity.uniques, ...indexes].some(({ columns }) => columns.length === 1 && columns[0] === column);
}

/** True where a look-up by the column alone reads no more than its rows. */
export function isIndexed(entity: EntityMetadata, column: Column): boolean {
  return entity.indices.some(({ columns, where }) => columns[0] === column && !where) || isUnique(entity, column);
}
