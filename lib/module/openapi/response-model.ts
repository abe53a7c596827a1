import type { Type } from '@nestjs/common';
import { exposedProperties, wireName } from '../../platform/http/dto-properties.js';
import type { Swagger } from './swagger.js';

/** Any value: what a property is declared as need not be what `@Transform()` makes of it. The type is left out beside it. */
const ANYTHING = { type: Object, anyOf: [{}] };

/**
 * The application's response class as @nestjs/swagger can describe it: each property with `@Expose()`, under the name that
 * gives it, as the class describes it by `@ApiProperty()`. A class of its own, because @nestjs/swagger would describe
 * properties that no answer has.
 */
export function responseModel(swagger: Swagger, response: Type<object>): Type<object> {
  const model: Type<object> = { [response.name]: class {} }[response.name]!;
  for (const property of exposedProperties(response)) {
    const said = Reflect.getMetadata(
      swagger.DECORATORS.API_MODEL_PROPERTIES,
      response.prototype as object,
      property,
    ) as object | undefined;
    const field = wireName(response, property);
    swagger.ApiProperty({ ...(said ?? ANYTHING), name: field })(model.prototype as object, field);
  }
  return model;
}
