import type { DynamicModule, Provider, Type } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AccessGuard } from '../access/access.guard.js';
import { AccessTokenVerifier } from '../access/access-token-verifier.js';
import { SignatureVerifier } from '../access/signature-verifier.js';
import { Clock } from '../clock.js';
import type { StructuralOptions } from '../config/auth-options.js';
import { CrossSiteGuard } from '../delivery/cross-site.guard.js';
import { CsrfProtection } from '../delivery/csrf-protection.js';
import { TokenCookies } from '../delivery/token-cookies.js';
import { TokenDelivery } from '../delivery/token-delivery.js';
import { EVENT_ENTITY, EventLog } from '../events/event-log.js';
import { Hooks, HOOKS_CLASS } from '../hooks/hooks.js';
import { InputGate } from '../http/input-gate.js';
import { Routes } from '../http/routes.js';
import { KeysController } from '../keys/keys.controller.js';
import { LoginController } from '../login/login.controller.js';
import { LoginService } from '../login/login.service.js';
import { ACCOUNT_DTOS, accountDtos } from '../own-fields/account-dtos.js';
import { AccountFields } from '../own-fields/account-fields.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { PasswordPolicy } from '../passwords/password-policy.js';
import { ProfileController } from '../profile/profile.controller.js';
import { ProfileService } from '../profile/profile.service.js';
import { SessionOpener } from '../session/session-opener.js';
import { Sessionless } from '../session/sessionless.js';
import { ActiveEnrolment } from '../signup/active-enrolment.js';
import { Enrolment } from '../signup/enrolment.js';
import { SignupController } from '../signup/signup.controller.js';
import { SignupService } from '../signup/signup.service.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from '../store/account-entities.js';
import { Database } from '../store/database.js';
import { UserColumns } from '../entities/user-columns.js';
import { UsersStore } from '../store/users.store.js';
import { HashTimes } from '../telemetry/hash-times.js';
import { CsrfTokens } from '../tokens/csrf-tokens.js';
import { KeyRing } from '../tokens/key-ring.js';
import { SessionTokens } from '../tokens/session-tokens.js';
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
