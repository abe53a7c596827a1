import { createParamDecorator, type ExecutionContext, type Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validate, type ValidationError } from 'class-validator';
import { AuthError, type FieldProblem } from '../auth.errors.js';
import { assertSafeBody } from './safe-body.js';

/** More problems than this are not listed: a body of unknown fields must not buy a far longer answer. */
const MAX_PROBLEMS = 20;

const ORDINARY_NAME = /^\w{1,64}$/;

/**
 * The body of the request as a validated DTO. It is a decorator of its own, not `@Body()`, so that the application's
 * global ValidationPipe, whatever its settings, neither strips nor rewrites what the module receives.
 *
 *     login(@Input(LoginDto) dto: LoginDto)
 */
export function Input<T extends object>(dto: Type<T>): ParameterDecorator {
  return createParamDecorator((_data: unknown, context: ExecutionContext) =>
    validateInput(dto, context.switchToHttp().getRequest<{ body?: unknown }>().body),
  )();
}

/**
 * Turns a parsed body into a validated DTO. Unknown fields are refused, not dropped: mass assignment shows up as an
 * error instead of silence. No body at all counts as an empty one, so that the answer names the missing fields.
 * @throws AuthError INPUT_MALFORMED, or INPUT_INVALID with the fields at fault and never their values
 */
export async function validateInput<T extends object>(dto: Type<T>, body: unknown = {}): Promise<T> {
  // The gate has checked the shape already; this holds for a route that an application mounts where no gate is.
  assertSafeBody(body);
  const input = plainToInstance(dto, body, { enableImplicitConversion: false });
  const errors = await validate(input, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: false,
    validationError: { target: false, value: false },
  });
  if (errors.length > 0) throw new AuthError('INPUT_INVALID', { errors: fieldProblems(errors).slice(0, MAX_PROBLEMS) });
  return input;
}

function fieldProblems(errors: ValidationError[], parent = ''): FieldProblem[] {
  return errors.flatMap((error) => {
    const field = parent + wireName(error);
    const messages = Object.entries(error.constraints ?? {}).map(([constraint, message]) =>
      constraint === 'whitelistValidation'
        ? `${field} is not a known field`
        : message.replace(error.property, () => field),
    );
    const own = messages.length > 0 ? [{ field, messages }] : [];
    return [...own, ...fieldProblems(error.children ?? [], `${field}.`)];
  });
}

/** A property of a DTO as the client spells it. The name of an unknown field is the client's own text: not repeated unless it is plain. */
function wireName({ property = '', constraints }: ValidationError): string {
  if (constraints && 'whitelistValidation' in constraints) return ORDINARY_NAME.test(property) ? property : 'unknown';
  return property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
