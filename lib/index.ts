export { AuthModule, type AuthModuleAsyncOptions } from './module/auth.module.js';
export { type ActivationResult, AuthService, type SignInOptions, type SignupResult } from './module/auth.service.js';
export {
  type AuthHealth,
  AuthHealthIndicator,
  type HealthState,
  type HealthStatus,
  type HealthThresholds,
  type MailHealthState,
} from './module/health/auth-health-indicator.js';
export {
  AUTH_ERRORS,
  AuthError,
  type AuthErrorBody,
  type AuthErrorCode,
  type AuthErrorDetails,
  type FieldProblem,
} from './platform/common/auth.errors.js';
export type { MailVerification } from './engine/mail/mail-check.js';
export { Clock } from './platform/common/clock.js';

export type {
  AuthModuleOptions,
  BasicOptions,
  CompleteOptions,
  LevelOptions,
  NoneOptions,
  RuntimeOptions,
  StructuralOptions,
} from './module/options/auth-options.js';
export { AUTH_CONFIG, type AuthConfig } from './platform/config/auth-config.js';
export type { RouteOptions, RoutePaths } from './module/options/route-options.js';
export type { RoutePreset } from './platform/config/settings/route-settings.js';
export type * from './platform/config/option-groups.js';
export type { JwtAlgorithm } from './platform/config/jwt-algorithms.js';
export { type Level, LEVELS } from './platform/config/levels.js';
export { type ModeLetter, type ModeName, MODES } from './platform/config/modes.js';
export { AuthStartUpError, type StartUpProblem } from './platform/config/start-up-error.js';

export type { UserColumnNames } from './platform/data/entities/account-properties.js';
export { type Account, BaseUser, BaseUserWithoutKey, type UserId } from './platform/data/entities/base-user.entity.js';
export { BaseUserToken } from './platform/data/entities/base-user-token.entity.js';
export type { TokenPurpose } from './platform/common/purposes.js';
export { BaseAuthEvent } from './platform/data/entities/base-auth-event.entity.js';
export { BaseAuthLimit } from './platform/data/entities/base-auth-limit.entity.js';
export {
  LimitStore,
  type GrowingWaits,
  type LimitBudget,
  type LimitedKey,
  type LimitReturn,
  type LimitVerdict,
} from './platform/common/limit.js';
export { AuthThrottlerStorage, type ThrottledHit } from './engine/limits/throttler-storage.js';
export { RedisLimits, type RedisClient } from './engine/limits/redis-limits.js';
export {
  AUTH_EVENTS,
  type AuthEvent,
  type AuthEventDetail,
  type AuthEventLevel,
  type AuthEventName,
  type AuthEvents,
} from './platform/common/auth-event.js';
export type {
  CreateAccountOptions,
  OperatorAccountInput,
  OperatorOptions,
} from './flows/operators/operators.service.js';
export { instant } from './platform/data/entities/instant.js';

export {
  type AccountContext,
  type ActivationContext,
  type AdditionalClaims,
  AuthHooks,
  type EmailChangeContext,
  type EmailChangeRequest,
  type LoginContext,
  type LoginDoneContext,
  type LoginIdentifier,
  type SessionContext,
  type SignInWay,
  type SignupAttempt,
  type TransactionContext,
} from './engine/hooks/auth-hooks.js';

export { BreachedPasswords } from './engine/passwords/breached-passwords.js';

export { Authenticated, CurrentSession, OptionalAuth, Public, Verified } from './engine/access/access.decorators.js';
export { CurrentUser } from './engine/access/current-user.js';
export { TokenDelivery } from './engine/sessions/token-delivery.js';
export { CookieWithdrawal, type EndedSessions } from './engine/sessions/cookie-withdrawal.js';
export type { TokenPairBody } from './engine/sessions/token-pair.body.js';
export { AccessGuard } from './engine/access/access.guard.js';
export { AccessTokenVerifier } from './engine/access/access-token-verifier.js';
export { rememberHandshake } from './engine/access/handshakes.js';
export { AuthErrorWsFilter } from './platform/http/auth-error.filter.js';
export { getPrincipal, type Principal } from './engine/access/principal.js';
export type { AccessClaims, IssuedTokens, TokenPair } from './engine/tokens/session-tokens.js';

export { SignupDto } from './flows/signup/signup.dto.js';
export { ProfileDto } from './flows/profile/profile.dto.js';
export type { SignupInput } from './flows/signup/signup.service.js';
export type { SessionInfo } from './flows/sessions/sessions.service.js';
export type { AccountExport } from './flows/profile/account-export.service.js';
export type { Credentials } from './flows/login/login-identifier.js';
export type { EmailChangeResult } from './flows/email-change/email-change.service.js';
export type { EmailChangeUndoResult } from './flows/email-change/email-change-undo.service.js';
export type { Device } from './platform/common/device.js';
export { OWN_BODIES, type OwnBodies } from './platform/http/own-bodies.js';
export { addAuthSecurity, type AuthSecurityScheme, type SecurityBuilder } from './module/openapi/security-schemes.js';
export { canonicalEmail, CanonicalEmail } from './platform/common/email.js';
export { canonicalUsername, CanonicalUsername } from './platform/common/username.js';
export { type MountedRoute, Routes } from './platform/http/routes.js';
export { redactUrl } from './platform/http/redact-url.js';

export {
  addUserColumns,
  userTableColumns,
  userTable,
  type UserIdType,
  type UserTableOptions,
} from './platform/data/migrations/user-table.js';
export { authEventTable, type AuthEventTableOptions } from './platform/data/migrations/auth-event-table.js';
export { authLimitTable, type AuthLimitTableOptions } from './platform/data/migrations/auth-limit-table.js';
export {
  addUserTokenColumns,
  userTokenTable,
  type UserTokenTableOptions,
} from './platform/data/migrations/user-token-table.js';
export type { PortableColumn } from './platform/data/migrations/table-column.js';
