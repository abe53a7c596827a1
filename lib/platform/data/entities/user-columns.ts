import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import {
  ACCOUNT_PROPERTIES,
  type AccountProperty,
  NAMED_PROPERTIES,
  type NamedProperty,
  type PropertyNames,
} from './account-properties.js';
import type { Account } from './base-user.entity.js';

type Column = EntityMetadata['columns'][number];

const ACCOUNT_PATH = new RegExp(`\\b(user|holder)\\.(${NAMED_PROPERTIES.join('|')})\\b`, 'g');

/**
 * The one place that knows how the application's user entity calls what the module needs (`userColumns`). Statements and
 * flows speak of Account; here its names become the entity's, and rows of the entity become accounts.
 */
export class UserColumns {
  private readonly isMapped: boolean;
  private readonly origins = new WeakMap<object, ObjectLiteral>();
  private columns?: ReadonlyMap<string, Column>;
  private uniques?: ReadonlySet<string>;

  /** @param metadata asked for when first needed: an entity that is not registered is for the start-up check to report */
  constructor(
    private readonly metadata: () => EntityMetadata,
    private readonly names: PropertyNames = {},
  ) {
    this.isMapped = NAMED_PROPERTIES.some((property) => this.nameOf(property) !== property);
  }

  /** The entity's name for a property of Account. */
  nameOf(property: NamedProperty): string {
    return this.names[property] ?? property;
  }

  /** The column of a property; undefined where the entity has none. */
  columnOf(property: AccountProperty): Column | undefined {
    return this.metadata().findColumnWithPropertyName(this.nameOf(property));
  }

  /** The entity's property for usernames; undefined where accounts have none, or what is called so serves the module. */
  get username(): string | undefined {
    const name = this.nameOf('username');
    return this.own.has(name) ? name : undefined;
  }

  /** The class of the entity, for messages. */
  get entityName(): string {
    return this.metadata().name;
  }

  /** True for a property of the entity that the module sets, under its own name or that of Account. */
  owns(property: string): boolean {
    return ACCOUNT_PROPERTIES.some((owned) => owned === property || this.nameOf(owned) === property);
  }

  /** The application's own columns, by property: whatever the module does not set itself. */
  get own(): ReadonlyMap<string, Column> {
    this.columns ??= new Map(
      this.metadata()
        .columns.filter(({ propertyPath }) => !ACCOUNT_PROPERTIES.some((owned) => this.nameOf(owned) === propertyPath))
        .map((column) => [column.propertyName, column]),
    );
    return this.columns;
  }

  /** Of {@link own}, the properties whose values a unique index of the entity keeps apart, alone or with other columns. */
  get unique(): ReadonlySet<string> {
    this.uniques ??= new Set(
      [...this.metadata().uniques, ...this.metadata().indices.filter(({ isUnique }) => isUnique)]
        .flatMap(({ columns }) => columns.map(({ propertyName }) => propertyName))
        .filter((property) => this.own.has(property)),
    );
    return this.uniques;
  }

  /** A piece of a query that speaks of `user.isActive` and the like, in the entity's names. Aliases: `user`, `holder`. */
  translate(query: string): string {
    return this.isMapped
      ? query.replace(ACCOUNT_PATH, (_, alias: string, property: NamedProperty) => `${alias}.${this.nameOf(property)}`)
      : query;
  }

  /** Properties of Account under the entity's names, for `set()`, `values()` and `where()`. Times it has no column for are left out. */
  toEntity(properties: Partial<Account>): ObjectLiteral {
    const known = ACCOUNT_PROPERTIES.filter(
      (property) => properties[property] !== undefined && this.columnOf(property),
    );
    return Object.fromEntries(known.map((property) => [this.nameOf(property), properties[property]]));
  }

  /** A row of the entity as the flows see it; the entity itself where the names are the same. */
  toAccount(entity: ObjectLiteral): Account {
    if (!this.isMapped) return entity as Account;
    const account: Record<string, unknown> = {};
    for (const property of this.own.keys()) account[property] = entity[property];
    for (const property of ACCOUNT_PROPERTIES) account[property] = entity[this.nameOf(property)];
    if (this.username !== undefined) account['username'] = entity[this.username];
    account['isActive'] = Boolean(account['isActive']);
    this.origins.set(account, entity);
    return account as unknown as Account;
  }

  /** A copy of the entity an account was made of, without the password hash. */
  entityOf(account: Account): object {
    const entity = this.origins.get(account) ?? (account as ObjectLiteral);
    const { [this.nameOf('passwordHash')]: _, ...rest } = entity;
    return Object.assign(Object.create(Object.getPrototypeOf(entity) as object) as object, rest);
  }
}
