import { type DynamicModule, type FactoryProvider, type Provider, Scope, type Type } from '@nestjs/common';
import { AuthThrottlerStorage } from '../../engine/limits/throttler-storage.js';
import { hasLevel, type Level } from '../../platform/config/levels.js';
import { AuthStartUpError } from '../../platform/config/start-up-error.js';
import type { FlowParts } from '../../platform/http/flow-parts.js';
import { FLOWS } from '../flows.js';

/** What a level adds to the application. */
export interface LevelParts {
  readonly imports: DynamicModule[];
  readonly controllers: Type[];
  readonly providers: Provider[];
  /** What the application's own modules may inject, and what its routes need for the guard. */
  readonly exports: Required<DynamicModule>['exports'];
}

/** What the flows of a level consist of, with pages where the back end renders them. */
export function flowsOf(level: Level, backendLinks: boolean): Pick<LevelParts, 'controllers' | 'providers'> {
  const flows: FlowParts[] = FLOWS.filter((flow) => hasLevel(level, flow.level));
  const added = hasLevel(level, 'complete') ? flows.flatMap(({ complete }) => complete ?? []) : [];
  const pages = flows.flatMap((flow) => (backendLinks ? flow.pages : flow.insteadOfPages) ?? []);
  return {
    controllers: [...[...flows, ...added].flatMap(({ controllers }) => controllers), ...pages],
    providers: [...flows, ...added].flatMap(({ providers }) => providers),
  };
}

/** Where there is no table to count in. Made when it is injected, and not before: so it stops only who wants it. */
export const NO_THROTTLER_STORAGE: FactoryProvider<never> = {
  provide: AuthThrottlerStorage,
  scope: Scope.TRANSIENT,
  useFactory: () => {
    const message = 'is missing, and AuthThrottlerStorage counts in its table: not in memory, and not in Redis';
    const fix = 'Pass the entity to AuthModule (level basic or complete), or give ThrottlerModule another storage.';
    throw new AuthStartUpError([{ path: 'limitEntity', message, fix }]);
  },
};
