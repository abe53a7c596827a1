import {
  applyDecorators,
  RequestMapping,
  RequestMethod,
  SetMetadata,
  type Type,
  Version,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';
import type { Endpoint } from './endpoint.js';
import { endpointOf } from './endpoint.decorator.js';
import type { EndpointPaths } from './endpoint-paths.js';
import type { FastifyRouteConfig, PlannedRoute } from './planned-routes.js';

type Handler = (...args: unknown[]) => unknown;

/** What `@RouteConfig()` of @nestjs/platform-fastify sets. */
const FASTIFY_ROUTE_CONFIG = '__fastify_route_config__';

/**
 * The controllers as an application mounts them. Express takes the first route that fits, and `password-reset/:token`
 * would take `password-reset/request` as well: a controller with a parameter in its paths comes after those without.
 */
export function mountControllers(controllers: readonly Type[], paths: EndpointPaths, version?: string): Type[] {
  const hasParameter = (controller: Type) => plannedRoutes([controller], paths).some(({ path }) => path.includes(':'));
  return controllers
    .toSorted((one, other) => Number(hasParameter(one)) - Number(hasParameter(other)))
    .map((controller) => mountController(controller, paths, version));
}

/**
 * A subclass of a controller whose endpoints have those paths. Paths are metadata of the class, and the class
 * is shared by every application of the process: each mounts one of its own. An endpoint that is switched off has no
 * path in it, so that Nest does not take the method for a route.
 *
 * The routes are version-neutral unless there is a version: an application that versions its own routes keeps
 * these where they were.
 */
function mountController(controller: Type, paths: EndpointPaths, version: string | undefined): Type {
  // Under the same name: Nest shows it in its log and in stack traces.
  const mounted: Type = { [controller.name]: class extends controller {} }[controller.name]!;
  for (const { name, handler, endpoint } of handlersOf(controller)) {
    const path = paths[endpoint.key];
    if (typeof path !== 'string') continue;
    const descriptor = { value: copyOf(handler), writable: true, configurable: true };
    applyDecorators(
      RequestMapping({ method: RequestMethod[endpoint.method], path }),
      Version(version ?? VERSION_NEUTRAL),
      SetMetadata(FASTIFY_ROUTE_CONFIG, { authEndpoint: endpoint } satisfies FastifyRouteConfig),
    )(mounted.prototype as object, name, descriptor);
    Object.defineProperty(mounted.prototype, name, descriptor);
  }
  return mounted;
}

/** The routes that those controllers are to have by those paths; none of an endpoint that is switched off. */
export function plannedRoutes(controllers: readonly Type[], paths: EndpointPaths): PlannedRoute[] {
  return controllers.flatMap(handlersOf).flatMap(({ endpoint }) => {
    const path = paths[endpoint.key];
    return typeof path === 'string' ? [{ endpoint, path }] : [];
  });
}

function handlersOf(controller: Type): { name: string; handler: Handler; endpoint: Endpoint }[] {
  const prototype = controller.prototype as Record<string, Handler>;
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((name) => {
    const handler = prototype[name]!;
    const endpoint = endpointOf(handler);
    return endpoint ? [{ name, handler, endpoint }] : [];
  });
}

/** The same handler as another function, with metadata (guards, filters, status) of its own. */
function copyOf(handler: Handler): Handler {
  const copy = function (this: unknown, ...args: unknown[]): unknown {
    return handler.apply(this, args);
  };
  for (const key of Reflect.getMetadataKeys(handler) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, handler), copy);
  }
  return Object.defineProperty(copy, 'name', { value: handler.name, configurable: true });
}
