import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { principalIn } from './request-context.js';

const ASKS_FOR_USER = Symbol('ASKS_FOR_USER');

const currentUser = createParamDecorator((_: unknown, context: ExecutionContext): Promise<unknown> | undefined =>
  principalIn<unknown>(context)?.user(),
);

/**
 * The signed-in user: the application's whole entity, loaded only because the handler asks for it, and then by the guard's
 * own statement; at level none, the claims of the token. Undefined for guests.
 */
export const CurrentUser: typeof currentUser = (...pipes) => {
  const decorate = currentUser(...pipes);
  return (target, method, index) => {
    decorate(target, method, index);
    const handler: unknown = method !== undefined && Reflect.get(target, method);
    if (typeof handler === 'function') Reflect.defineMetadata(ASKS_FOR_USER, true, handler);
  };
};

/** True for a handler with `@CurrentUser()`. */
export function asksForUser(handler: object): boolean {
  return Reflect.hasMetadata(ASKS_FOR_USER, handler);
}
