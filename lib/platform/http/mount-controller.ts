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
import { endpointOf } from './endpoint.decorator.js';
import { type EndpointKey, ENDPOINTS } from '../../module/endpoints.js';
import type { RouteTable } from './route-table.js';
import type { ServedPaths } from './routes.js';

type Handler = (...args: unknown[]) => unknown;

/** What `@RouteConfig()` of @nestjs/platform-fastify sets: the one thing of a handler that Fastify's hooks see. */
const FASTIFY_ROUTE_CONFIG = '__fastify_route_config__';

/** The configuration of a Fastify route of this module. */
export interface MountedRouteConfig {
  readonly authEndpoint?: EndpointKey;
}

/**
 * A subclass of a controller whose endpoints are where the table says. Paths are metadata of the class, and the class
 * is shared by every application of the process: each mounts one of its own. An endpoint that is switched off has no
 * path in it, so that Nest does not take the method for a route.
 *
 * The routes are version-neutral unless the table names a version: an application that versions its own routes keeps
 * these where they were.
 */
export function mountController(controller: Type, { paths, version }: RouteTable): Type {
  // Under the same name: Nest shows it in its log and in stack traces.
  const mounted: Type = { [controller.name]: class extends controller {} }[controller.name]!;
  for (const { name, handler, key } of handlersOf(controller)) {
    const path = paths[key];
    if (path === false) continue;
    const descriptor = { value: copyOf(handler), writable: true, configurable: true };
    applyDecorators(
      RequestMapping({ method: RequestMethod[ENDPOINTS[key].method], path }),
      Version(version ?? VERSION_NEUTRAL),
      SetMetadata(FASTIFY_ROUTE_CONFIG, { authEndpoint: key } satisfies MountedRouteConfig),
    )(mounted.prototype as object, name, descriptor);
    Object.defineProperty(mounted.prototype, name, descriptor);
  }
  return mounted;
}

/** Where the endpoints of those controllers are by that table; those switched off are not in it. */
export function servedPaths(controllers: readonly Type[], { paths }: RouteTable): ServedPaths {
  const served = controllers.flatMap(handlersOf).flatMap(({ key }) => {
    const path = paths[key];
    return path === false ? [] : [[key, path] as const];
  });
  return Object.fromEntries(served);
}

function handlersOf(controller: Type): { name: string; handler: Handler; key: EndpointKey }[] {
  const prototype = controller.prototype as Record<string, Handler>;
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((name) => {
    const handler = prototype[name]!;
    const key = endpointOf(handler);
    return key ? [{ name, handler, key }] : [];
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
