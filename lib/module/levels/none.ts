import type { FactoryProvider } from '@nestjs/common';
import { AccessGuard } from '../../engine/access/access.guard.js';
import { AccessTokenVerifier } from '../../engine/access/access-token-verifier.js';
import { Clock } from '../../platform/common/clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { AuthThrottlerStorage } from '../../engine/limits/throttler-storage.js';
import { type LevelParts, NO_THROTTLER_STORAGE } from './level-parts.js';

/** Loaded at this level alone: the others have no use for jose. */
const FOREIGN_TOKENS: FactoryProvider<AccessTokenVerifier> = {
  provide: AccessTokenVerifier,
  useFactory: async (clock: Clock, config: AuthConfig) => {
    const { ForeignTokenVerifier } = await import('../../engine/access/foreign-token-verifier.js');
    return new ForeignTokenVerifier(clock, config);
  },
  inject: [Clock, AUTH_CONFIG],
};

/** Level none: the guard alone, for tokens issued elsewhere. No routes, no tables, no data source. */
export function noneLevel(): LevelParts {
  return {
    imports: [],
    controllers: [],
    providers: [AccessGuard, Clock, FOREIGN_TOKENS, NO_THROTTLER_STORAGE],
    exports: [AccessGuard, AccessTokenVerifier, AuthThrottlerStorage, Clock],
  };
}
