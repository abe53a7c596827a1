import type { Provider } from '@nestjs/common';
import { AccessGuard } from '../../engine/access/access.guard.js';
import { AccessTokenVerifier } from '../../engine/access/access-token-verifier.js';
import { SessionCheck } from '../../engine/sessions/session-check.js';
import { SessionMemory } from '../../engine/sessions/session-memory.js';
import { SessionVerifier } from '../../engine/sessions/session-verifier.js';
import { ActivationByPathController, ActivationController } from '../../flows/activation/activation.controller.js';
import { ActivationPages } from '../../flows/activation/activation.pages.js';
import { ActivationService } from '../../flows/activation/activation.service.js';
import { AuthService } from '../auth.service.js';
import { Clock } from '../../platform/common/clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { StructuralOptions } from '../options/auth-options.js';
import type { ResolvedFlags } from '../../platform/config/resolve-config.js';
import { CookieCredentials } from '../../engine/access/cookie-credentials.js';
import { TokenDelivery } from '../../engine/sessions/token-delivery.js';
import { EmailChangeController } from '../../flows/email-change/email-change.controller.js';
import { EmailChangePages } from '../../flows/email-change/email-change.pages.js';
import { EmailChangeService } from '../../flows/email-change/email-change.service.js';
import { EmailChangeUndoService } from '../../flows/email-change/email-change-undo.service.js';
import { Routes } from '../../platform/http/routes.js';
import { MailedLinks } from '../../engine/links/mailed-links.js';
import { LinkUrls } from '../../engine/mail/link-urls.js';
import { MailRenderer } from '../../engine/mail/mail-renderer.js';
import { AUTH_MAILER, createMailer, MailSender } from '../../engine/mail/mail-sender.js';
import { Outbox } from '../../engine/mail/outbox.js';
import { OutboxWorker } from '../../engine/mail/outbox-worker.js';
import { OperatorsService } from '../../flows/operators/operators.service.js';
import { PageRenderer } from '../../engine/pages/page-renderer.js';
import { PasswordChangeController } from '../../flows/password-change/password-change.controller.js';
import { PasswordChangeService } from '../../flows/password-change/password-change.service.js';
import { PasswordResetController } from '../../flows/password-reset/password-reset.controller.js';
import { PasswordResetPages } from '../../flows/password-reset/password-reset.pages.js';
import { PasswordResetService } from '../../flows/password-reset/password-reset.service.js';
import { AccountController } from '../../flows/profile/account.controller.js';
import { AccountDeletionService } from '../../flows/profile/account-deletion.service.js';
import { AccountExportService } from '../../flows/profile/account-export.service.js';
import { SessionController } from '../../flows/refresh/refresh.controller.js';
import { SessionListService } from '../../flows/sessions/sessions.service.js';
import { SessionOpener } from '../../engine/sessions/session-opener.js';
import { SessionEnder } from '../../engine/sessions/session-ender.js';
import { SessionWriter } from '../../engine/sessions/session-writer.js';
import { LogoutService } from '../../flows/refresh/logout.service.js';
import { RefreshService } from '../../flows/refresh/refresh.service.js';
import { ActiveSignup } from '../../flows/signup/active-signup.js';
import { PendingSignup } from '../../flows/signup/pending-signup.js';
import { SignupWriter } from '../../flows/signup/signup-writer.js';
import { Cleanup } from '../../platform/data/store/cleanup.js';
import { TokensStore } from '../../platform/data/store/tokens.store.js';
import { LinkTokens } from '../../engine/tokens/link-tokens.js';
import { UniformAnswer } from '../../engine/links/uniform-answer.js';
import { ACCOUNT_CONTROLLERS, ACCOUNT_PROVIDERS, entityModule, ownResources } from './basic.js';
import type { LevelParts } from './level-parts.js';

const PROVIDERS: readonly Provider[] = [
  AuthService,
  CookieCredentials,
  SessionCheck,
  SessionMemory,
  TokensStore,
  Cleanup,
  LinkTokens,
  UniformAnswer,
  LinkUrls,
  MailedLinks,
  MailRenderer,
  MailSender,
  Outbox,
  OutboxWorker,
  ActiveSignup,
  PendingSignup,
  ActivationService,
  SessionEnder,
  RefreshService,
  LogoutService,
  SessionListService,
  PasswordResetService,
  PasswordChangeService,
  AccountDeletionService,
  AccountExportService,
  OperatorsService,
  EmailChangeService,
  EmailChangeUndoService,
  { provide: AccessTokenVerifier, useClass: SessionVerifier },
  { provide: SessionOpener, useClass: SessionWriter },
  {
    provide: SignupWriter,
    useFactory: (config: AuthConfig, active: ActiveSignup, pending: PendingSignup) =>
      config.autoActivate ? active : pending,
    inject: [AUTH_CONFIG, ActiveSignup, PendingSignup],
  },
  {
    provide: AUTH_MAILER,
    useFactory: (config: AuthConfig) => (config.sendsMail ? createMailer(config) : undefined),
    inject: [AUTH_CONFIG],
  },
];

/** Level complete: every flow, with links, mail and sessions that can be ended. */
export function completeLevel(structure: StructuralOptions, { backendLinks }: ResolvedFlags): LevelParts {
  return {
    imports: [entityModule(structure.dataSource, structure.userEntity, structure.tokenEntity, structure.eventEntity)],
    // Pages last: Express matches in order, and `password-reset/:token` would take `password-reset/request` as well.
    controllers: [
      ...ACCOUNT_CONTROLLERS,
      ActivationController,
      SessionController,
      PasswordResetController,
      PasswordChangeController,
      AccountController,
      EmailChangeController,
      ...(backendLinks ? [ActivationPages, PasswordResetPages, EmailChangePages] : [ActivationByPathController]),
    ],
    providers: [
      ...ACCOUNT_PROVIDERS,
      ...PROVIDERS,
      ...ownResources(structure),
      ...(backendLinks ? [PageRenderer] : []),
    ],
    exports: [AuthService, AccessGuard, AccessTokenVerifier, CookieCredentials, TokenDelivery, Clock, Routes],
  };
}
