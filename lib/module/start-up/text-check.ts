import { Inject, Injectable, Optional, type Type } from '@nestjs/common';
import type { EntityMetadata } from 'typeorm';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { hasLevel } from '../../platform/config/levels.js';
import { UserColumns } from '../../platform/data/entities/user-columns.js';
import { type ColumnText, TextStorage } from '../../platform/data/schema/text-storage.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from '../../platform/data/store/account-entities.js';
import { Database } from '../../platform/data/store/database.js';
import { LIMIT_ENTITY } from '../../platform/data/store/limit-table.js';
import { validatedProperties } from '../../platform/http/dto-properties.js';
import { OWN_BODIES, type OwnBodies } from '../../platform/http/own-bodies.js';

const PAGE = 'docs/entities-and-migrations.md';

/** Columns of one entity, by property, and what they are for. */
interface Examined {
  readonly entity: EntityMetadata;
  /** What rows are found by, and told apart. */
  readonly identifying: readonly string[];
  /** What people type: names, and whatever else the application asks them for. */
  readonly typed: readonly string[];
}

/** Finds where the database could not hold what people type, or would take two of them for one. */
@Injectable()
export class TextCheck {
  constructor(
    private readonly storage: TextStorage,
    private readonly database: Database,
    private readonly users: UserColumns,
    @Inject(ACCOUNT_ENTITIES) private readonly entities: AccountEntities,
    @Optional() @Inject(LIMIT_ENTITY) private readonly limitEntity: Type | null,
    @Inject(OWN_BODIES) private readonly bodies: OwnBodies,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * One sentence or two for each, for the log: what, why it matters, and what to do without losing a row. No reason not to
   * start: applications have lived with them, as addresses are ASCII here.
   */
  async warnings(): Promise<string[]> {
    const poor = await this.storage.poorEncoding();
    const warnings = poor ? [poor.of === 'database' ? poorDatabase(poor.name) : poorConnection(poor.name)] : [];
    for (const examined of this.examined()) {
      const columns = await this.storage.columnsOf(examined.entity);
      warnings.push(
        ...group(examined, examined.typed, columns, (text) => (text.holdsEverything ? null : text.charset), cannotHold),
        ...group(examined, examined.identifying, columns, (text) => (text.tellsApart ? null : text.collation), mixesUp),
      );
    }
    return warnings;
  }

  private examined(): Examined[] {
    const { dataSource } = this.database;
    const { signup, profile } = this.bodies;
    const asked = new Set([...validatedProperties(signup), ...validatedProperties(profile)]);
    const { username } = this.users;
    const examined: Examined[] = [
      {
        entity: dataSource.getMetadata(this.entities.user),
        identifying: [this.users.nameOf('email'), ...(username === undefined ? [] : [username])],
        // Usernames are ASCII.
        typed: [...this.users.own.keys()].filter((property) => asked.has(property) && property !== username),
      },
    ];
    if (hasLevel(this.config.level, 'complete')) {
      const entity = dataSource.getMetadata(this.entities.token);
      // The payload of an activation link holds the fields of its signup.
      examined.push({ entity, identifying: ['tokenHash'], typed: ['payload'] });
    }
    if (this.limitEntity) {
      examined.push({ entity: dataSource.getMetadata(this.limitEntity), identifying: ['id'], typed: [] });
    }
    return examined;
  }
}

/** One warning for the columns that share a fault. */
function group(
  { entity }: Examined,
  properties: readonly string[],
  columns: ReadonlyMap<string, ColumnText>,
  faultOf: (text: ColumnText) => string | null,
  warning: (columns: string, fault: string) => string,
): string[] {
  const byFault = new Map<string, string[]>();
  for (const property of properties) {
    const text = columns.get(entity.findColumnWithPropertyName(property)?.databaseName ?? '');
    const fault = text && faultOf(text);
    if (fault) byFault.set(fault, [...(byFault.get(fault) ?? []), `${entity.name}.${property}`]);
  }
  return [...byFault].map(([fault, names]) => warning(names.join(', '), fault));
}

function cannotHold(columns: string, charset: string): string {
  return (
    `${columns}: the character set ${charset} cannot hold every letter that people have in their names, so that such a ` +
    `request would fail, or lose letters. Change it to utf8mb4 in a migration, which keeps the rows (${PAGE}).`
  );
}

function mixesUp(columns: string, collation: string): string {
  return (
    `${columns}: the collation ${collation} takes different texts for the same, so that two accounts or links could be ` +
    `taken for one. Change it to one that compares byte by byte in a migration, which keeps the rows (${PAGE}).`
  );
}

function poorDatabase(encoding: string): string {
  return (
    `The database keeps text as ${encoding}, which cannot hold, or does not check, every letter that people have in their ` +
    `names, so that such a request would fail. Make another one with ENCODING 'UTF8', restore a dump of this one into it, ` +
    `compare them, and connect to that (${PAGE}).`
  );
}

function poorConnection(charset: string): string {
  return (
    `The connection to the database speaks ${charset}, which cannot hold every letter that people have in their names, so ` +
    `that they would arrive as question marks. Set \`charset: 'utf8mb4'\` in the options of the data source.`
  );
}
