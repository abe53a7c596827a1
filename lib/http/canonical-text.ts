import { Transform } from 'class-transformer';
import type { ValidationOptions } from 'class-validator';
import { buildMessage, ValidateBy } from './class-validator.js';

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
