import type { OpenAPIObject } from '@nestjs/swagger';
import { Ajv2019, type ValidateFunction } from 'ajv/dist/2019.js';
import addFormats from 'ajv-formats';

type Schema = Record<string, unknown>;

// The same few schemas come again and again in the documents of hundreds of applications.
const validators = new Map<string, ValidateFunction>();

const ajv = new Ajv2019({ allErrors: true, strict: true, strictTypes: false });
(addFormats as unknown as typeof addFormats.default)(ajv);
ajv.addVocabulary(['example']);
ajv.addFormat('password', true);

/** A schema of a document with what it refers to in place of the references; they never go round in circles here. */
export function resolved(schema: unknown, document: OpenAPIObject): unknown {
  if (Array.isArray(schema)) return schema.map((each) => resolved(each, document));
  if (typeof schema !== 'object' || schema === null) return schema;
  const reference = (schema as Schema)['$ref'];
  if (typeof reference === 'string') {
    const target = document.components?.schemas?.[reference.replace('#/components/schemas/', '')];
    if (!target) throw new Error(`The document refers to ${reference}, which it does not have.`);
    return resolved(target, document);
  }
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, resolved(value, document)]));
}

/** Validates by a schema without references, taken at its word: a property that it does not name is a fault. */
export function validatorOf(schema: unknown): ValidateFunction {
  const source = JSON.stringify(schema);
  const known = validators.get(source);
  if (known) return known;
  const validate = ajv.compile(closed(schema as Schema));
  validators.set(source, validate);
  return validate;
}

/** A schema without room for more properties, at any depth. */
function closed(schema: Schema): Schema {
  const { properties, items, allOf, additionalProperties } = schema;
  return {
    ...schema,
    ...(properties !== undefined && { properties: mapped(properties as Record<string, Schema>) }),
    ...(items !== undefined && { items: closed(items as Schema) }),
    ...((properties || allOf) && additionalProperties === undefined ? { unevaluatedProperties: false } : {}),
  };
}

function mapped(properties: Record<string, Schema>): Record<string, Schema> {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, closed(schema)]));
}
