import type { DataSource } from 'typeorm';
import type { RuntimeOptions, StructuralOptions } from '../options/auth-options.js';
import type { AuthConfig } from '../../platform/config/auth-config.js';
import { hasLevel, type Level } from '../../platform/config/levels.js';
import { misspeltVariables } from '../../platform/config/misspelt-variables.js';
import { processEnvironment } from '../../platform/config/read-settings.js';
import {
  examineConfig,
  type ResolvedConfig,
  resolveFlags,
  resolveRoutes,
} from '../../platform/config/resolve-config.js';
import { STRUCTURAL_OPTIONS } from '../options/separate-options.js';
import { AuthStartUpError, type StartUpProblem } from '../../platform/config/start-up-error.js';
import { checkEntities, checkEventEntity, checkLimitEntity } from './entity-check.js';
import { UserColumns } from '../../platform/data/entities/user-columns.js';
import { ownBodies } from '../options/own-bodies.js';
import { checkDtos, signupWarnings, uniqueWarnings } from './check-dtos.js';
import { pathProblems } from '../../platform/http/endpoint-paths.js';
import { ENDPOINTS } from '../flows.js';
import { checkTemplates } from './check-templates.js';

/**
 * Everything that can be wrong at start, reported together: configuration, entities, templates, order of imports.
 * @param dataSource absent at level none
 * @throws AuthStartUpError
 */
export function checkStart(
  structure: StructuralOptions,
  runtime: RuntimeOptions,
  env: (name: string) => string | undefined,
  dataSource?: DataSource,
): ResolvedConfig {
  const { userEntity } = structure;
  const options = { ...runtime, ...structure };
  const { config, warnings, problems } = examineConfig(options, env, env('NODE_ENV') === 'production');
  const { level } = resolveFlags(structure, env);
  const accounts = dataSource && userEntity && checkAccounts({ ...structure, userEntity }, level, dataSource);
  const isUniform = config?.sendsMail && !config.autoActivate && !config.returnLinkInResponse;
  const variables = misspeltVariables(Object.keys(process.env), level);
  const all = [
    ...problems,
    ...variables.problems,
    ...checkFactory(runtime),
    ...checkClassOptions(structure, level),
    ...(accounts?.problems ?? []),
    ...pathProblems(ENDPOINTS, resolveRoutes(structure, env)),
    ...checkImportOrder(structure, env),
  ];
  const templates = config?.level === 'complete' ? checkTemplates(config) : undefined;
  if (templates) all.push(...templates.problems);
  if (!config || all.length > 0) throw new AuthStartUpError(all);
  const inMemory = countsInMemory(structure, config, env('NODE_ENV') === 'production') ? [COUNTS_IN_MEMORY] : [];
  return {
    config,
    warnings: [
      ...warnings,
      ...variables.warnings,
      ...inMemory,
      ...(accounts?.warnings ?? []),
      ...(accounts?.user && isUniform ? uniqueWarnings(accounts.user) : []),
      ...(templates?.warnings ?? []),
      ...idleBreachClass(structure, config),
    ],
  };
}

const COUNTS_IN_MEMORY =
  'Limits count in the memory of each process: with several instances a guesser has that many times the tries, and a ' +
  'restart forgets them. Give AuthModule a limitEntity, or RedisLimits as limitStore (docs/limits.md).';

function countsInMemory(
  { limitEntity, limitStore }: StructuralOptions,
  config: AuthConfig,
  production: boolean,
): boolean {
  const counts = hasLevel(config.level, 'basic') && config.limits.mode !== 'off';
  return production && counts && !limitEntity && !limitStore;
}

/** What the application's own classes must have. */
function checkAccounts(
  structure: StructuralOptions & Required<Pick<StructuralOptions, 'userEntity'>>,
  level: Level,
  dataSource: DataSource,
): { problems: StartUpProblem[]; warnings: string[]; user?: UserColumns } {
  const { userEntity, tokenEntity, eventEntity, limitEntity, userColumns } = structure;
  const problems = checkEntities(
    dataSource,
    userEntity,
    hasLevel(level, 'complete') ? tokenEntity : undefined,
    userColumns,
  );
  if (eventEntity) problems.push(...checkEventEntity(dataSource, eventEntity));
  if (limitEntity) problems.push(...checkLimitEntity(dataSource, limitEntity));
  if (!dataSource.hasMetadata(userEntity)) return { problems, warnings: [] };
  const user = new UserColumns(() => dataSource.getMetadata(userEntity), userColumns);
  const bodies = ownBodies(structure);
  return { problems: [...problems, ...checkDtos(bodies, user)], warnings: signupWarnings(bodies.signup, user), user };
}

