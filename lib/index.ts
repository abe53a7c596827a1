export { AuthModule, type AuthModuleAsyncOptions } from './auth.module.js';
export { AuthService } from './auth.service.js';
export {
  AUTH_ERRORS,
  AuthError,
  type AuthErrorBody,
  type AuthErrorCode,
  type AuthErrorDetails,
  type FieldProblem,
} from './auth.errors.js';
export { Clock } from './clock.js';

export type {
  AuthModuleOptions,
  BasicOptions,
  CompleteOptions,
  LevelOptions,
  NoneOptions,
  RuntimeOptions,
  StructuralOptions,
} from './config/auth-options.js';
export { AUTH_CONFIG, type AuthConfig } from './config/auth-config.js';
export type { AuthConfigRoutes, RoutePaths, RoutePreset } from './config/settings/route-settings.js';
export { type Level, LEVELS } from './config/levels.js';
export { type ModeLetter, type ModeName, MODES } from './config/modes.js';
export { AuthStartUpError, type StartUpProblem } from './config/start-up-error.js';

export type { UserColumnNames } from './entities/account-properties.js';
export { type Account, BaseUser, BaseUserWithoutKey, type UserId } from './entities/base-user.entity.js';
export { BaseUserToken, type TokenPurpose } from './entities/base-user-token.entity.js';
export { BaseAuthEvent } from './entities/base-auth-event.entity.js';
export {
  AUTH_EVENTS,
  type AuthEvent,
  type AuthEventDetail,
  type AuthEventLevel,
  type AuthEventName,
  type AuthEvents,
} from './events/auth-event.js';
export type { OperatorOptions } from './operators/operator.service.js';
export { instant } from './entities/instant.js';

export {
  type AccountContext,
  type ActivationContext,
  type AdditionalClaims,
  AuthHooks,
  type EmailChangeContext,
  type EmailChangeRequest,
  type LoginIdentifier,
  type SessionContext,
  type SignupAttempt,
  type TransactionContext,
} from './hooks/auth-hooks.js';

export { Authenticated, CurrentSession, OptionalAuth, Public, Verified } from './access/access.decorators.js';
export { CurrentUser } from './access/current-user.js';
export { TokenDelivery, type TokenPairBody } from './delivery/token-delivery.js';
export { AccessGuard } from './access/access.guard.js';
export { AccessTokenVerifier } from './access/access-token-verifier.js';
export { rememberHandshake } from './access/handshakes.js';
export { AuthErrorWsFilter } from './http/auth-error.filter.js';
export { getPrincipal, type Principal } from './access/principal.js';
export type { AccessClaims, IssuedTokens, TokenPair } from './tokens/session-tokens.js';

export { SignupDto } from './signup/signup.dto.js';
export { ProfileDto } from './profile/profile.dto.js';
export type { SignupResult } from './signup/enrolment.js';
export type { SignupInput } from './signup/signup.service.js';
export type { SessionInfo } from './session/session-list.service.js';
export type { AccountExport } from './profile/account-export.service.js';
export type { ActivationResult } from './activation/activation.service.js';
export type { Credentials } from './login/login-identifier.js';
export type { EmailChangeResult } from './email-change/email-change.service.js';
export type { EmailChangeUndoResult } from './email-change/email-change-undo.service.js';
export type { Device } from './http/device.decorator.js';
export { ACCOUNT_DTOS, type AccountDtos, type OwnBodies } from './own-fields/account-dtos.js';
export { addAuthSecurity, type AuthSecurityScheme, type SecurityBuilder } from './openapi/security-schemes.js';
export { canonicalEmail, CanonicalEmail } from './http/email.js';
export { canonicalUsername, CanonicalUsername } from './http/username.js';
export { type MountedRoute, Routes } from './http/routes.js';
export { redactUrl } from './http/redact-url.js';

export {
  addUserColumns,
  userColumns,
  userTable,
  type UserIdType,
  type UserTableOptions,
} from './migrations/user-table.js';
export { authEventTable, type AuthEventTableOptions } from './migrations/auth-event-table.js';
export { userTokenTable, type UserTokenTableOptions } from './migrations/user-token-table.js';
export type { PortableColumn } from './migrations/table-column.js';
