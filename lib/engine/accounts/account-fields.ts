import { Inject, Injectable, type Type } from '@nestjs/common';
import type { EntityMetadata } from 'typeorm';
import { AuthError } from '../../platform/common/auth.errors.js';
import { canonicalUsername, USERNAME_RULE } from '../../platform/common/username.js';
import { Database } from '../../platform/data/store/database.js';
import { UserColumns } from '../../platform/data/entities/user-columns.js';
import { validatedProperties, wireName } from '../../platform/http/dto-properties.js';
import { OWN_BODIES, type OwnBodies, type OwnRequest } from '../../platform/http/own-bodies.js';
import type { OwnFields } from '../../platform/common/stored-fields.js';

type Column = EntityMetadata['columns'][number];

/** The fields of a signup beside address and password, and those of the profile: columns of the application's own. */
@Injectable()
export class AccountFields {
  constructor(
    private readonly database: Database,
    private readonly columns: UserColumns,
    @Inject(OWN_BODIES) private readonly bodies: OwnBodies,
  ) {}

  /**
   * @param body where the fields come from: messages spell them as its class does
   * @throws AuthError INPUT_INVALID for a field that is no column of the application's own, or that the column cannot hold
   */
  assertStorable(fields: OwnFields, body: OwnRequest): void {
    const columns = this.columns.own;
    const errors = Object.entries(fields).flatMap(([property, value]) => {
      const field = wireName(this.bodies[body], property);
      const fault = value === undefined ? undefined : this.faultOf(value, columns.get(property));
      return fault ? [{ field, messages: [`${field} ${fault}`] }] : [];
    });
    if (errors.length > 0) throw new AuthError('INPUT_INVALID', { errors });
  }

  /** Nothing, or the column's default, in each field of the profile: laid under what replaces one. */
  emptyProfile(): OwnFields {
    return this.emptied(this.columnsOf(this.bodies.profile));
  }

  /**
   * The same in each field a signup may leave out. Laid under what the winning signup states when a pending account gets
   * its owner, so that nothing is left of what a stranger stated for the address before (pre-hijacking).
   */
  emptySignup(): OwnFields {
    const stated = this.columnsOf(this.bodies.signup);
    return this.emptied(stated.filter((column) => column.isNullable || column.default !== undefined));
  }

  private columnsOf(dto: Type<object>): Column[] {
    const columns = this.columns.own;
    return [...validatedProperties(dto)].flatMap((property) => columns.get(property) ?? []);
  }

  private emptied(columns: readonly Column[]): OwnFields {
    return Object.fromEntries(columns.map((column) => [column.propertyName, this.emptyValue(column)]));
  }

  /** The username that a signup states, if it does. */
  usernameIn(fields: OwnFields): string | undefined {
    const username = this.columns.username === undefined ? undefined : fields[this.columns.username];
    return typeof username === 'string' ? username : undefined;
  }

  /** What a signup states but for the username. */
  withoutUsername(fields: OwnFields): OwnFields {
    return Object.fromEntries(Object.entries(fields).filter(([property]) => property !== this.columns.username));
  }

  /**
   * What a signup states, but nothing for unique columns that may be empty. For an account that has not proved itself: a
   * value it held would be kept from everybody, and the next signup would tell by it whether this one made an account.
   */
  withoutUnique(fields: OwnFields): OwnFields {
    const { own, unique } = this.columns;
    return Object.fromEntries(
      Object.entries(fields).map(([property, value]) => [
        property,
        unique.has(property) && own.get(property)?.isNullable ? null : value,
      ]),
    );
  }

  /** Of what a signup states, the columns that cannot be empty. */
  onlyRequired(fields: OwnFields): OwnFields {
    const { own } = this.columns;
    return Object.fromEntries(
      Object.entries(fields).filter(([property]) => {
        const column = own.get(property);
        return column && !column.isNullable && column.default === undefined;
      }),
    );
  }

  private faultOf(value: unknown, column: Column | undefined): string | undefined {
    if (!column) return 'is not a field of an account';
    if (value === null) return column.isNullable ? undefined : 'must not be null';
    // Whatever DTO let it in: another spelling could never log in, and one with an `@` could be somebody's address.
    if (column.propertyName === this.columns.username && !isCanonicalUsername(value)) return USERNAME_RULE;
    return value instanceof Date && Number.isNaN(value.getTime()) ? 'must be a date' : undefined;
  }

  /** A default is SQL, as the column was declared with it: TypeORM takes SQL from a function. */
  private emptyValue(column: Column): null | (() => string) {
    const expression = this.database.dataSource.driver.normalizeDefault(column);
    return expression === undefined ? null : () => expression;
  }
}

function isCanonicalUsername(value: unknown): boolean {
  return typeof value === 'string' && canonicalUsername(value) === value;
}
