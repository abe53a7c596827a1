import {
  ConfigurableModuleBuilder,
  type DynamicModule,
  Logger,
  Module,
  type Provider,
  type Type,
} from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AccessGuard } from './access/access.guard.js';
import { SessionCheck } from './access/session-check.js';
import { SessionMemory } from './access/session-memory.js';
import { ActivationByPathController, ActivationController } from './activation/activation.controller.js';
import { ActivationPages } from './activation/activation.pages.js';
import { ActivationService } from './activation/activation.service.js';
import { AuthService } from './auth.service.js';
import { Clock } from './clock.js';
import { AUTH_CONFIG, type AuthConfig } from './config/auth-config.js';
import type { RuntimeOptions, StructuralOptions } from './config/auth-options.js';
import { describeConfig } from './config/describe-config.js';
import { resolveFlags } from './config/resolve-config.js';
import { CookieCredentials } from './delivery/cookie-credentials.js';
import { CrossSiteGuard } from './delivery/cross-site.guard.js';
import { CsrfProtection } from './delivery/csrf-protection.js';
import { TokenCookies } from './delivery/token-cookies.js';
import { TokenDelivery } from './delivery/token-delivery.js';
import type { Account } from './entities/base-user.entity.js';
import { Hooks, HOOKS_CLASS } from './hooks/hooks.js';
import { InputGate } from './http/input-gate.js';
import { LoginController } from './login/login.controller.js';
import { LoginService } from './login/login.service.js';
import { LinkIssuer } from './mail/link-issuer.js';
import { Links } from './mail/links.js';
import { MailRenderer } from './mail/mail-renderer.js';
import { AUTH_MAILER, createMailer, MailSender } from './mail/mail-sender.js';
import { Outbox } from './mail/outbox.js';
import { OutboxWorker } from './mail/outbox-worker.js';
import { ACCOUNT_DTOS, type AccountDtos } from './own-fields/account-dtos.js';
import { SignupFields } from './own-fields/signup-fields.js';
import { PageRenderer } from './pages/page-renderer.js';
import { CurrentPassword } from './passwords/current-password.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { PasswordPolicy } from './passwords/password-policy.js';
import { PasswordChangeController } from './password-change/password-change.controller.js';
import { PasswordChangeService } from './password-change/password-change.service.js';
import { PasswordResetController } from './password-reset/password-reset.controller.js';
import { PasswordResetPages } from './password-reset/password-reset.pages.js';
import { PasswordResetService } from './password-reset/password-reset.service.js';
import { ProfileController } from './profile/profile.controller.js';
import { SessionController } from './session/session.controller.js';
import { SessionListService } from './session/session-list.service.js';
import { SessionService } from './session/session.service.js';
import { SignupController } from './signup/signup.controller.js';
import { SignupDto } from './signup/signup.dto.js';
import { SignupService } from './signup/signup.service.js';
import { checkStart } from './start-up-check.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from './store/account-entities.js';
import { Cleanup } from './store/cleanup.js';
import { Database } from './store/database.js';
import { TokensStore } from './store/tokens.store.js';
import { UsersStore } from './store/users.store.js';
import { CsrfTokens } from './tokens/csrf-tokens.js';
import { LinkTokens } from './tokens/link-tokens.js';
import { SessionTokens } from './tokens/session-tokens.js';
import { UniformAnswer } from './uniform-answer.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<RuntimeOptions>({
    moduleName: 'Auth',
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createAuthOptions')
    .build();

/** Where the runtime options come from: `useFactory`, `useClass` or `useExisting`, with `inject` and `imports`. */
export type AuthAsyncOptions = typeof ASYNC_OPTIONS_TYPE;

type Structure = StructuralOptions<Account>;

/** What the application's routes need beside the guard itself, and the facade. */
const SHARED = [
  AuthService,
  AccessGuard,
  SessionTokens,
  SessionCheck,
  CookieCredentials,
  TokenDelivery,
  UsersStore,
  Clock,
];

const PROVIDERS: Provider[] = [
  ...SHARED,
  SessionMemory,
  InputGate,
  TokensStore,
  SignupFields,
  Cleanup,
  LinkTokens,
  CsrfTokens,
  CsrfProtection,
  CrossSiteGuard,
  TokenCookies,
  PasswordHasher,
  PasswordPolicy,
  CurrentPassword,
  UniformAnswer,
  Hooks,
  Links,
  LinkIssuer,
  MailRenderer,
  MailSender,
  Outbox,
  OutboxWorker,
  SignupService,
  ActivationService,
  LoginService,
  SessionService,
  SessionListService,
  PasswordResetService,
  PasswordChangeService,
];

const CONTROLLERS: Type[] = [
  SignupController,
  ActivationController,
  LoginController,
  SessionController,
  PasswordResetController,
  PasswordChangeController,
  ProfileController,
];

/** The wiring: which providers and routes exist, by mode. @internal */
@Module({})
export class AuthCoreModule extends ConfigurableModuleClass {
  static wire(structure: Structure, runtime: AuthAsyncOptions): DynamicModule {
    const options = AuthCoreModule.forRootAsync(runtime);
    const { userEntity, tokenEntity, dataSource } = structure;
    const { backendLinks } = resolveFlags(structure, (name) => process.env[name]);
    return {
      ...options,
      global: structure.isGlobal ?? true,
      imports: [
        ...(options.imports ?? []),
        ...(structure.imports ?? []),
        ConfigModule,
        TypeOrmModule.forFeature([userEntity, tokenEntity], dataSource),
      ],
      // Pages last: Express matches in order, and `password-reset/:token` would take `password-reset/request` as well.
      controllers: [
        ...CONTROLLERS,
        ...(backendLinks ? [ActivationPages, PasswordResetPages] : [ActivationByPathController]),
      ],
      providers: [
        ...(options.providers ?? []),
        ...PROVIDERS,
        ...(backendLinks ? [PageRenderer] : []),
        ...resources(structure),
        ...(structure.hooks ? [structure.hooks, { provide: HOOKS_CLASS, useValue: structure.hooks }] : []),
      ],
      exports: [...SHARED, AUTH_CONFIG],
    };
  }
}

/** Providers that depend on the application's entities and data source. */
function resources(structure: Structure): Provider[] {
  const { userEntity: user, tokenEntity: token } = structure;
  const dataSource = getDataSourceToken(structure.dataSource);
  return [
    { provide: ACCOUNT_ENTITIES, useValue: { user, token } satisfies AccountEntities },
    { provide: ACCOUNT_DTOS, useValue: { signup: structure.signupDto ?? SignupDto } satisfies AccountDtos },
    { provide: Database, useFactory: (source: DataSource) => new Database(source), inject: [dataSource] },
    {
      provide: AUTH_MAILER,
      useFactory: (config: AuthConfig) => (config.sendsMail ? createMailer(config) : undefined),
      inject: [AUTH_CONFIG],
    },
    {
      provide: AUTH_CONFIG,
      useFactory: (runtime: RuntimeOptions, env: ConfigService, source: DataSource): AuthConfig => {
        const { config, warnings } = checkStart(structure, runtime, (name) => env.get<string>(name), source);
        const logger = new Logger('AuthModule');
        logger.log(describeConfig(config));
        for (const warning of warnings) logger.warn(warning);
        return config;
      },
      inject: [MODULE_OPTIONS_TOKEN, ConfigService, dataSource],
    },
  ];
}
