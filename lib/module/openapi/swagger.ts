import { optionalPackage } from '../../platform/common/optional-package.js';

/** @nestjs/swagger, an optional peer: loaded where the application has it, and never before the module is wired. */
export type Swagger = typeof import('@nestjs/swagger');

/** Undefined where the application does not have it. */
export function loadSwagger(): Promise<Swagger | undefined> {
  return optionalPackage('@nestjs/swagger', () => import('@nestjs/swagger'));
}
