import { type DynamicModule, Module } from '@nestjs/common';
import { type AuthAsyncOptions, AuthCoreModule } from './auth-core.module.js';
import type { AuthModuleOptions, LevelOptions, StructuralOptions } from './options/auth-options.js';
import { separateOptions } from './options/separate-options.js';
import type { BaseUserToken } from '../platform/data/entities/base-user-token.entity.js';
import type { Account } from '../platform/data/entities/base-user.entity.js';

/** Options of `forRootAsync`: the structural ones, and a factory for the others. */
export type AuthModuleAsyncOptions<U extends object = Account, T extends BaseUserToken = BaseUserToken> = LevelOptions<
  U,
  T
> &
  AuthAsyncOptions;

/**
 * The account module. Import it once, after ConfigModule and TypeOrmModule:
 *
 *     AuthModule.forRoot({ userEntity: User, tokenEntity: UserToken, mode: 'A' })
 *     AuthModule.forRoot({ level: 'basic', userEntity: User })
 *     AuthModule.forRoot({ level: 'none' })
 *
 * Start fails with one AuthStartUpError that lists every problem of configuration, entities and templates.
 *
 * @publicApi
 */
@Module({})
export class AuthModule {
  /** Options in code win over environment variables, those over the mode's preset, and that over the defaults. */
  static forRoot<U extends object, T extends BaseUserToken>(options: AuthModuleOptions<U, T>): DynamicModule {
    const { structural, runtime } = separateOptions(options);
    return this.assemble(structural, { useFactory: () => runtime });
  }

  /** The same, with the runtime options from a factory; the structural ones sit beside `useFactory`. */
  static forRootAsync<U extends object, T extends BaseUserToken>(options: AuthModuleAsyncOptions<U, T>): DynamicModule {
    const { structural, runtime } = separateOptions(options);
    return this.assemble(structural, runtime);
  }

  private static assemble(structural: StructuralOptions, runtime: AuthAsyncOptions): DynamicModule {
    // One module holds everything: RouterModule gives its prefix to the module an application names.
    return { ...AuthCoreModule.wire(structural, runtime), module: AuthModule };
  }
}
