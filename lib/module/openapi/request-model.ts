import type { Type } from '@nestjs/common';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { getMetadataStorage, ValidationTypes } from '../../platform/common/class-validator.js';
import { validatedProperties, wireName } from '../../platform/http/dto-properties.js';
import { describeProperty, type Facts, factsOf } from './swagger-metadata.js';

type Rule = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

/** What a rule of class-validator, by its name, says of a value in the words of a schema. */
const RULES: Readonly<Record<string, (...constraints: never[]) => Facts>> = {
  // Without a format: spaces around it and a domain in Unicode are no `email` to OpenAPI, but are taken.
  isAccountEmail: () => ({ type: 'string' }),
  isString: () => ({ type: 'string' }),
  isEmail: () => ({ type: 'string', format: 'email' }),
  isUuid: () => ({ type: 'string', format: 'uuid' }),
  isUrl: () => ({ type: 'string', format: 'uri' }),
  isDate: () => ({ type: 'string', format: 'date-time' }),
  isDateString: () => ({ type: 'string', format: 'date-time' }),
  isIso8601: () => ({ type: 'string' }),
  isBoolean: () => ({ type: 'boolean' }),
  isInt: () => ({ type: 'integer' }),
  isNumber: () => ({ type: 'number' }),
  isPositive: () => ({ minimum: 0, exclusiveMinimum: true }),
  isObject: () => ({ type: 'object', additionalProperties: true }),
  isArray: () => ({ type: 'array' }),
  isEnum: (_entity: object, values: unknown[]) => ({ enum: values }),
  isIn: (values: unknown[]) => ({ enum: values }),
  equals: (value: unknown) => ({ enum: [value] }),
  min: (minimum: number) => ({ minimum }),
  max: (maximum: number) => ({ maximum }),
  minLength: (minLength: number) => ({ minLength }),
  maxLength: (maxLength: number) => ({ maxLength }),
  isLength: (minLength: number, maxLength?: number) => ({ minLength, maxLength }),
  isNotEmpty: () => ({ minLength: 1 }),
  matches: (pattern: RegExp) => ({ pattern: pattern.source }),
  arrayMinSize: (minItems: number) => ({ type: 'array', minItems }),
  arrayMaxSize: (maxItems: number) => ({ type: 'array', maxItems }),
  arrayUnique: () => ({ type: 'array', uniqueItems: true }),
};

/** Values of a request that everybody understands, and that are nobody's. */
const EXAMPLES: Readonly<Record<string, string>> = {
  email: 'ada@example.com',
  password: '<password>',
  current_password: '<current password>',
  new_password: '<new password>',
  confirm_password: '<new password>',
  username: 'ada',
  name: 'Ada Lovelace',
  token: '<token of the link>',
  refresh_token: '<refresh token>',
};

/** How a body is described besides what its class says. */
export interface RequestWords {
  /** The name of its schema in the document. */
  readonly name: string;
  /** What fields mean, by their name on the wire. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Properties that this application refuses. */
  readonly refused?: readonly string[];
  /** True where the body may leave out any field. */
  readonly isPart?: boolean;
}

/**
 * A subclass of a DTO that @nestjs/swagger can describe: what the DTO does not say by `@ApiProperty()` itself is taken
 * from its rules of class-validator. A subclass, because other applications of the process may share the DTO.
 */
export function requestModel(dto: Type<object>, words: RequestWords): Type<object> {
  const { name, fields = {}, refused = [], isPart } = words;
  const model: Type<object> = { [name]: class extends dto {} }[name]!;
  for (const property of validatedProperties(dto)) {
    if (refused.includes(property)) continue;
    const field = wireName(dto, property);
    const facts = { name: field, description: fields[field], example: EXAMPLES[field] };
    describeProperty(model, property, {
      ...facts,
      ...ruledFacts(dto, property),
      ...factsOf(dto, property),
      ...(isPart && { required: false }),
    });
  }
  return model;
}

/** True where a request without a body would lack a field. */
export function needsBody(dto: Type<object>): boolean {
  const rules = rulesOf(dto);
  const isOptional = (property: string) =>
    rules.some(
      ({ propertyName, type }) => propertyName === property && type === ValidationTypes.CONDITIONAL_VALIDATION,
    );
  return [...validatedProperties(dto)].some((property) => !isOptional(property));
}

/** What the rules of a property say of its values. */
function ruledFacts(dto: Type<object>, property: string): Facts {
  const rules = rulesOf(dto).filter(({ propertyName }) => propertyName === property);
  const ofAll = factsOfRules(rules.filter(({ each }) => !each));
  const ofEach = factsOfRules(rules.filter(({ each }) => each));
  const isList = ofAll['type'] === 'array' || rules.some(({ each }) => each);
  const nested = nestedModel(dto, property, rules);
  return {
    ...ofAll,
    ...(nested ? { type: () => nested, isArray: isList } : isList && { type: 'array', items: ofEach }),
    ...presence(rules),
  };
}

/** A field may be left out where a condition decides whether it is looked at; `@IsOptional()` takes null for left out. */
function presence(rules: readonly Rule[]): Facts {
  const conditions = rules.filter(({ type }) => type === ValidationTypes.CONDITIONAL_VALIDATION);
  if (conditions.length === 0) return {};
  return { required: false, ...(conditions.some(({ name }) => name === 'isOptional') && { nullable: true }) };
}

function nestedModel(dto: Type<object>, property: string, rules: readonly Rule[]): Type<object> | undefined {
  if (!rules.some(({ type }) => type === ValidationTypes.NESTED_VALIDATION)) return undefined;
  const nested = defaultMetadataStorage.findTypeMetadata(dto, property)?.typeFunction() as Type<object> | undefined;
  return nested && requestModel(nested, { name: nested.name });
}

function factsOfRules(rules: readonly Rule[]): Facts {
  return Object.assign(
    {},
    ...rules.map(({ name = '', constraints }) => RULES[name]?.(...((constraints ?? []) as never[]))),
  ) as Facts;
}

function rulesOf(dto: Type<object>): Rule[] {
  return getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
}
