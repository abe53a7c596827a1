import { ConfigurableModuleBuilder, type DynamicModule, type FactoryProvider, Logger, Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AUTH_CONFIG, type AuthConfig } from '../platform/config/auth-config.js';
import type { RuntimeOptions, StructuralOptions } from './options/auth-options.js';
import { describeConfig } from '../platform/config/describe-config.js';
import type { Level } from '../platform/config/levels.js';
import { processEnvironment } from '../platform/config/read-settings.js';
import { resolveFlags, type ResolvedFlags, resolveRoutes } from '../platform/config/resolve-config.js';
import { pathsOf } from '../platform/http/endpoint-paths.js';
import { mountControllers, plannedRoutes } from '../platform/http/mount-controller.js';
import { PLANNED_ROUTES } from '../platform/http/planned-routes.js';
import { ENDPOINTS } from './flows.js';
import { basicLevel } from './levels/basic.js';
import { completeLevel } from './levels/complete.js';
import type { LevelParts } from './levels/level-parts.js';
import { noneLevel } from './levels/none.js';
import { documentation } from './openapi/documentation.js';
import { checkStart } from './start-up/start-up-check.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<RuntimeOptions>({
    moduleName: 'Auth',
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createAuthOptions')
    .build();

/** Where the runtime options come from: `useFactory`, `useClass` or `useExisting`, with `inject` and `imports`. */
export type AuthAsyncOptions = typeof ASYNC_OPTIONS_TYPE;

const PARTS: Readonly<Record<Level, (structure: StructuralOptions, flags: ResolvedFlags) => LevelParts>> = {
  none: noneLevel,
  basic: basicLevel,
  complete: completeLevel,
};

/** The wiring: which providers and routes exist, by level. */
@Module({})
export class AuthCoreModule extends ConfigurableModuleClass {
  static wire(structure: StructuralOptions, runtime: AuthAsyncOptions): DynamicModule {
    const options = AuthCoreModule.forRootAsync(runtime);
    const flags = resolveFlags(structure, processEnvironment);
    const parts = PARTS[flags.level](structure, flags);
    const routes = resolveRoutes(structure, processEnvironment);
    const paths = pathsOf(ENDPOINTS, routes);
    const controllers = mountControllers(parts.controllers, paths, routes.version);
    return {
      ...options,
      global: structure.isGlobal ?? true,
      imports: [...(options.imports ?? []), ...(structure.imports ?? []), ConfigModule, ...parts.imports],
      controllers,
      providers: [
        ...(options.providers ?? []),
        ...parts.providers,
        { provide: PLANNED_ROUTES, useValue: plannedRoutes(parts.controllers, paths) },
        ...(controllers.length > 0 ? [documentation(controllers)] : []),
        configuration(structure, flags.level),
      ],
      exports: [...parts.exports, AUTH_CONFIG],
    };
  }
}

/** The one AuthConfig: checked with the entities, where the level has any, and told to the log. */
function configuration(structure: StructuralOptions, level: Level): FactoryProvider<AuthConfig> {
  return {
    provide: AUTH_CONFIG,
    useFactory: (runtime: RuntimeOptions, env: ConfigService, source?: DataSource): AuthConfig => {
      const { config, warnings } = checkStart(structure, runtime, (name) => env.get<string>(name), source);
      const logger = new Logger('AuthModule');
      logger.log(describeConfig(config));
      for (const warning of warnings) logger.warn(warning);
      return config;
    },
    inject: [
      MODULE_OPTIONS_TOKEN,
      ConfigService,
      ...(level === 'none' ? [] : [getDataSourceToken(structure.dataSource)]),
    ],
  };
}
