import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import type { EntityMetadata } from 'typeorm';
import type { StartUpProblem } from '../config/start-up-error.js';
import type { UserColumns } from '../entities/user-columns.js';
import { SignupDto } from '../signup/signup.dto.js';
import { validatedProperties } from './dto-properties.js';

/** Properties of the bundled DTO, which goes with an entity that has no column for the name. */
const BUNDLED: ReadonlySet<string> = validatedProperties(SignupDto);

/**
 * Compares the application's signup DTO with its user entity. A field that is no column would be refused in every
 * request, and one of the module's columns would let a client activate its own account (mass assignment).
 */
export function checkSignupDto(dto: Type<SignupDto>, user: UserColumns): StartUpProblem[] {
  const properties = validatedProperties(dto);
  const own = [...properties].filter((property) => !BUNDLED.has(property));
  return [...checkCredentials(dto, properties), ...checkOwnFields('signupDto', dto, own, user)];
}

/** What an application should know of its signup: not wrong by itself, for a subscriber may fill the column. */
export function signupWarnings(dto: Type<SignupDto>, user: UserColumns): string[] {
  const properties = validatedProperties(dto);
  const unfilled = [...user.own.values()].filter(
    (column) => !properties.has(column.propertyName) && !canBeLeftOut(column),
  );
  return unfilled.map(
    ({ propertyName }) =>
      `${user.entityName}.${propertyName} must not be null and has no default, but ${dto.name} has no such field: POST signup will fail unless something else fills it.`,
  );
}

/** Each property of the DTO must be a column, and one of the application's own. */
function checkOwnFields(
  option: string,
  dto: Type<object>,
  properties: readonly string[],
  user: UserColumns,
): StartUpProblem[] {
  const foreign = properties.filter((property) => !user.own.has(property));
  return foreign.map((property) => {
    const isOwned = user.owns(property);
    return {
      path: `${option}.${property}`,
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
function checkCredentials(dto: Type<SignupDto>, properties: ReadonlySet<string>): StartUpProblem[] {
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

function canBeLeftOut(column: EntityMetadata['columns'][number]): boolean {
  const { isNullable, default: byDefault, isGenerated, isCreateDate, isUpdateDate, isVersion, asExpression } = column;
  return (
    isNullable || byDefault !== undefined || isGenerated || isCreateDate || isUpdateDate || isVersion || !!asExpression
  );
}
