import type { Type } from '@nestjs/common';
import { getMetadataArgsStorage, type DataSource, type EntityMetadata } from 'typeorm';
import type { StartUpProblem } from '../../platform/config/start-up-error.js';
import {
  ACCOUNT_PROPERTIES,
  type AccountProperty,
  NAMED_PROPERTIES,
  type PropertyNames,
} from '../../platform/data/entities/account-properties.js';
import { faultsOf, isIndexed, NUMERIC, normalType } from './column-faults.js';
import {
  EVENT_COLUMNS,
  LIMIT_COLUMNS,
  TOKEN_COLUMNS,
  USER_COLUMNS,
  USERNAME_COLUMN,
  type ColumnRule,
} from './entity-rules.js';

type Column = EntityMetadata['columns'][number];

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
    ...checkUsername(user, names),
    ...(tokenEntity ? checkTokenEntity(dataSource.getMetadata(tokenEntity), user, keyName) : []),
  ];
}

/** The same for the entity of the audit trail. */
export function checkEventEntity(dataSource: DataSource, eventEntity: Type<object>): StartUpProblem[] {
  if (!dataSource.hasMetadata(eventEntity)) return [notRegistered(eventEntity)];
  const event = dataSource.getMetadata(eventEntity);
  const fix = "Extend BaseAuthEvent, or declare `@PrimaryColumn('uuid') id!: string`.";
  return [
    ...checkRedeclared(event),
    ...(hasSingleKey(event, 'id') ? [] : [keyProblem(`${event.name}.id`, fix)]),
    ...checkColumns(event, EVENT_COLUMNS, 'BaseAuthEvent'),
  ];
}

/** The same for the entity that counts tries. */
export function checkLimitEntity(dataSource: DataSource, limitEntity: Type<object>): StartUpProblem[] {
  if (!dataSource.hasMetadata(limitEntity)) return [notRegistered(limitEntity)];
  const limit = dataSource.getMetadata(limitEntity);
  const fix = "Extend BaseAuthLimit, or declare `@PrimaryColumn({ type: 'varchar', length: 64 }) id!: string`.";
  return [
    ...checkRedeclared(limit),
    ...(hasSingleKey(limit, 'id') ? [] : [keyProblem(`${limit.name}.id`, fix)]),
    ...checkColumns(limit, LIMIT_COLUMNS, 'BaseAuthLimit'),
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
    if (!(NAMED_PROPERTIES as readonly string[]).includes(property)) {
      const fix = `Use one of ${NAMED_PROPERTIES.join(', ')}.`;
      return [{ path, message: 'is no property of an account, so it would be passed over', fix }];
    }
    const [before] = given.find(([, another], at) => at < index && another === name) ?? [];
    const other = before ?? ACCOUNT_PROPERTIES.find((kept) => names[kept] === undefined && kept === name);
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

/** An entity may do without; with the property, people log in by it. */
function checkUsername(user: EntityMetadata, { username: mapped, ...others }: PropertyNames): StartUpProblem[] {
  const name = mapped ?? 'username';
  const path = `${user.name}.${name}`;
  const declaration = USERNAME_COLUMN.declaration.replace('username?', `${name}?`);
  const column = user.findColumnWithPropertyName(name);
  if (mapped && !column) return [{ path, message: 'is missing', fix: `Declare \`${declaration}\`.` }];
  // What is called so may be the address.
  if (!column || Object.values(others).includes(name)) return [];
  const fix = `Declare \`${declaration}\`, or call the property otherwise if nobody logs in by it.`;
  return faultsOf(user, column, USERNAME_COLUMN).map((message) => ({ path, message, fix }));
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
