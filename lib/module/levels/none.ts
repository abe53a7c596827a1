import { AccessGuard } from '../../engine/access/access.guard.js';
import { AccessTokenVerifier } from '../../engine/access/access-token-verifier.js';
import { ForeignTokenVerifier } from '../../engine/access/foreign-token-verifier.js';
import { Clock } from '../../platform/common/clock.js';
import type { LevelParts } from './level-parts.js';

/** Level none: the guard alone, for tokens issued elsewhere. No routes, no tables, no data source. */
export function noneLevel(): LevelParts {
  return {
    imports: [],
    controllers: [],
    providers: [AccessGuard, Clock, { provide: AccessTokenVerifier, useClass: ForeignTokenVerifier }],
    exports: [AccessGuard, AccessTokenVerifier, Clock],
  };
}
