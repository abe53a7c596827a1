import { Inject, Injectable, Optional, type Type } from '@nestjs/common';
import { type EntityManager, type EntityMetadata, QueryFailedError } from 'typeorm';
import { within } from '../../common/within.js';
import { AUTH_CONFIG, type AuthConfig } from '../../config/auth-config.js';
import { hasLevel } from '../../config/levels.js';
import { dialectOf } from '../dialect.js';
import { ACCOUNT_PROPERTIES } from '../entities/account-properties.js';
import { UserColumns } from '../entities/user-columns.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from '../store/account-entities.js';
import { Database } from '../store/database.js';
import { databaseCode, isUnavailable } from '../store/database-errors.js';
import { EVENT_ENTITY } from '../store/events.store.js';
import { LIMIT_ENTITY } from '../store/limit-table.js';

type Column = EntityMetadata['columns'][number];

/** What the module does to the rows of a table. */
export type TableRight = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';

/** Why statements of the module would fail on the table of an entity. */
export type TableFault =
  | { readonly kind: 'no table'; readonly entity: EntityMetadata }
  | { readonly kind: 'no column'; readonly entity: EntityMetadata; readonly column: Column }
  | { readonly kind: 'no right'; readonly entity: EntityMetadata; readonly right: TableRight }
  | { readonly kind: 'read-only'; readonly entity: EntityMetadata };

/** An entity of the application's, and what the module does with it. */
interface ProbedEntity {
  readonly metadata: EntityMetadata;
  readonly rights: readonly TableRight[];
  /** What the module changes in rows that are there. */
  readonly changed: readonly Column[];
}

/** For each entity: a table that a migration elsewhere has locked is no reason to wait for it. */
const PATIENCE_MS = 4_000;

const EVERYTHING: readonly TableRight[] = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'];

