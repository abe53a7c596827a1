import { applyDecorators, type FactoryProvider, type Type } from '@nestjs/common';
import type { SchemaObject } from '@nestjs/swagger';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { UserColumns } from '../../platform/data/entities/user-columns.js';
import type { AuthHooks } from '../../engine/hooks/auth-hooks.js';
import { HOOKS_CLASS } from '../../engine/hooks/hooks.js';
import type { Endpoint } from '../../platform/http/endpoint.js';
import { endpointOf } from '../../platform/http/endpoint.decorator.js';
import { OWN_BODIES, type OwnBodies } from '../../platform/http/own-bodies.js';
import { documentedAccount } from './documented-account.js';
import { Models } from './models.js';
import { hasCookies, operationOf } from './operation.js';
import { loadSwagger, type Swagger } from './swagger.js';

/**
 * Describes the endpoints of those controllers to @nestjs/swagger, where the application has it: an application that
 * calls `SwaggerModule.createDocument(app, config)` finds them in its document, at the paths it mounted them at and as
 * its own configuration makes them. Where it does not have it, this does nothing.
 *
 * @param controllers as mounted: classes of this application alone
 */
export function documentation(controllers: readonly Type[]): FactoryProvider {
  return {
    provide: Symbol('DOCUMENTATION'),
    useFactory: async (config: AuthConfig, bodies: OwnBodies, columns: UserColumns, hooks?: Type<AuthHooks>) => {
      const swagger = await loadSwagger();
      if (!swagger) return;
      const models = new Models(swagger, config, bodies, documentedAccount(columns, hooks));
      for (const controller of controllers) describe(controller, swagger, models, config);
    },
    inject: [AUTH_CONFIG, OWN_BODIES, UserColumns, { token: HOOKS_CLASS, optional: true }],
  };
}

function describe(controller: Type, swagger: Swagger, models: Models, config: AuthConfig): void {
  const prototype = controller.prototype as object;
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    const endpoint = typeof descriptor.value === 'function' ? endpointOf(descriptor.value as object) : undefined;
    if (!endpoint) continue;
    applyDecorators(
      swagger.ApiOperation(operationOf(endpoint, config, models)),
      swagger.ApiExtraModels(...models.usedBy(endpoint)),
      ...parametersOf(endpoint).map((parameter) => swagger.ApiParam(parameter)),
      ...(takesCsrfToken(endpoint, config) ? [swagger.ApiHeader(CSRF_HEADER)] : []),
    )(prototype, name, descriptor);
  }
}

/** What the parameters of a path are, by their name. */
const PARAMETERS: Readonly<Record<string, string>> = { token: 'The token of the link.', id: 'The id of the session.' };

const CSRF_HEADER = {
  name: 'X-CSRF-Token',
  description: 'The CSRF token of the session; needed with cookies where the client is not a browser.',
  required: false,
};

function parametersOf({ path }: Endpoint): { name: string; description: string | undefined; schema: SchemaObject }[] {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
  return names.map((name) => ({ name, description: PARAMETERS[name], schema: { type: 'string' } }));
}

function takesCsrfToken({ errors }: Endpoint, config: AuthConfig): boolean {
  return hasCookies(config) && errors.includes('ACCESS_INVALID_CSRF_TOKEN');
}
