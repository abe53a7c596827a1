import {
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import type { ValidationError } from 'class-validator';
import { AuthError, type FieldProblem } from '../common/auth.errors.js';
import { Validator } from '../common/class-validator.js';
import { settableNames, wireName } from './dto-properties.js';
import { OWN_BODIES, type OwnBodies, type OwnRequest } from './own-bodies.js';
import { assertSafeBody, type SafeBody } from './safe-body.js';

/** More problems than this are not listed: a body of unknown fields must not buy a far longer answer. */
const MAX_PROBLEMS = 20;

/** Whether a body states all there is, or, as PATCH does, what is to change: then no field is missed, and none filled in. */
type Extent = 'whole' | 'part';

const validator = new Validator();

const ORDINARY_NAME = /^\w{1,64}$/;

/**
 * The body of the request as a validated DTO. It is a decorator of its own, not `@Body()`, so that the application's
 * global ValidationPipe, whatever its settings, neither strips nor rewrites what the module receives.
 *
 *     login(@Input(LoginDto) dto: LoginDto)
 */
export function Input<T extends object>(dto: Type<T>): ParameterDecorator {
  return createParamDecorator((_data: unknown, context: ExecutionContext) => validateInput(dto, bodyOf(context)))();
}

/**
 * Like {@link Input}, with the DTO class of this application. By a pipe, because only what is injected knows whose module
 * it serves. Declare the parameter as an interface: for a class, a global ValidationPipe with `validateCustomDecorators`
 * would judge the body first, and by that class.
 *
 *     signup(@OwnInput('signup') input: SignupInput)
 */
export function OwnInput(name: OwnRequest, extent: Extent = 'whole'): ParameterDecorator {
  @Injectable()
  class OwnInputPipe implements PipeTransform<unknown, Promise<object>> {
    constructor(@Inject(OWN_BODIES) private readonly bodies: OwnBodies) {}

    transform(body: unknown): Promise<object> {
      return validateInput(this.bodies[name], body, extent);
    }
  }
  return createParamDecorator((_data: unknown, context: ExecutionContext) => bodyOf(context))(OwnInputPipe);
}

/**
 * Turns a parsed body into a validated DTO. Unknown fields are refused, not dropped: mass assignment shows up as an
 * error instead of silence. No body at all counts as an empty one, so that the answer names the missing fields.
 * @throws AuthError INPUT_MALFORMED, or INPUT_INVALID with the fields at fault and never their values
 */
export async function validateInput<T extends object>(
  dto: Type<T>,
  body: unknown = {},
  extent: Extent = 'whole',
): Promise<T> {
  // The gate has checked the shape already; this holds for a route that an application mounts where no gate is.
  assertSafeBody(body);
  const { known, unknown } = sorted(dto, body);
  // The answer has no room for more, and each field would cost the validator its time.
  if (unknown.length >= MAX_PROBLEMS) throw invalid(unknown.slice(0, MAX_PROBLEMS).map(unknownField));
  const input = plainToInstance(dto, known, { enableImplicitConversion: false });
  const errors = await validator.validate(input, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: false,
    validationError: { value: false },
  });
  const isLeftOut = (property: string) => extent === 'part' && !Object.hasOwn(body, wireName(dto, property));
  const stated = errors.filter(({ property }) => !isLeftOut(property));
  const problems = [...unknown.map(unknownField), ...fieldProblems(stated)];
  if (problems.length > 0) throw invalid(problems);
  // A class may give its properties values of its own, which are nothing the client asked for.
  for (const property of Object.keys(input)) if (isLeftOut(property)) Reflect.deleteProperty(input, property);
  return input;
}

/** The fields of a body that the class has, and the names of those it has not. */
function sorted(dto: Type<object>, body: SafeBody): { known: SafeBody; unknown: string[] } {
  const names = settableNames(dto);
  const known = Object.fromEntries(Object.entries(body).filter(([name]) => names.has(name)));
  return { known, unknown: Object.keys(body).filter((name) => !names.has(name)) };
}

function fieldProblems(errors: ValidationError[], parent = ''): FieldProblem[] {
  return errors.flatMap((error) => {
    const field = parent + clientName(error);
    const messages = Object.entries(error.constraints ?? {}).map(([constraint, message]) =>
      constraint === 'whitelistValidation'
        ? `${field} is not a known field`
        : message.replace(error.property, () => field),
    );
    const own = messages.length > 0 ? [{ field, messages }] : [];
    return [...own, ...fieldProblems(error.children ?? [], `${field}.`)];
  });
}

function clientName({ property = '', constraints, target }: ValidationError): string {
  if (constraints && 'whitelistValidation' in constraints) return plainName(property);
  return target ? wireName(target.constructor as Type<object>, property) : property;
}

/** The name of an unknown field is the client's own text: not repeated unless it is plain. */
function plainName(name: string): string {
  return ORDINARY_NAME.test(name) ? name : 'unknown';
}

function unknownField(name: string): FieldProblem {
  const field = plainName(name);
  return { field, messages: [`${field} is not a known field`] };
}

function invalid(problems: FieldProblem[]): AuthError {
  return new AuthError('INPUT_INVALID', { errors: problems.slice(0, MAX_PROBLEMS) });
}

function bodyOf(context: ExecutionContext): unknown {
  return context.switchToHttp().getRequest<{ body?: unknown }>().body;
}
