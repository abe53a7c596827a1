import type { DynamicModule, Provider, Type } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AccessGuard } from '../../engine/access/access.guard.js';
import { AccessTokenVerifier } from '../../engine/access/access-token-verifier.js';
import { SignatureVerifier } from '../../engine/access/signature-verifier.js';
import { Clock } from '../../platform/common/clock.js';
import type { StructuralOptions } from '../options/auth-options.js';
import { CrossSiteGuard } from '../../platform/http/cross-site.guard.js';
import { CsrfProtection } from '../../engine/access/csrf-protection.js';
import { TokenCookies } from '../../engine/access/token-cookies.js';
import { TokenDelivery } from '../../engine/sessions/token-delivery.js';
import { EventLog } from '../../engine/events/event-log.js';
import { Hooks, HOOKS_CLASS } from '../../engine/hooks/hooks.js';
import { InputGate } from '../../platform/http/input-gate.js';
import { Routes } from '../../platform/http/routes.js';
import { KeysController } from '../../flows/jwks/jwks.controller.js';
import { LoginController } from '../../flows/login/login.controller.js';
import { LoginService } from '../../flows/login/login.service.js';
import { ACCOUNT_DTOS, accountDtos } from '../../platform/http/account-dtos.js';
import { AccountFields } from '../../engine/accounts/account-fields.js';
import { PasswordHasher } from '../../engine/passwords/password-hasher.js';
import { PasswordPolicy } from '../../engine/passwords/password-policy.js';
import { ProfileController } from '../../flows/profile/profile.controller.js';
import { ProfileService } from '../../flows/profile/profile.service.js';
import { SessionOpener } from '../../engine/sessions/session-opener.js';
import { Sessionless } from '../../engine/sessions/sessionless.js';
import { ActiveEnrolment } from '../../flows/signup/active-enrolment.js';
import { Enrolment } from '../../flows/signup/enrolment.js';
import { SignupController } from '../../flows/signup/signup.controller.js';
import { SignupService } from '../../flows/signup/signup.service.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from '../../platform/data/store/account-entities.js';
import { EVENT_ENTITY, EventsStore } from '../../platform/data/store/events.store.js';
import { Database } from '../../platform/data/store/database.js';
import { UserColumns } from '../../platform/data/entities/user-columns.js';
import { UsersStore } from '../../platform/data/store/users.store.js';
import { HashTimes } from '../../engine/passwords/hash-times.js';
import { CsrfTokens } from '../../engine/tokens/csrf-tokens.js';
import { KeyRing } from '../../engine/tokens/key-ring.js';
import { SessionTokens } from '../../engine/tokens/session-tokens.js';
import type { LevelParts } from './level-parts.js';

/** The flows that need no token table; level complete has them as well. */
export const ACCOUNT_CONTROLLERS: readonly Type[] = [
  SignupController,
  LoginController,
  ProfileController,
  KeysController,
];

/** What those flows stand on; level complete as well. */
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
  HashTimes,
  PasswordHasher,
  PasswordPolicy,
  KeyRing,
  SessionTokens,
  CsrfTokens,
  CsrfProtection,
  CrossSiteGuard,
  TokenCookies,
  TokenDelivery,
  SignupService,
  LoginService,
  ProfileService,
];

/** Level basic: signup, login and profile; whoever has an access token has it until it expires. */
export function basicLevel(structure: StructuralOptions): LevelParts {
  return {
    imports: [entityModule(structure.dataSource, structure.userEntity, structure.eventEntity)],
    controllers: [...ACCOUNT_CONTROLLERS],
    providers: [
      ...ACCOUNT_PROVIDERS,
      ...ownResources(structure),
      { provide: AccessTokenVerifier, useClass: SignatureVerifier },
      { provide: SessionOpener, useClass: Sessionless },
      { provide: Enrolment, useClass: ActiveEnrolment },
    ],
    exports: [AccessGuard, AccessTokenVerifier, Clock, Routes],
  };
}

/** TypeORM's module for those entities. One that is missing is reported at start, with everything else. */
export function entityModule(dataSource: string | undefined, ...entities: (Type | undefined)[]): DynamicModule {
  return TypeOrmModule.forFeature(
    entities.filter((entity) => entity !== undefined),
    dataSource,
  );
}

/** What is the application's own: its data source, entities, DTOs and hooks. */
export function ownResources(structure: StructuralOptions): Provider[] {
  const { userEntity: user, tokenEntity: token, eventEntity, userColumns, dataSource, hooks } = structure;
  return [
    { provide: ACCOUNT_DTOS, useValue: accountDtos(structure) },
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
    ...(eventEntity ? [{ provide: EVENT_ENTITY, useValue: eventEntity }] : []),
    ...(hooks ? [hooks, { provide: HOOKS_CLASS, useValue: hooks }] : []),
  ];
}