/** Options that only code can give, and the least level that has a use for them. */
const CLASS_OPTIONS = [
  { path: 'userEntity', least: 'basic', isRequired: true },
  { path: 'tokenEntity', least: 'complete', isRequired: true },
  { path: 'userColumns', least: 'basic', isRequired: false },
  { path: 'signupDto', least: 'basic', isRequired: false },
  { path: 'profileDto', least: 'basic', isRequired: false },
  { path: 'userResponse', least: 'basic', isRequired: false },
  { path: 'hooks', least: 'basic', isRequired: false },
  { path: 'breachedPasswords', least: 'basic', isRequired: false },
  { path: 'eventEntity', least: 'basic', isRequired: false },
  { path: 'limitEntity', least: 'basic', isRequired: false },
  { path: 'limitStore', least: 'basic', isRequired: false },
  { path: 'dataSource', least: 'basic', isRequired: false },
] as const;

/** The compiler finds these too, unless the level comes from the environment or the code is JavaScript. */
function checkClassOptions(structure: StructuralOptions, level: Level): StartUpProblem[] {
  return CLASS_OPTIONS.flatMap(({ path, least, isRequired }): StartUpProblem[] => {
    const isGiven = structure[path] !== undefined;
    if (isRequired && !isGiven && hasLevel(level, least)) {
      const fix = 'Pass the entity class, or use a lesser level (AUTH_LEVEL).';
      return [{ path, message: `is missing; level ${level} keeps its rows in that table`, fix }];
    }
    // A level from the environment may well be less than the code is written for.
    if (!isGiven || hasLevel(level, least) || structure.level === undefined) return [];
    const fix = `Remove it, or use level ${least}.`;
    return [{ path, message: `means nothing at level ${level}, and would be ignored`, fix }];
  });
}

/** No problem: the same code may run with the switch on in one place and off in another. */
function idleBreachClass({ breachedPasswords }: StructuralOptions, { password }: AuthConfig): string[] {
  const isIdle = breachedPasswords !== undefined && !password.breachCheck;
  return isIdle ? ['breachedPasswords is never asked: password.breachCheck (AUTH_PASSWORD_BREACH_CHECK) is off.'] : [];
}

/** A structural option from the factory of forRootAsync comes too late, and would be ignored without a word. */
function checkFactory(runtime: RuntimeOptions): StartUpProblem[] {
  return Object.keys(STRUCTURAL_OPTIONS)
    .filter((path) => path in runtime)
    .map((path) => ({
      path,
      message: 'comes from the factory, which runs after routes and providers were chosen',
      fix: 'Put it beside useFactory.',
    }));
}

/** Routes are chosen when the module is imported, from what is in the environment then. */
function checkImportOrder(structure: StructuralOptions, env: (name: string) => string | undefined): StartUpProblem[] {
  const mounted = resolveFlags(structure, processEnvironment);
  const wanted = resolveFlags(structure, env);
  const order = 'Import ConfigModule.forRoot() before AuthModule, or pass';
  if (mounted.level !== wanted.level) {
    const message = 'had another value when the routes were mounted, so that the wrong ones are';
    return [{ path: 'level', env: 'AUTH_LEVEL', message, fix: `${order} level in code.` }];
  }
  const problems = [
    mounted.backendLinks !== wanted.backendLinks && {
      path: 'backendLinks',
      env: 'AUTH_BACKEND_LINKS',
      message: 'had another value when the routes were mounted, so that mailed links would lead nowhere',
      fix: `${order} mode and backendLinks in code.`,
    },
    resolveRoutes(structure, processEnvironment).preset !== resolveRoutes(structure, env).preset && {
      path: 'routes.preset',
      env: 'AUTH_ROUTES',
      message: 'had another value when the routes were mounted, so that they have the wrong names',
      fix: `${order} routes in code.`,
    },
  ];
  return problems.filter((problem) => problem !== false);
}
