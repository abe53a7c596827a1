import { Transform } from 'class-transformer';
import type { ValidationOptions } from 'class-validator';
import { buildMessage, ValidateBy } from './class-validator.js';
import { trimEnds } from './trim-ends.js';

/** Above this no text is an address or a username, whatever stands around it; it bounds the work of finding out. */
const MAX_INPUT_LENGTH = 512;

/** The text without surrounding spaces; undefined for one that is too long to look at. */
export function withoutSpacesAround(input: string): string | undefined {
  return input.length > MAX_INPUT_LENGTH ? undefined : trimEnds(input, ' ');
}

/**
 * Decorates a property that identifies an account: it is validated, and gets its one canonical spelling.
 * @param canonical gives that spelling; undefined for what has none
 * @param rule how the message goes on after the name of the property
 */
export function canonicalText(
  name: string,
  canonical: (input: string) => string | undefined,
  rule: string,
  options?: ValidationOptions,
): PropertyDecorator {
  const toCanonical = Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? (canonical(value) ?? value) : value,
  );
  const validate = ValidateBy(
    {
      name,
      validator: {
        validate: (value: unknown) => typeof value === 'string' && canonical(value) !== undefined,
        defaultMessage: buildMessage((eachPrefix) => `${eachPrefix}$property ${rule}`, options),
      },
    },
    options,
  );
  return (target, property) => {
    toCanonical(target, property);
    validate(target, property);
  };
}
