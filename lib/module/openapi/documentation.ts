import type { FactoryProvider, Type } from '@nestjs/common';
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
import { describeHandler, type Parameter, whenExplored } from './swagger-metadata.js';

/**
 * Describes the endpoints of those controllers to @nestjs/swagger: an application that calls
 * `SwaggerModule.createDocument(app, config)` finds them in its document, at the paths it mounted them at and as its own
 * configuration makes them. Where no document is made, nothing is described and @nestjs/swagger is not needed.
 *
 * @param controllers as mounted: classes of this application alone
 */
export function documentation(controllers: readonly Type[]): FactoryProvider {
  return {
    provide: Symbol('DOCUMENTATION'),
    useFactory: (config: AuthConfig, bodies: OwnBodies, columns: UserColumns, hooks?: Type<AuthHooks>) => {
      let models: Models | undefined;
      for (const controller of controllers) {
        whenExplored(controller, () => {
          models ??= new Models(config, bodies, documentedAccount(columns, hooks));
          describe(controller, models, config);
        });
      }
    },
    inject: [AUTH_CONFIG, OWN_BODIES, UserColumns, { token: HOOKS_CLASS, optional: true }],
  };
}

function describe(controller: Type, models: Models, config: AuthConfig): void {
  for (const { value } of Object.values(Object.getOwnPropertyDescriptors(controller.prototype as object))) {
    const endpoint = typeof value === 'function' ? endpointOf(value as object) : undefined;
    if (!endpoint) continue;
    const parameters = [...parametersOf(endpoint), ...(takesCsrfToken(endpoint, config) ? [CSRF_HEADER] : [])];
    describeHandler(value as object, operationOf(endpoint, config, models), parameters, models.usedBy(endpoint));
  }
}

/** What the parameters of a path are, by their name. */
const PARAMETERS: Readonly<Record<string, string>> = { token: 'The token of the link.', id: 'The id of the session.' };

const TEXT: SchemaObject = { type: 'string' };

const CSRF_HEADER: Parameter = {
  name: 'X-CSRF-Token',
  in: 'header',
  description: 'The CSRF token of the session; needed with cookies where the client is not a browser.',
  required: false,
  schema: TEXT,
};

function parametersOf({ path }: Endpoint): Parameter[] {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
  return names.map((name) => ({ name, in: 'path', description: PARAMETERS[name], required: true, schema: TEXT }));
}

function takesCsrfToken({ errors }: Endpoint, config: AuthConfig): boolean {
  return hasCookies(config) && errors.includes('ACCESS_INVALID_CSRF_TOKEN');
}
