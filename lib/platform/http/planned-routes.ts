import type { Endpoint } from './endpoint.js';

/** An endpoint where the application is to have it. */
export interface PlannedRoute {
  readonly endpoint: Endpoint;
  /** Below the prefixes of the application. */
  readonly path: string;
}

/** Injection token of every {@link PlannedRoute}: all of them must be routes of the adapter once it is initialised. */
export const PLANNED_ROUTES = Symbol('PLANNED_ROUTES');

/** The configuration of a Fastify route of this module: the one thing of a handler that Fastify's hooks see. */
export interface FastifyRouteConfig {
  readonly authEndpoint?: Endpoint;
}
