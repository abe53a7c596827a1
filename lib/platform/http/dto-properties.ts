import type { Type } from '@nestjs/common';
import { TransformationType } from 'class-transformer';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { getMetadataStorage } from '../common/class-validator.js';

/** The properties of a DTO that a request may set: those with a decorator of class-validator, inherited ones included. */
export function validatedProperties(dto: Type<object>): ReadonlySet<string> {
  const rules = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  return new Set(rules.map(({ propertyName }) => propertyName));
}

/** The properties of a response class that an answer has: those with `@Expose()`, inherited ones included. */
export function exposedProperties(response: Type<object>): readonly string[] {
  const shown = defaultMetadataStorage.getExposedProperties(response, TransformationType.CLASS_TO_PLAIN);
  const isShownToAll = (property: string) =>
    !defaultMetadataStorage.findExposeMetadata(response, property)?.options.groups?.length;
  return shown.filter(isShownToAll);
}

/** A property as the client spells it: its own name, or the one of `@Expose({ name })`. */
export function wireName(dto: Type<object>, property: string): string {
  return defaultMetadataStorage.findExposeMetadata(dto, property)?.options.name ?? property;
}

const settable = new WeakMap<Type<object>, ReadonlySet<string>>();

/**
 * The names of the fields that a request may state. A property with another name on the wire has that one alone, though
 * class-transformer would take both: with two in a body, whoever inspects the request on its way could look at the other one.
 */
export function settableNames(dto: Type<object>): ReadonlySet<string> {
  const known = settable.get(dto) ?? new Set(Array.from(validatedProperties(dto), (name) => wireName(dto, name)));
  settable.set(dto, known);
  return known;
}
