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
import { EmailChangeLinks } from '../../flows/email-change/email-change.links.js';
import { EmailChangePages } from '../../flows/email-change/email-change.pages.js';
import { EmailChangeService } from '../../flows/email-change/email-change.service.js';
import { EmailChangeUndoService } from '../../flows/email-change/email-change-undo.service.js';
import { Routes } from '../../platform/http/routes.js';
import { LinkIssuer } from '../../engine/links/link-issuer.js';
import { Links } from '../../engine/mail/links.js';
import { MailRenderer } from '../../engine/mail/mail-renderer.js';
import { AUTH_MAILER, createMailer, MailSender } from '../../engine/mail/mail-sender.js';
import { Outbox } from '../../engine/mail/outbox.js';
import { OutboxWorker } from '../../engine/mail/outbox-worker.js';
import { OperatorService } from '../../flows/operators/operators.service.js';
import { PageRenderer } from '../../engine/pages/page-renderer.js';
import { CurrentPassword } from '../../engine/passwords/current-password.js';
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
import { SessionService } from '../../engine/sessions/session.service.js';
import { ActiveEnrolment } from '../../flows/signup/active-enrolment.js';
import { Enrolment } from '../../flows/signup/enrolment.js';
import { PendingEnrolment } from '../../flows/signup/pending-enrolment.js';
import { Cleanup } from '../../platform/data/store/cleanup.js';
import { ExpiredRowsStore } from '../../platform/data/store/expired-rows.store.js';
import { OwedMailStore } from '../../platform/data/store/owed-mail.store.js';
import { SessionsStore } from '../../platform/data/store/sessions.store.js';
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
  SessionsStore,
  OwedMailStore,
  ExpiredRowsStore,
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
      ...(backendLinks ? [PageRenderer] : []),
    ],
    exports: [AuthService, AccessGuard, AccessTokenVerifier, CookieCredentials, TokenDelivery, Clock, Routes],
  };
}