/** Finds out whether the tables of the application's entities are such that the module can use them. Nothing is written. */
@Injectable()
export class TableProbe {
  constructor(
    private readonly database: Database,
    private readonly users: UserColumns,
    @Inject(ACCOUNT_ENTITIES) private readonly entities: AccountEntities,
    @Optional() @Inject(EVENT_ENTITY) private readonly eventEntity: Type | null,
    @Optional() @Inject(LIMIT_ENTITY) private readonly limitEntity: Type | null,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** The entities whose tables the module uses, as the application has them. */
  get used(): EntityMetadata[] {
    return this.probed().map(({ metadata }) => metadata);
  }

  /**
   * Everything that is wrong with the tables, by one narrow look at each entity: what the module reads and writes, on no
   * row, in a transaction that is taken back.
   * @throws the driver's error for whatever is no fault of a table, above all where the database is out of reach;
   * TookTooLong where it does not answer
   */
  async findFaults(): Promise<TableFault[]> {
    const faults: TableFault[] = [];
    for (const entity of this.probed()) {
      try {
        await within(
          PATIENCE_MS,
          this.database.rehearse((manager) => this.useAll(manager, entity)),
        );
      } catch (error) {
        if (!faultIn(this.database, error)) throw error;
        faults.push(...(await this.explain(entity)));
      }
    }
    return faults;
  }

  /**
   * The same for a look now and then: tables and columns alone, by one statement for each entity that reads no row.
   * @throws as {@link findFaults} does
   */
  async findMissing(): Promise<TableFault[]> {
    const faults: TableFault[] = [];
    for (const entity of this.looked()) {
      try {
        await this.database.look((manager) => manager.query(statementOf('SELECT', entity)));
      } catch (error) {
        if (!faultIn(this.database, error)) throw error;
        faults.push(...(await this.explainReading(entity)));
      }
    }
    return faults;
  }

  /** Without the table of the limits: most of the application goes on without it, and who asks for it is told apart. */
  private looked(): ProbedEntity[] {
    return this.probed().filter(
      ({ rights, metadata }) => rights.includes('SELECT') && metadata.target !== this.limitEntity,
    );
  }

  private async useAll(manager: EntityManager, entity: ProbedEntity): Promise<void> {
    for (const right of entity.rights) await manager.query(statementOf(right, entity));
  }

  /** Something is wrong: each use by itself. */
  private async explain(entity: ProbedEntity): Promise<TableFault[]> {
    const reading = await this.explainReading(entity);
    if (reading.some(({ kind }) => kind !== 'no right')) return reading;
    const faults = [...reading];
    for (const right of entity.rights.filter((each) => each !== 'SELECT')) {
      const found = await this.faultOf(statementOf(right, entity));
      const { metadata } = entity;
      if (found === 'readOnly') return [...faults, { kind: 'read-only', entity: metadata }];
      if (found === 'forbidden') faults.push({ kind: 'no right', entity: metadata, right });
    }
    return faults;
  }

  private async explainReading(entity: ProbedEntity): Promise<TableFault[]> {
    const { metadata } = entity;
    if (!entity.rights.includes('SELECT')) return this.explainWriting(entity);
    const found = await this.faultOf(statementOf('SELECT', entity));
    if (found === 'missingTable') return [{ kind: 'no table', entity: metadata }];
    if (found === 'forbidden') return [{ kind: 'no right', entity: metadata, right: 'SELECT' }];
    if (found !== 'missingColumn') return [];
    const faults: TableFault[] = [];
    for (const column of columnsOf(metadata)) {
      const isMissing = (await this.faultOf(selectOf(metadata, [column]))) === 'missingColumn';
      if (isMissing) faults.push({ kind: 'no column', entity: metadata, column });
    }
    return faults;
  }

  /** The audit trail is written and never read: who may only add to it can do all the module needs. */
  private async explainWriting({ metadata }: ProbedEntity): Promise<TableFault[]> {
    const faults: TableFault[] = [];
    for (const column of columnsOf(metadata).filter(isInserted)) {
      const found = await this.faultOf(insertOf(metadata, [column]));
      if (found === 'missingTable') return [{ kind: 'no table', entity: metadata }];
      if (found === 'missingColumn') faults.push({ kind: 'no column', entity: metadata, column });
    }
    return faults;
  }

  /** A transaction for each that writes, since the first error ends one. */
  private async faultOf(statement: string): Promise<SchemaFault | undefined> {
    const run = (manager: EntityManager) => manager.query<unknown>(statement);
    try {
      await (statement.startsWith('SELECT') ? this.database.look(run) : this.database.rehearse(run));
      return undefined;
    } catch (error) {
      const fault = faultIn(this.database, error);
      if (!fault && isUnavailable(error)) throw error;
      // Whatever else is wrong with a part of a statement, such as a column that it leaves out, is not asked for.
      return fault;
    }
  }

  private probed(): ProbedEntity[] {
    const { dataSource } = this.database;
    const { user, token } = this.entities;
    const metadataOf = (entity: Type) => dataSource.getMetadata(entity);
    const owned = ACCOUNT_PROPERTIES.filter((property) => property !== 'id' && property !== 'createdAt');
    const probed: ProbedEntity[] = [
      {
        metadata: metadataOf(user),
        rights: EVERYTHING,
        changed: owned.flatMap((property) => this.users.columnOf(property) ?? []),
      },
    ];
    if (hasLevel(this.config.level, 'complete')) probed.push(changedWhole(metadataOf(token), EVERYTHING));
    if (this.eventEntity) probed.push(changedWhole(metadataOf(this.eventEntity), ['INSERT']));
    if (this.limitEntity) probed.push(changedWhole(metadataOf(this.limitEntity), EVERYTHING));
    return probed;
  }
}

type SchemaFault = 'missingTable' | 'missingColumn' | 'forbidden' | 'readOnly';

const SCHEMA_FAULTS: readonly SchemaFault[] = ['missingTable', 'missingColumn', 'forbidden', 'readOnly'];

/** What an error says of the tables; undefined where it is about something else. */
function faultIn({ dataSource }: Database, error: unknown): SchemaFault | undefined {
  // TypeORM puts the name of the error before its message.
  const source: unknown = error instanceof QueryFailedError ? error.driverError : error;
  const text = `${databaseCode(error)} ${source instanceof Error ? source.message : ''}`;
  const patterns = dialectOf(dataSource).schemaFaults;
  return SCHEMA_FAULTS.find((fault) => patterns[fault].test(text));
}

function changedWhole(metadata: EntityMetadata, rights: readonly TableRight[]): ProbedEntity {
  const changed = columnsOf(metadata).filter((column) => !column.isPrimary && !column.relationMetadata);
  return { metadata, rights, changed };
}

/** Without those that exist in queries alone. */
function columnsOf({ columns }: EntityMetadata): Column[] {
  return columns.filter((column) => !column.isVirtualProperty);
}

/** False for what the database makes by itself, and refuses to be given. */
function isInserted(column: Column): boolean {
  return column.isInsert && !column.isGenerated && !column.asExpression;
}

function statementOf(right: TableRight, { metadata, changed }: ProbedEntity): string {
  switch (right) {
    case 'SELECT':
      return selectOf(metadata, columnsOf(metadata));
    case 'INSERT':
      return insertOf(metadata, columnsOf(metadata).filter(isInserted));
    case 'UPDATE': {
      const names = changed.map((column) => nameOf(column));
      return `UPDATE ${tableOf(metadata)} SET ${names.map((name) => `${name} = ${name}`).join(', ')} WHERE 1 = 0`;
    }
    case 'DELETE':
      return `DELETE FROM ${tableOf(metadata)} WHERE 1 = 0`;
  }
}

/** With an alias before every name: SQLite may take a name alone that it does not know for a text. */
function selectOf(metadata: EntityMetadata, columns: readonly Column[]): string {
  const names = columns.map((column) => `probed.${nameOf(column)}`);
  return `SELECT ${names.join(', ')} FROM ${tableOf(metadata)} probed WHERE 1 = 0`;
}

/** From no row of nothing, so that it needs no right to read. */
function insertOf(metadata: EntityMetadata, columns: readonly Column[]): string {
  const names = columns.map(nameOf).join(', ');
  const values = columns.map(() => 'NULL').join(', ');
  return `INSERT INTO ${tableOf(metadata)} (${names}) SELECT ${values} FROM (SELECT 1 AS one) AS no_row WHERE 1 = 0`;
}

function nameOf({ databaseName, entityMetadata }: Column): string {
  return entityMetadata.dataSource.driver.escape(databaseName);
}

function tableOf({ tablePath, dataSource }: EntityMetadata): string {
  return tablePath
    .split('.')
    .map((part) => dataSource.driver.escape(part))
    .join('.');
}
