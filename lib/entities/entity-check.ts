import type { Type } from '@nestjs/common';
import { getMetadataArgsStorage, type DataSource, type EntityMetadata } from 'typeorm';
import type { StartUpProblem } from '../config/start-up-error.js';
import { ACCOUNT_PROPERTIES, type AccountProperty, type PropertyNames } from './account-properties.js';
import { TOKEN_COLUMNS, USER_COLUMNS, type ColumnRule } from './entity-rules.js';

type Column = EntityMetadata['columns'][number];

/** Enough for the PHC strings of every algorithm that the module writes or imports. */
const LEAST_HASH_LENGTH = 128;

const NUMERIC = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'integer', 'bigint']);

const DATES = new Set([
  'datetime',

  'timestamp',
  'timestamptz',
  'timestamp with time zone',
  'timestamp without time zone',
]);

const RELATION =
  "@ManyToOne(() => User, { onDelete: 'CASCADE', nullable: false }) @JoinColumn({ name: 'user_id' }) user!: User";

/**
 * Compares the application's entities with what the module relies on, by TypeORM's metadata; asks no database.
 * It reports every problem it finds, each with the property at fault and the declaration that repairs it, so that an
 * entity that does not extend BaseUser or BaseUserToken fails at start and not at the first signup.
 *
 * @param tokenEntity absent at level basic
 * @returns no problems for entities that will do
 */
export function checkEntities(
  dataSource: DataSource,
  userEntity: Type<object>,
  tokenEntity?: Type<object>,
  names: PropertyNames = {},
): StartUpProblem[] {
  const entities = tokenEntity ? [userEntity, tokenEntity] : [userEntity];
  const unknown = entities.filter((entity) => !dataSource.hasMetadata(entity));
  if (unknown.length > 0) return unknown.map(notRegistered);

  const user = dataSource.getMetadata(userEntity);
  const keyName = names.id ?? 'id';
  return [
    ...checkRedeclared(user, 'Extend BaseUserWithoutKey instead of BaseUser.'),
    ...checkNames(names),
    ...checkUserKey(user, keyName),
    ...checkUserColumns(user, names),
    ...(tokenEntity ? checkTokenEntity(dataSource.getMetadata(tokenEntity), user, keyName) : []),
  ];
}

function checkTokenEntity(token: EntityMetadata, user: EntityMetadata, keyName: string): StartUpProblem[] {
  return [
    ...checkRedeclared(token),
    ...checkTokenKey(token),
    ...checkRelation(token, user, keyName),
    ...checkColumns(token, TOKEN_COLUMNS, 'BaseUserToken'),
  ];
}

function notRegistered({ name }: Type<object>): StartUpProblem {
  return {
    path: name,
    message: 'is not an entity of the data source',
    fix: `Decorate it with @Entity() and add ${name} to \`entities\` of TypeOrmModule.forRoot().`,
  };
}

/** TypeORM keeps a parent's column and drops, without a word, what a subclass declares for the same property. */
function checkRedeclared(entity: EntityMetadata, fixForKey?: string): StartUpProblem[] {
  const declared = getMetadataArgsStorage().columns.filter(({ target }) => target === entity.target);
  const ignored = declared.filter(({ propertyName }) => {
    const column = entity.findColumnWithPropertyName(propertyName);
    return column && column.target !== entity.target;
  });
  return ignored.map(({ propertyName }) => ({
    path: `${entity.name}.${propertyName}`,
    message: 'is declared again, which TypeORM ignores: the column of the parent class stays as it is',
    fix:
      propertyName === 'id' && fixForKey
        ? fixForKey
        : `Remove the decorators of \`${propertyName}\` in ${entity.name}.`,
  }));
}

function checkUserKey(user: EntityMetadata, keyName: string): StartUpProblem[] {
  const path = `${user.name}.${keyName}`;
  if (!hasSingleKey(user, keyName)) {
    const fix = 'Extend BaseUser, or BaseUserWithoutKey and declare one key, `id`; or name the key in userColumns.id.';
    return [keyProblem(path, fix)];
  }
  const key = user.primaryColumns[0]!;
  if (key.isGenerated || !NUMERIC.has(normalType(key))) return [];
  return [
    {
      path,
      message: 'is a number that the database does not count, and the module makes keys that are UUIDs',
      fix: 'Declare it with @PrimaryGeneratedColumn().',
    },
  ];
}

/** Two properties in one column would overwrite each other. */
function checkNames(names: PropertyNames): StartUpProblem[] {
  const given = Object.entries(names);
  return given.flatMap(([property, name], index) => {
    const path = `userColumns.${property}`;
    if (!(ACCOUNT_PROPERTIES as readonly string[]).includes(property)) {
      const fix = `Use one of ${ACCOUNT_PROPERTIES.join(', ')}.`;
      return [{ path, message: 'is no property of an account, so it would be passed over', fix }];
    }
    const [other] = given.find(([, another], before) => before < index && another === name) ?? [];
    const fix = 'Give each a column of its own.';
    return other
      ? [{ path, message: `names the same property as ${other}, and each would overwrite the other`, fix }]
      : [];
  });
}

