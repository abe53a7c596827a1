import type { Type } from '@nestjs/common';
import { instanceToPlain } from 'class-transformer';
import { exposedProperties } from '../../platform/http/dto-properties.js';

/**
 * An entity as the application's response class shows it: the properties with `@Expose()`, under the names that gives
 * them, and nothing else. Properties of the class are properties of the entity, as in the DTOs; what the class computes by
 * itself, in a getter or a method, sees the whole entity as `this`.
 * @param entity without the password hash
 */
export function toUserResponse(response: Type<object>, entity: object): Record<string, unknown> {
  const answer = new response();
  // Getters of the entity are none of its keys.
  const properties = [...Object.keys(entity), ...exposedProperties(response).filter((property) => property in entity)];
  // A getter that hides a column of the same name must not be hidden by it.
  const taken = properties.filter((property) => !(property in (response.prototype as object)));
  Object.assign(answer, Object.fromEntries(taken.map((property) => [property, entity[property as never]])));
  return instanceToPlain(answer, { excludeExtraneousValues: true });
}
