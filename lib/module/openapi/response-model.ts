import type { Type } from '@nestjs/common';
import { exposedProperties, wireName } from '../../platform/http/dto-properties.js';
import { describeProperty, factsOf } from './swagger-metadata.js';

/** Any value: what a property is declared as need not be what `@Transform()` makes of it. The type is left out beside it. */
const ANYTHING = { type: Object, anyOf: [{}] };

/**
 * The application's response class as @nestjs/swagger can describe it: each property with `@Expose()`, under the name that
 * gives it, as the class describes it by `@ApiProperty()`. A class of its own, because @nestjs/swagger would describe
 * properties that no answer has.
 */
export function responseModel(response: Type<object>): Type<object> {
  const model: Type<object> = { [response.name]: class {} }[response.name]!;
  for (const property of exposedProperties(response)) {
    const field = wireName(response, property);
    describeProperty(model, field, { ...(factsOf(response, property) ?? ANYTHING), name: field });
  }
  return model;
}
