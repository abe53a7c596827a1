import type { Provider } from '@nestjs/common';
import { AccessGuard } from '../access/access.guard.js';
import { AccessTokenVerifier } from '../access/access-token-verifier.js';
import { SessionCheck } from '../access/session-check.js';
import { SessionMemory } from '../access/session-memory.js';
import { SessionVerifier } from '../access/session-verifier.js';
import { ActivationByPathController, ActivationController } from '../activation/activation.controller.js';
import { ActivationPages } from '../activation/activation.pages.js';
import { ActivationService } from '../activation/activation.service.js';
import { AuthService } from '../auth.service.js';
import { Clock } from '../clock.js';
import { AUTH_CONFIG, type AuthConfig } from '../config/auth-config.js';
import type { StructuralOptions } from '../config/auth-options.js';
import type { ResolvedFlags } from '../config/resolve-config.js';
import { CookieCredentials } from '../delivery/cookie-credentials.js';
import { TokenDelivery } from '../delivery/token-delivery.js';
import { EmailChangeController } from '../email-change/email-change.controller.js';
import { EmailChangeLinks } from '../email-change/email-change.links.js';
import { EmailChangePages } from '../email-change/email-change.pages.js';
import { EmailChangeService } from '../email-change/email-change.service.js';
import { EmailChangeUndoService } from '../email-change/email-change-undo.service.js';
import { RefusalPages } from '../http/refusal-pages.js';
import { Routes } from '../http/routes.js';
import { LinkIssuer } from '../mail/link-issuer.js';
import { Links } from '../mail/links.js';
import { MailRenderer } from '../mail/mail-renderer.js';
import { AUTH_MAILER, createMailer, MailSender } from '../mail/mail-sender.js';
import { Outbox } from '../mail/outbox.js';
import { OutboxWorker } from '../mail/outbox-worker.js';
import { OperatorService } from '../operators/operator.service.js';
import { ErrorPages } from '../pages/error-pages.js';
import { PageRenderer } from '../pages/page-renderer.js';
import { CurrentPassword } from '../passwords/current-password.js';
import { PasswordChangeController } from '../password-change/password-change.controller.js';
import { PasswordChangeService } from '../password-change/password-change.service.js';
import { PasswordResetController } from '../password-reset/password-reset.controller.js';
import { PasswordResetPages } from '../password-reset/password-reset.pages.js';
import { PasswordResetService } from '../password-reset/password-reset.service.js';
import { AccountController } from '../profile/account.controller.js';
import { AccountDeletionService } from '../profile/account-deletion.service.js';
import { AccountExportService } from '../profile/account-export.service.js';
import { SessionController } from '../session/session.controller.js';
import { SessionListService } from '../session/session-list.service.js';
import { SessionOpener } from '../session/session-opener.js';
import { SessionService } from '../session/session.service.js';
import { ActiveEnrolment } from '../signup/active-enrolment.js';
import { Enrolment } from '../signup/enrolment.js';
import { PendingEnrolment } from '../signup/pending-enrolment.js';
import { Cleanup } from '../store/cleanup.js';
import { TokensStore } from '../store/tokens.store.js';
import { LinkTokens } from '../tokens/link-tokens.js';
import { UniformAnswer } from '../uniform-answer.js';
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
  Links,
  LinkIssuer,
  MailRenderer,
  MailSender,
  Outbox,
  OutboxWorker,
  ActiveEnrolment,
  PendingEnrolment,
  ActivationService,
  SessionService,
  SessionListService,
  PasswordResetService,
  CurrentPassword,
  PasswordChangeService,
  AccountDeletionService,
  AccountExportService,
  OperatorService,
  EmailChangeLinks,
  EmailChangeService,
  EmailChangeUndoService,
  { provide: AccessTokenVerifier, useClass: SessionVerifier },
  { provide: SessionOpener, useExisting: SessionService },
  {
    provide: Enrolment,
    useFactory: (config: AuthConfig, active: ActiveEnrolment, pending: PendingEnrolment) =>
      config.autoActivate ? active : pending,
    inject: [AUTH_CONFIG, ActiveEnrolment, PendingEnrolment],
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
      ...(backendLinks ? [PageRenderer, ErrorPages, { provide: RefusalPages, useExisting: ErrorPages }] : []),
    ],
    exports: [AuthService, AccessGuard, AccessTokenVerifier, CookieCredentials, TokenDelivery, Clock, Routes],
  };
}
