import { Inject, Injectable, Logger, type OnModuleInit, Optional, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { EntityManager } from 'typeorm';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import type { AuthHooks, TransactionContext } from './auth-hooks.js';

/** Injection token of the application's class of hooks; absent where it has none. */
export const HOOKS_CLASS = Symbol('HOOKS_CLASS');

/** Hooks for whatever entity the application has. */
type AnyHooks = AuthHooks<object>;
type HookName = keyof AnyHooks;
type Hook<N extends HookName> = NonNullable<AnyHooks[N]>;
type Context<N extends HookName> = Parameters<Hook<N>>[0];
type Result<N extends HookName> = Awaited<ReturnType<Hook<N>>>;

/** The hooks that run inside a flow's transaction. */
type InnerHook = {
  [N in HookName]: Context<N> extends TransactionContext<object> ? N : never;
}[HookName];

/** What a context inside a transaction has besides user and manager. */
type Particulars<N extends InnerHook> = Omit<Context<N>, 'user' | 'manager'>;

/**
 * How flows call the application's hooks. A context is made only for a hook that exists: an application without hooks
 * pays for none.
 */
@Injectable()
export class Hooks implements OnModuleInit {
  private readonly logger = new Logger('AuthHooks');
  private resolved?: AnyHooks;

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly users: UsersStore,
    @Optional() @Inject(HOOKS_CLASS) private readonly hooksClass?: Type<AnyHooks>,
  ) {}

  /** Fails at start, not at the first login, where the class cannot be had (a request-scoped one). */
  onModuleInit(): void {
    this.resolve();
  }

  has(name: HookName): boolean {
    return this.resolve()[name] !== undefined;
  }

  /**
   * Runs a hook, if there is one and `context` has something for it.
   * @throws whatever the hook throws
   */
  async run<N extends HookName>(
    name: N,
    context: () => Context<N> | undefined | Promise<Context<N> | undefined>,
  ): Promise<Result<N> | undefined> {
    const hooks = this.resolve();
    const hook = hooks[name] as ((context: Context<N>) => Result<N> | Promise<Result<N>>) | undefined;
    const given = hook && (await context());
    return given && hook.call(hooks, given);
  }

  /** Runs a hook inside the flow's transaction, with the user as the transaction has it by now. */
  async within<N extends InnerHook>(
    manager: EntityManager,
    name: N,
    userId: UserId,
    particulars: Particulars<N>,
  ): Promise<void> {
    await this.run(name, async () => {
      const user = await this.users.findById(userId, manager);
      return user ? ({ ...particulars, user, manager } as unknown as Context<N>) : undefined;
    });
  }

  /** Runs a hook when all is done and committed: its failure is logged, and fails nothing. */
  async tell<N extends HookName>(name: N, context: Parameters<typeof this.run<N>>[1]): Promise<void> {
    try {
      await this.run(name, context);
    } catch (error) {
      this.logger.error(`${name} failed`, error instanceof Error ? error.stack : undefined);
    }
  }

  /** From the container, not by constructor: hooks may then inject AuthService, which the flows are part of. */
  private resolve(): AnyHooks {
    this.resolved ??= this.hooksClass ? this.moduleRef.get(this.hooksClass) : {};
    return this.resolved;
  }
}
