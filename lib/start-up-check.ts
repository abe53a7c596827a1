import type { DataSource } from 'typeorm';
import type { RuntimeOptions, StructuralOptions } from './config/auth-options.js';
import { examineConfig, type ResolvedConfig, resolveFlags } from './config/resolve-config.js';
import { STRUCTURAL_OPTIONS } from './config/separate-options.js';
import { AuthStartUpError, type StartUpProblem } from './config/start-up-error.js';
import { checkEntities } from './entities/entity-check.js';
import type { Account } from './entities/base-user.entity.js';
import { checkSignupDto, signupWarnings } from './own-fields/check-dtos.js';
import { SignupDto } from './signup/signup.dto.js';
import { checkTemplates } from './templates/check-templates.js';

/**
 * Everything that can be wrong at start, reported together: configuration, entities, templates, order of imports.
 * @throws AuthStartUpError
 */
export function checkStart(
  structure: StructuralOptions<Account>,
  runtime: RuntimeOptions,
  env: (name: string) => string | undefined,
  dataSource: DataSource,
): ResolvedConfig {
  const { userEntity, tokenEntity, signupDto = SignupDto, ...flags } = structure;
  const { config, warnings, problems } = examineConfig({ ...runtime, ...flags }, env, env('NODE_ENV') === 'production');
  const user = dataSource.hasMetadata(userEntity) ? dataSource.getMetadata(userEntity) : undefined;
  const all = [
    ...problems,
    ...checkFactory(runtime),
    ...checkEntities(dataSource, userEntity, tokenEntity),
    ...(user ? checkSignupDto(signupDto, user) : []),
    ...checkImportOrder(structure, env),
  ];
  const templates = config && checkTemplates(config);
  if (templates) all.push(...templates.problems);
  if (!config || !user || all.length > 0) throw new AuthStartUpError(all);
  return { config, warnings: [...warnings, ...signupWarnings(signupDto, user), ...(templates?.warnings ?? [])] };
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
function checkImportOrder(
  structure: StructuralOptions<Account>,
  env: (name: string) => string | undefined,
): StartUpProblem[] {
  const mounted = resolveFlags(structure, (name) => process.env[name]);
  if (mounted.backendLinks === resolveFlags(structure, env).backendLinks) return [];
  return [
    {
      path: 'backendLinks',
      env: 'AUTH_BACKEND_LINKS',
      message: 'had another value when the routes were mounted, so that mailed links would lead nowhere',
      fix: 'Import ConfigModule.forRoot() before AuthModule, or pass mode and backendLinks in code.',
    },
  ];
}
