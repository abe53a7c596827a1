import type { Type } from '@nestjs/common';
import type { JsonBody } from '../../platform/http/answer.js';
import type { Schema } from '../../platform/http/schema.js';
import type { UserIdSchema } from './documented-account.js';
import { describeProperty, type Facts } from './swagger-metadata.js';

/**
 * A body of the module as a class that @nestjs/swagger can describe.
 * @param userId what keys of users are in this application
 */
export function answerModel(name: string, { fields }: JsonBody, userId: UserIdSchema): Type {
  const model: Type = { [name]: class {} }[name]!;
  for (const [field, { optional, ...schema }] of Object.entries(fields)) {
    describeProperty(model, field, { ...withKeyType(schema, userId), required: !optional });
  }
  return model;
}

function withKeyType(schema: Schema, userId: UserIdSchema): Facts {
  return { ...schema, ...(schema.type === 'user-id' && userId) };
}
