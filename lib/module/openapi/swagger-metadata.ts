import type { Type } from '@nestjs/common';
import type { OperationObject, ReferenceObject, SchemaObject } from '@nestjs/swagger';

/**
 * Where the decorators of @nestjs/swagger keep what they are told; these names are its `DECORATORS`. It is written here
 * without them, because loading that package takes a fifth of a second and 15 MiB, which only an application that makes a
 * document should pay. Only its types are imported.
 */
const KEYS = {
  operation: 'swagger/apiOperation',
  parameters: 'swagger/apiParameters',
  extraModels: 'swagger/apiExtraModels',
  excludeController: 'swagger/apiExcludeController',
  property: 'swagger/apiModelProperties',
  properties: 'swagger/apiModelPropertiesArray',
} as const;

/** The static method that the compiler plugin of @nestjs/swagger gives a class. */
const PLUGIN_FACTORY = '_OPENAPI_METADATA_FACTORY';

/** What is known of a property, in the words of a schema. */
export type Facts = Record<string, unknown>;

/** A parameter that an operation takes beside its body. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'header';
  readonly description: string | undefined;
  readonly required: boolean;
  readonly schema: SchemaObject;
}

/**
 * Runs `describe` before @nestjs/swagger looks at a controller for the first time, and never where no document is made.
 * It asks first whether the controller is left out (`@ApiExcludeController()`), and only then for anything else.
 */
export function whenExplored(controller: Type, describe: () => void): void {
  let isDescribed = false;
  const isExcluded = Object.defineProperty([], 0, {
    get: () => {
      if (!isDescribed) describe();
      isDescribed = true;
      return false;
    },
  });
  Reflect.defineMetadata(KEYS.excludeController, isExcluded, controller);
}

/** What `@ApiOperation()`, `@ApiParam()`, `@ApiHeader()` and `@ApiExtraModels()` would say of a handler. */
export function describeHandler(
  handler: object,
  operation: OperationObject,
  parameters: readonly Parameter[],
  models: readonly Type[],
): void {
  Reflect.defineMetadata(KEYS.operation, operation, handler);
  Reflect.defineMetadata(KEYS.parameters, parameters.map(known), handler);
  Reflect.defineMetadata(KEYS.extraModels, models, handler);
}

/** What `@ApiProperty()` would say of a property, in place of what was said of it before. */
export function describeProperty(model: Type<object>, property: string, facts: Facts): void {
  const prototype = model.prototype as object;
  const properties = (Reflect.getMetadata(KEYS.properties, prototype) ?? []) as string[];
  if (!properties.includes(`:${property}`)) {
    Reflect.defineMetadata(KEYS.properties, [...properties, `:${property}`], prototype);
  }
  const type = facts['type'] ?? typeOfValues(facts['enum']) ?? declaredType(model, property);
  Reflect.defineMetadata(KEYS.property, known({ ...facts, type }), prototype, property);
}

/** What `@ApiProperty()` has said of a property. */
export function factsOf(model: Type<object>, property: string): Facts | undefined {
  return Reflect.getMetadata(KEYS.property, model.prototype as object, property) as Facts | undefined;
}

/** Where the schema of a model stands in the document. */
export function referenceTo(model: Type): ReferenceObject {
  return { $ref: `#/components/schemas/${model.name}` };
}

function typeOfValues(values: unknown): string | undefined {
  if (!Array.isArray(values)) return undefined;
  return values.some((value) => typeof value === 'string') ? 'string' : 'number';
}

function declaredType(model: Type<object>, property: string): unknown {
  const ofPlugin = Reflect.get(model, PLUGIN_FACTORY) as (() => Record<string, Facts>) | undefined;
  return ofPlugin?.()[property]?.['type'] ?? Reflect.getMetadata('design:type', model.prototype as object, property);
}

function known<T extends object>(facts: T): Partial<T> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Partial<T>;
}
