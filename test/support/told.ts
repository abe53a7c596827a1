import { Injectable } from '@nestjs/common';
import {
  type ActivationContext,
  AuthError,
  AuthHooks,
  AuthService,
  type LoginContext,
  type TransactionContext,
  type UserId,
} from 'nestjs-gatehouse';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { userRow } from './rows.js';
import type { Stack } from './stacks.js';
import { createTestApp, type TestApp, type TestAppOptions } from './test-app.js';
import { namedSchema } from './users-with-username.js';

/** Bans by address, breaks where a test says so, and keeps what it was told. */
@Injectable()
export class Told extends AuthHooks<{ id: UserId; email: string }> {
  static told: string[] = [];
  static banned?: string;
  static breaksFor?: string;

  override beforeLogin({ user, via }: LoginContext<{ id: UserId; email: string }>) {
    Told.told.push(`beforeLogin ${via}`);
    if (user.email === Told.banned) throw new AuthError('LOGIN_REFUSED');
  }
  override afterLogin({ via }: { via: string }) {
    Told.told.push(`afterLogin ${via}`);
  }
  override afterSignup(_: TransactionContext<{ id: UserId; email: string }>) {
    Told.told.push('afterSignup');
  }
  override afterActivation({ user, via }: ActivationContext<{ id: UserId; email: string }>) {
    Told.told.push(`afterActivation ${via}`);
    if (user.email === Told.breaksFor) throw new Error('the table of profiles is away');
  }
}

/** The code an operation is refused with; undefined where it succeeds. */
export const codeOf = (work: Promise<unknown>): Promise<string | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof AuthError ? error.code : String(error)),
  );

/** An application of which this hook is told, with usernames, and the service its own code calls. */
export function withTold(stack: Partial<Stack>, choice: TestAppOptions = {}) {
  const on = {} as { t: TestApp; auth: AuthService };
  beforeAll(async () => {
    const schema = namedSchema({ integerKeys: stack.integerKeys });
    on.t = await createTestApp({ ...stack, ...choice, schema, options: { hooks: Told } });
    on.auth = on.t.app.get(AuthService);
  });
  afterAll(() => on.t.close());
  beforeEach(() => void Object.assign(Told, { told: [], banned: undefined, breaksFor: undefined }));
  return on;
}

/** The key of an address. */
export const idOf = async (t: TestApp, email: string) => (await userRow(t, email))!.id;
