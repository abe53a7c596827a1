import type { DynamicModule, Provider, Type } from '@nestjs/common';
import { hasLevel, type Level } from '../../platform/config/levels.js';
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
