import type { DynamicModule, Provider, Type } from '@nestjs/common';

/** What a level adds to the application. */
export interface LevelParts {
  readonly imports: DynamicModule[];
  readonly controllers: Type[];
  readonly providers: Provider[];
  /** What the application's own modules may inject, and what its routes need for the guard. */
  readonly exports: Required<DynamicModule>['exports'];
}
