import type { Provider } from '@nestjs/common';
import { AccessGuard } from '../../engine/access/access.guard.js';
import { AccessTokenVerifier } from '../../engine/access/access-token-verifier.js';
import { CookieCredentials } from '../../engine/access/cookie-credentials.js';
import { AuthThrottlerStorage } from '../../engine/limits/throttler-storage.js';
import { MailedAlarm } from '../../engine/links/mailed-alarm.js';
import { MailedLinks } from '../../engine/links/mailed-links.js';
import { UniformAnswer } from '../../engine/links/uniform-answer.js';
import { LinkUrls } from '../../engine/mail/link-urls.js';
import { MailCheck } from '../../engine/mail/mail-check.js';
import { MailRenderer } from '../../engine/mail/mail-renderer.js';
import { MailSender } from '../../engine/mail/mail-sender.js';
import { Outbox } from '../../engine/mail/outbox.js';
import { OutboxWorker } from '../../engine/mail/outbox-worker.js';
import { ErrorPages } from '../../engine/pages/error-pages.js';
import { PageRenderer } from '../../engine/pages/page-renderer.js';
import { CookieWithdrawal } from '../../engine/sessions/cookie-withdrawal.js';
import { GuessAlarm } from '../../engine/passwords/guess-alarm.js';
import { SessionCheck } from '../../engine/sessions/session-check.js';
import { SessionMemory } from '../../engine/sessions/session-memory.js';
import { SessionOpener } from '../../engine/sessions/session-opener.js';
import { SessionVerifier } from '../../engine/sessions/session-verifier.js';
import { SessionEnder } from '../../engine/sessions/session-ender.js';
import { SessionLimit } from '../../engine/sessions/session-limit.js';
import { SessionWriter } from '../../engine/sessions/session-writer.js';
import { TokenDelivery } from '../../engine/sessions/token-delivery.js';
import { LinkTokens } from '../../engine/tokens/link-tokens.js';
import { Clock } from '../../platform/common/clock.js';
import type { ResolvedFlags } from '../../platform/config/resolve-config.js';
import { Cleanup } from '../../platform/data/store/cleanup.js';
import { ExpiredRowsStore } from '../../platform/data/store/expired-rows.store.js';
import { PendingAccountsStore } from '../../platform/data/store/pending-accounts.store.js';
import { OwedMailStore } from '../../platform/data/store/owed-mail.store.js';
import { SessionsStore } from '../../platform/data/store/sessions.store.js';
import { LinksStore } from '../../platform/data/store/links.store.js';
import { TokensStore } from '../../platform/data/store/tokens.store.js';
import { RefusalPages } from '../../platform/http/refusal-pages.js';
import { Routes } from '../../platform/http/routes.js';
import { AuthService } from '../auth.service.js';
import { AuthHealthIndicator } from '../health/auth-health-indicator.js';
import type { StructuralOptions } from '../options/auth-options.js';
import { ACCOUNT_PROVIDERS, entityModule, ownResources } from './basic.js';
import { flowsOf, type LevelParts } from './level-parts.js';

/** What the flows with a token table stand on. */
const TOKEN_PROVIDERS: readonly Provider[] = [
  CookieCredentials,
  CookieWithdrawal,
  SessionCheck,
  SessionMemory,
  TokensStore,
  SessionsStore,
  LinksStore,
  OwedMailStore,
  ExpiredRowsStore,
  PendingAccountsStore,
  Cleanup,
  LinkTokens,
  UniformAnswer,
  LinkUrls,
  MailedLinks,
  { provide: GuessAlarm, useClass: MailedAlarm },
  MailRenderer,
  MailCheck,
  MailSender,
  Outbox,
  OutboxWorker,
  SessionEnder,
  SessionLimit,
  { provide: AccessTokenVerifier, useClass: SessionVerifier },
  { provide: SessionOpener, useClass: SessionWriter },
];

/** Level complete: every flow, with links, mail and sessions that can be ended. */
export function completeLevel(structure: StructuralOptions, { backendLinks }: ResolvedFlags): LevelParts {
  const { controllers, providers } = flowsOf('complete', backendLinks);
  return {
    imports: [
      entityModule(
        structure.dataSource,
        structure.userEntity,
        structure.tokenEntity,
        structure.eventEntity,
        structure.limitEntity,
      ),
    ],
    controllers,
    providers: [
      ...ACCOUNT_PROVIDERS,
      ...TOKEN_PROVIDERS,
      ...ownResources(structure),
      ...(backendLinks ? [PageRenderer, ErrorPages, { provide: RefusalPages, useExisting: ErrorPages }] : []),
      ...providers,
      AuthService,
    ],
    exports: [
      AuthService,
      AuthHealthIndicator,
      AccessGuard,
      AccessTokenVerifier,
      AuthThrottlerStorage,
      CookieCredentials,
      TokenDelivery,
      CookieWithdrawal,
      Clock,
      Routes,
    ],
  };
}
