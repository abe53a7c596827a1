import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import type { EntityMetadata } from 'typeorm';
import type { StartUpProblem } from '../../platform/config/start-up-error.js';
import type { UserColumns } from '../../platform/data/entities/user-columns.js';
import { exposedProperties, validatedProperties } from '../../platform/http/dto-properties.js';
import type { OwnBodies, OwnRequest } from '../../platform/http/own-bodies.js';
import { BUNDLED_DTOS } from '../options/own-bodies.js';

/**
 * Compares the application's classes with its user entity. A field that is no column would be refused in every request,
 * and one of the module's columns would let a client activate its own account (mass assignment).
 */
export function checkDtos(bodies: OwnBodies, user: UserColumns): StartUpProblem[] {
  return [
    ...checkCredentials(bodies.signup),
    ...checkOwnFields('signup', bodies.signup, user),
    ...checkHasFields(bodies.profile),
    ...checkOwnFields('profile', bodies.profile, user),
    ...(bodies.userResponse ? checkResponse(bodies.userResponse, user) : []),
  ];
}

/** What an application should know of its signup: not wrong by itself, for a subscriber may fill the column. */
export function signupWarnings(dto: Type<object>, user: UserColumns): string[] {
  const properties = validatedProperties(dto);
  const unfilled = [...user.own.values()].filter(
    (column) => !properties.has(column.propertyName) && !canBeLeftOut(column),
  );
  return unfilled.map(
    ({ propertyName }) =>
      `${user.entityName}.${propertyName} must not be null and has no default, but ${dto.name} has no such field: POST signup will fail unless something else fills it.`,
  );
}

/**
 * Where answers are uniform: a unique column that cannot be empty keeps what a signup states before anybody has proved the
 * address, so that whether a second signup of the same value gets its mail tells whether the address of the first was new.
 */
export function uniqueWarnings(user: UserColumns): string[] {
  const held = [...user.own.values()].filter((column) => user.unique.has(column.propertyName) && !canBeLeftOut(column));
  return held.map(
    ({ propertyName }) =>
      `${user.entityName}.${propertyName} is unique and must not be null, so accounts that wait for their activation keep ` +
      'its values: nobody else can sign up with one, and whoever tries learns by the missing mail that an address had no account. ' +
      'Let it be null (docs/own-fields.md).',
  );
}

/** Each property of the DTO must be a column, and one of the application's own. */
function checkOwnFields(body: OwnRequest, dto: Type<object>, user: UserColumns): StartUpProblem[] {
  // The bundled DTO goes with an entity that has no column for the name.
  const bundled = validatedProperties(BUNDLED_DTOS[body]);
  const foreign = [...validatedProperties(dto)].filter((property) => !bundled.has(property) && !user.own.has(property));
  return foreign.map((property) => {
    const isOwned = user.owns(property);
    return {
      path: `${body}Dto.${property}`,
      message: isOwned
        ? 'is set by the module alone; a request that could set it would take over what the flows decide'
        : `is not a column of ${user.entityName}, so it could not be stored`,
      fix: isOwned
        ? `Remove it from ${dto.name}.`
        : `Add the column to ${user.entityName}, or remove it from ${dto.name}; a property may be spelled otherwise on the wire by @Expose({ name }).`,
    };
  });
}

/** By behaviour, not by ancestry: OmitType(SignupDto, ['name']) makes a class that is none of its children. */
function checkCredentials(dto: Type<{ email?: unknown }>): StartUpProblem[] {
  const properties = validatedProperties(dto);
  const { email } = plainToInstance(dto, { email: 'Probe@EXAMPLE.com' });
  const hasCredentials = properties.has('email') && properties.has('password') && email === 'probe@example.com';
  if (hasCredentials) return [];
  return [
    {
      path: 'signupDto',
      message: 'does not check email and password as SignupDto does, so one address could become two accounts',
      fix: `Let ${dto.name} extend SignupDto.`,
    },
  ];
}

/** A class without rules is refused by class-validator as a whole, with every request. */
function checkHasFields(dto: Type<object>): StartUpProblem[] {
  if (validatedProperties(dto).size > 0) return [];
  return [
    {
      path: 'profileDto',
      message: 'has no property with a rule of class-validator, so every request would be refused',
      fix: `Give the properties of ${dto.name} rules, from the copy of class-validator this package uses.`,
    },
  ];
}

/** The answer has no hash to show, whatever the class says; but whoever wrote that must learn of it. */
function checkResponse(response: Type<object>, user: UserColumns): StartUpProblem[] {
  const exposed = exposedProperties(response);
  if (exposed.length === 0) {
    const fix = `Put @Expose() on the properties of ${response.name} that clients may see, from the copy of class-transformer this package uses.`;
    return [{ path: 'userResponse', message: 'exposes no property, so every answer would be empty', fix }];
  }
  const hashes = exposed.filter((property) => property === 'passwordHash' || property === user.nameOf('passwordHash'));
  return hashes.map((property) => ({
    path: `userResponse.${property}`,
    message: 'is the password hash, which never leaves the server',
    fix: `Remove it from ${response.name}.`,
  }));
}

function canBeLeftOut(column: EntityMetadata['columns'][number]): boolean {
  const { isNullable, default: byDefault, isGenerated, isCreateDate, isUpdateDate, isVersion, asExpression } = column;
  return (
    isNullable || byDefault !== undefined || isGenerated || isCreateDate || isUpdateDate || isVersion || !!asExpression
  );
}
