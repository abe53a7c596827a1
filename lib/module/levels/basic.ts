import type { DynamicModule, Provider, Type } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AccessGuard } from '../../engine/access/access.guard.js';
import { AccessTokenVerifier } from '../../engine/access/access-token-verifier.js';
import { CsrfProtection } from '../../engine/access/csrf-protection.js';
import { SignatureVerifier } from '../../engine/access/signature-verifier.js';
import { TokenCookies } from '../../engine/access/token-cookies.js';
import { AccountFields } from '../../engine/accounts/account-fields.js';
import { AccountWriter } from '../../engine/accounts/account-writer.js';
import { DeviceCookie } from '../../engine/limits/device-cookie.js';
import { LimitKeys } from '../../engine/limits/limit-keys.js';
import { LimitMeter } from '../../engine/limits/limit-meter.js';
import { Limits } from '../../engine/limits/limits.js';
import { PatientStore } from '../../engine/limits/patient-store.js';
import { Returns } from '../../engine/limits/returns.js';
import { MemoryLimits } from '../../engine/limits/memory-limits.js';
import { TrustedProxies } from '../../engine/limits/trusted-proxies.js';
import { TryCounter } from '../../engine/limits/try-counter.js';
import { AuthThrottlerStorage, DatabaseThrottlerStorage } from '../../engine/limits/throttler-storage.js';
import { EventLog } from '../../engine/events/event-log.js';
import { Hooks, HOOKS_CLASS } from '../../engine/hooks/hooks.js';
import { BreachedPasswords } from '../../engine/passwords/breached-passwords.js';
import { BreachRange } from '../../engine/passwords/breach-range.js';
import { PASSWORD_PROVIDERS } from '../../engine/passwords/password-check.js';
import { SessionOpener } from '../../engine/sessions/session-opener.js';
import { Sessionless } from '../../engine/sessions/sessionless.js';
import { TokenDelivery } from '../../engine/sessions/token-delivery.js';
import { SignIn } from '../../engine/sign-in/sign-in.js';
import { CsrfTokens } from '../../engine/tokens/csrf-tokens.js';
import { KeyRing } from '../../engine/tokens/key-ring.js';
import { SessionTokens } from '../../engine/tokens/session-tokens.js';
import { Clock } from '../../platform/common/clock.js';
import { LimitStore } from '../../platform/common/limit.js';
import { UserColumns } from '../../platform/data/entities/user-columns.js';
import { TextStorage } from '../../platform/data/schema/text-storage.js';
import { TableProbe } from '../../platform/data/schema/table-probe.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from '../../platform/data/store/account-entities.js';
import { Database } from '../../platform/data/store/database.js';
import { EVENT_ENTITY, EventsStore } from '../../platform/data/store/events.store.js';
import { DatabaseHits } from '../../platform/data/store/hits.store.js';
import { LimitCleanup } from '../../platform/data/store/limit-cleanup.js';
import { LIMIT_ENTITY } from '../../platform/data/store/limit-table.js';
import { DatabaseLimits } from '../../platform/data/store/limits.store.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import { CrossSiteGuard } from '../../platform/http/cross-site.guard.js';
import { InputGate } from '../../platform/http/input-gate.js';
import { OWN_BODIES } from '../../platform/http/own-bodies.js';
import { Routes } from '../../platform/http/routes.js';
import type { StructuralOptions } from '../options/auth-options.js';
import { ownBodies } from '../options/own-bodies.js';
import { AuthHealthIndicator } from '../health/auth-health-indicator.js';
import { DatabaseCheck } from '../start-up/database-check.js';
import { TextCheck } from '../start-up/text-check.js';
import { flowsOf, type LevelParts, NO_THROTTLER_STORAGE } from './level-parts.js';

/** What the flows without a token table stand on; level complete has it as well. */
export const ACCOUNT_PROVIDERS: readonly Provider[] = [
  AccessGuard,
  Clock,
  Routes,
  InputGate,
  UsersStore,
  AccountFields,
  Hooks,
  EventsStore,
  EventLog,
  Limits,
  TryCounter,
  PatientStore,
  Returns,
  LimitKeys,
  TrustedProxies,
  LimitMeter,
  DeviceCookie,
  ...PASSWORD_PROVIDERS,
  AccountWriter,
  SignIn,
  KeyRing,
  SessionTokens,
  CsrfTokens,
  CsrfProtection,
  CrossSiteGuard,
  TokenCookies,
  TokenDelivery,
  TableProbe,
  TextStorage,
  TextCheck,
  DatabaseCheck,
  AuthHealthIndicator,
];

/** Level basic: signup, login and profile; whoever has an access token has it until it expires. */
export function basicLevel(structure: StructuralOptions): LevelParts {
  const { controllers, providers } = flowsOf('basic', false);
  return {
    imports: [entityModule(structure.dataSource, structure.userEntity, structure.eventEntity, structure.limitEntity)],
    controllers,
    providers: [
      ...ACCOUNT_PROVIDERS,
      ...ownResources(structure),
      { provide: AccessTokenVerifier, useClass: SignatureVerifier },
      { provide: SessionOpener, useClass: Sessionless },
      LimitCleanup,
      ...providers,
    ],
    exports: [AccessGuard, AccessTokenVerifier, AuthHealthIndicator, AuthThrottlerStorage, Clock, Routes],
  };
}

/** TypeORM's module for those entities. One that is missing is reported at start, with everything else. */
export function entityModule(dataSource: string | undefined, ...entities: (Type | undefined)[]): DynamicModule {
  return TypeOrmModule.forFeature(
    entities.filter((entity) => entity !== undefined),
    dataSource,
  );
}

/** What is the application's own: its data source, entities, DTOs and hooks, and what it may put in the place of ours. */
export function ownResources(structure: StructuralOptions): Provider[] {
  const { userEntity: user, tokenEntity: token, eventEntity, userColumns, dataSource, hooks } = structure;
  const { breachedPasswords = BreachRange } = structure;
  return [
    { provide: OWN_BODIES, useValue: ownBodies(structure) },
    { provide: ACCOUNT_ENTITIES, useValue: { user, token } as AccountEntities },
    {
      provide: UserColumns,
      useFactory: (source: DataSource) => new UserColumns(() => source.getMetadata(user!), userColumns),
      inject: [getDataSourceToken(dataSource)],
    },
    {
      provide: Database,
      useFactory: (source: DataSource) => new Database(source),
      inject: [getDataSourceToken(dataSource)],
    },
    { provide: BreachedPasswords, useClass: breachedPasswords },
    ...(eventEntity ? [{ provide: EVENT_ENTITY, useValue: eventEntity }] : []),
    ...limitStore(structure),
    ...(hooks ? [hooks, { provide: HOOKS_CLASS, useValue: hooks }] : []),
  ];
}

/**
 * Where tries are counted: as the application says, in its table, or each instance in its memory; and where the application
 * counts what it limits itself.
 */
function limitStore({ limitStore: own, limitEntity }: StructuralOptions): Provider[] {
  if (!limitEntity) {
    const store: Provider = own
      ? { provide: LimitStore, useValue: own }
      : { provide: LimitStore, useClass: MemoryLimits };
    return [store, NO_THROTTLER_STORAGE];
  }
  return [
    { provide: LIMIT_ENTITY, useValue: limitEntity },
    DatabaseLimits,
    own ? { provide: LimitStore, useValue: own } : { provide: LimitStore, useExisting: DatabaseLimits },
    DatabaseHits,
    { provide: AuthThrottlerStorage, useClass: DatabaseThrottlerStorage },
  ];
}