/** A mapped column is named by the entity's property, and its fix by that name. */
function checkUserColumns(user: EntityMetadata, names: PropertyNames): StartUpProblem[] {
  const rules = Object.entries(USER_COLUMNS).flatMap(([property, rule]: [string, ColumnRule]) => {
    const name = names[property as AccountProperty];
    if (!name && rule.optional && !user.findColumnWithPropertyName(property)) return [];
    const declaration = rule.declaration.replace(`${property}!`, `${name ?? property}!`);
    return [[name ?? property, { ...rule, declaration }] as const];
  });
  return checkColumns(user, Object.fromEntries(rules), 'BaseUser');
}

function checkTokenKey(token: EntityMetadata): StartUpProblem[] {
  const path = `${token.name}.id`;
  const fix = "Extend BaseUserToken, or declare `@PrimaryColumn('uuid') id!: string`.";
  if (!hasSingleKey(token, 'id')) return [keyProblem(path, fix)];
  if (!token.primaryColumns[0]!.isGenerated) return [];
  return [
    { path, message: 'is generated by the database, but links are derived from the id before it is stored', fix },
  ];
}

function hasSingleKey({ primaryColumns }: EntityMetadata, name: string): boolean {
  return primaryColumns.length === 1 && primaryColumns[0]!.propertyName === name;
}

function keyProblem(path: string, fix: string): StartUpProblem {
  return { path, message: 'is not the primary key, or not alone, but rows are looked up by it', fix };
}

function checkRelation(token: EntityMetadata, user: EntityMetadata, keyName: string): StartUpProblem[] {
  const relation = token.relations.find(({ propertyName }) => propertyName === 'user');
  const problem = (message: string): StartUpProblem => ({
    path: `${token.name}.user`,
    message,
    fix: `Declare \`${RELATION.replaceAll('User', user.name)}\`.`,
  });
  if (!relation?.isManyToOne) return [problem('is not a many-to-one relation, so no row has an owner')];
  if (relation.inverseEntityMetadata !== user) {
    return [problem(`points to ${relation.inverseEntityMetadata.name}, not to the user entity ${user.name}`)];
  }
  const checks: [fails: boolean, message: string][] = [
    [!referencesKey(relation.joinColumns, keyName), `does not refer to the primary key of ${user.name}`],
    [
      relation.onDelete !== 'CASCADE',
      'lacks onDelete CASCADE, so sessions and links would keep an account from being deleted',
    ],
    [relation.isNullable, 'may be null, but a session or link without an owner means nothing'],
  ];
  const problems = checks.filter(([fails]) => fails).map(([, message]) => problem(message));
  if (!relation.joinColumns.some((column) => isIndexed(token, column))) {
    problems.push({
      path: `${token.name}.user`,
      message: 'has no index, so ending the sessions of one user would read every row',
      fix: "Extend BaseUserToken, or add `@Index(['user'])` to the class.",
    });
  }
  return problems;
}

function referencesKey(joinColumns: readonly Column[], keyName: string): boolean {
  return joinColumns.length === 1 && joinColumns[0]!.referencedColumn?.propertyName === keyName;
}

function checkColumns(
  entity: EntityMetadata,
  rules: Readonly<Record<string, ColumnRule>>,
  base: string,
): StartUpProblem[] {
  return Object.entries(rules).flatMap(([property, rule]) => {
    const column = entity.findColumnWithPropertyName(property);
    const fix = `Extend ${base}, or declare \`${rule.declaration}\`.`;
    const path = `${entity.name}.${property}`;
    if (!column) return [{ path, message: 'is missing', fix }];
    return faultsOf(entity, column, rule).map((message) => ({ path, message, fix }));
  });
}

function faultsOf(entity: EntityMetadata, column: Column, rule: ColumnRule): string[] {
  const checks: [fails: boolean | undefined, message: string][] = [
    [rule.nullable && !column.isNullable, 'does not allow null, which the module stores'],
    [
      rule.instant && !storesEpochMs(column),
      'is not stored as epoch milliseconds, which the module compares instants by',
    ],
    [rule.moment && !keepsDates(column), 'is not a Date, which the module stores and reads'],
    [rule.truth && !isTruth(column), 'is not a boolean, which statements compare it with'],
    [rule.holdsHash && isTooShort(column), 'is too short for a password hash, which would be cut off or refused'],
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

/** Without a transformer, which a condition in SQL would go past. PostgreSQL compares a boolean with no number. */
function isTruth(column: Column): boolean {
  const type = normalType(column);
  // TypeORM reads a bigint as text, and '0' would count as true.
  const isNumber =
    NUMERIC.has(type) && type !== 'bigint' && column.entityMetadata.dataSource.options.type !== 'postgres';
  return column.transformer === undefined && (type === 'boolean' || type === 'bool' || isNumber);
}

function isTooShort({ length }: Column): boolean {
  return length !== '' && Number(length) < LEAST_HASH_LENGTH;
}

function normalType(column: Column): string {
  return column.entityMetadata.dataSource.driver.normalizeType(column);
}

function isUnique(entity: EntityMetadata, column: Column): boolean {
  const indexes = entity.indices.filter((index) => index.isUnique && !index.where);
  return [...entity.uniques, ...indexes].some(({ columns }) => columns.length === 1 && columns[0] === column);
}

function isIndexed(entity: EntityMetadata, column: Column): boolean {
  return entity.indices.some(({ columns, where }) => columns[0] === column && !where) || isUnique(entity, column);
}
