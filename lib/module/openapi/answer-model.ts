import type { Type } from '@nestjs/common';
import type { JsonBody } from '../../platform/http/answer.js';
import type { Schema } from '../../platform/http/schema.js';
import type { UserIdSchema } from './documented-account.js';
import type { Swagger } from './swagger.js';

/**
 * A body of the module as a class that @nestjs/swagger can describe.
 * @param userId what keys of users are in this application
 */
export function answerModel(swagger: Swagger, name: string, { fields }: JsonBody, userId: UserIdSchema): Type {
  const model: Type = { [name]: class {} }[name]!;
  for (const [field, { optional, ...schema }] of Object.entries(fields)) {
    const described: object = { ...withKeyType(schema, userId), required: !optional };
    swagger.ApiProperty(described)(model.prototype as object, field);
  }
  return model;
}

function withKeyType(schema: Schema, userId: UserIdSchema): object {
  return schema.type === 'user-id' ? { ...schema, ...userId } : schema;
}
